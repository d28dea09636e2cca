// The page Tune.
(function (P) {
  "use strict";

  P.start(async (box) => {
    box.replaceChildren(P.empty(P.say("tune_empty"), ""));
  });
})(window.Podium);
