// The page Rank: its landing, or one ballot after the other, as the address says.
(function (P) {
  "use strict";
  const { ranking } = P;

  // What another page left to be sent: the server would not have it, and its draft is still here.
  function refused(item, error) {
    const where = new URLSearchParams({ ...(item.study ? { study: item.study } : {}), ballot: item.ballot });
    P.notice(P.say("rank_refused", { why: error.message }), { bad: true, action: P.say("rank_reopen"), act: () => window.location.assign(`?${where}`) });
  }

  P.start(async (box) => {
    const id = P.address.get("study"), ballot = P.address.get("ballot");
    P.address.onBack(() => window.location.reload());
    if (!id && !ballot) {
      await ranking.studies(box);
      ranking.outbox.hear((kind, item, error) => kind === "refused" && refused(item, error));
      ranking.outbox.flush();
      return;
    }
    document.documentElement.dataset.rank = "ballot";
    const study = id ? await ranking.server.study(id) : null;
    await ranking.ballots(box, { study, ballot });
  });
})(window.Podium);
