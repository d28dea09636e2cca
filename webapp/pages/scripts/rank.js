// The page Rank.
(function (P) {
  "use strict";

  P.start(async (box) => {
    box.replaceChildren(P.empty(P.say("rank_empty"), ""));
  });
})(window.Podium);
