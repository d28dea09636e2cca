// The page Stage: without a run a list of what can be shown, with one the talk. A talk is one request; nothing is asked for while it plays.
(function (P) {
  "use strict";
  const { el, say } = P;
  const AGAIN_MS = 1_500;
  const run = P.address.get("run"), show = P.address.get("show");
  const path = run ? `/runs/${encodeURIComponent(run)}` : `/showcases/${encodeURIComponent(show)}`;

  // Audience mode lives in the panel beside the talk: whoever defines P.audience(section, run) fills it.
  P.stage = {
    audience(node, id) {
      if (!P.audience || !id) return P.notice(say(id ? "stage_no_audience" : "stage_no_audience_here"));
      node.hidden = !node.hidden;
      if (!node.hidden) P.audience(node, id); // It remembers what it has filled; what failed is tried again.
      P.address.set({ audience: node.hidden ? null : 1 });
      return node.dispatchEvent(new CustomEvent("podium:audience", { detail: { open: !node.hidden } }));
    },
  };

  function leave() {
    window.location.href = `${P.home}api/v1${path}/leave-behind`;
  }

  // A run that still goes on is looked at again until it has ended; from then on nothing is asked for. Only that it is gone ends this.
  async function follow(talk) {
    while (!talk.player.talk.ended) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      const next = await P.api(`${path}/talk`).catch((error) => {
        if (!(error instanceof P.Problem) || error.status === 404) throw error;
        return null;
      });
      if (next) talk.take(next);
    }
  }

  async function draw(box) {
    const given = await P.api(`${path}/talk`);
    document.title = `${given.query.slice(0, 80)} · Podium`;
    const panel = document.getElementById("audience");
    const acts = [["leave", say("stage_leave"), leave]], keys = [
      { key: "l", words: say("stage_leave"), act: leave },
      { key: "a", words: say("stage_audience"), act: () => P.stage.audience(panel, run) },
    ];
    const talk = P.talk(box, given, { acts, keys });
    if (run && P.audience && P.address.get("audience")) P.stage.audience(panel, run);
    follow(talk).catch(P.failed);
  }

  if (!run && !show) P.start(P.stageLanding);
  else {
    P.start(async (box) => {
      try {
        await draw(box);
      } catch (error) {
        document.documentElement.dataset.mode = "landing"; // the way back to the other pages
        throw error;
      }
    });
  }
})((window.Podium = window.Podium || {}));
