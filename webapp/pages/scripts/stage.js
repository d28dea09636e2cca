// The page Stage.
(function (P) {
  "use strict";

  P.start(async (box) => {
    box.replaceChildren(P.empty(P.say("stage_empty"), ""));
  });
})(window.Podium);
