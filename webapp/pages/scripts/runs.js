// The page Runs.
(function (P) {
  "use strict";

  P.start(async (box) => {
    box.replaceChildren(P.empty(P.say("runs_empty"), ""));
  });
})(window.Podium);
