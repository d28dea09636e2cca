// The page Rank: its landing, or one ballot after the other, as the address says.
(function (P) {
  "use strict";
  const { ranking } = P;

  P.start(async (box) => {
    const id = P.address.get("study"), ballot = P.address.get("ballot");
    P.address.onBack(() => window.location.reload());
    if (!id && !ballot) {
      await ranking.studies(box);
      ranking.outbox.flush();
      return;
    }
    document.documentElement.dataset.rank = "ballot";
    const study = id ? await ranking.server.study(id) : null;
    await ranking.ballots(box, { study, ballot });
  });
})(window.Podium);
