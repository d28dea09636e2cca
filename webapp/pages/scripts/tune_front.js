// The front: settings that nothing beats, with the chosen point and the iso-utility line that move with the sliders.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const MOVED = [3, 4, 5]; // traces of the chart that move: line, reference, chosen

  T.tab("front", (panel) => {
    const host = P.host(P.chart, "chart", "[]");
    const here = el("p", "pd-tune-here", undefined, { id: "front-here" });
    const better = P.button("pd-small", say("tune_front_use"), () => take(beaten), { hidden: true });
    const walk = el("div", "pd-row", undefined, { role: "group", "aria-label": say("tune_front_walk") });
    const cheaper = P.button("pd-small", say("tune_front_cheaper"), () => step(-1));
    const quicker = P.button("pd-small", say("tune_front_quicker"), () => step(1));
    walk.append(cheaper, quicker, better);
    const line = el("p", "pd-note pd-tune-line"), top = el("div", "pd-tune-front-top");
    top.append(here, walk);
    panel.append(top, host.element, line, el("p", "pd-note", say("tune_front_click")));
    let settings = [], last = null, wanted = null, bound = false, beaten = null, drawn = "";

    const ask = T.whenSettled("/tuning/front", () => T.body(), (reply) => {
      settings = reply.settings;
      const text = JSON.stringify([reply.chart]);
      if (text !== drawn) {
        drawn = text;
        host.show(text);
        wait();
      }
      if (last) place(last);
    });

    const plot = () => host.element.querySelector(".pd-plot");
    // The chart is drawn when plotly has come; from then on its moving parts are put back whenever it is drawn anew.
    function wait() {
      const box = plot();
      if (!box?.data) {
        setTimeout(wait, 50);
        return;
      }
      if (last) place(last);
      if (bound) return;
      bound = true;
      box.on("plotly_afterplot", move);
      box.on("plotly_click", (event) => {
        const point = event.points[0];
        const near = settings.find((one) => one.usd === point.x && one.latency_s === point.y);
        if (near) take(near);
      });
    }

    function move() {
      const box = plot();
      if (!wanted || !box?.data || box.data.length <= MOVED[2]) return;
      const same = MOVED.every((trace, place) => String(box.data[trace].x) === String(wanted.x[place]) && String(box.data[trace].y) === String(wanted.y[place]));
      if (!same) window.Plotly.restyle(box, { x: wanted.x, y: wanted.y }, MOVED);
    }

    function place(reply) {
      const { point, against } = reply;
      const ends = iso(point);
      wanted = {
        x: [ends.x, against ? [against.point.usd] : [], [point.usd]],
        y: [ends.y, against ? [against.point.latency_s] : [], [point.latency_s]],
      };
      move();
      standing(reply);
      line.textContent = !point.line ? say("tune_front_no_line") : point.seconds_per_usd === null ? say("tune_front_upright") : say("tune_front_line", { seconds: P.duration(point.seconds_per_usd) });
    }

    function iso(point) {
      const layout = plot()?.layout;
      if (!point.line || !layout?.xaxis?.range) return { x: [], y: [] };
      const [low, high] = layout.xaxis.range;
      if (point.seconds_per_usd === null) return { x: [point.usd, point.usd], y: [...layout.yaxis.range] };
      const at = (usd) => point.latency_s - point.seconds_per_usd * (usd - point.usd);
      return { x: [low, high], y: [at(low), at(high)] };
    }

    function standing({ totals, point }) {
      const close = 1e-9 * (1 + point.usd);
      beaten = settings.find((one) =>
        one.usd <= point.usd + close && one.latency_s <= point.latency_s + 1e-6 && one.solved >= totals.solved &&
        (one.usd < point.usd - close || one.latency_s < point.latency_s - 1e-6 || one.solved > totals.solved)) || null;
      const said = beaten ? say("tune_front_beaten", beaten.words) : say("tune_front_best");
      const solved = `${P.count(totals.solved)} / ${P.count(totals.graded)}`;
      here.textContent = say("tune_front_here", { cost: totals.words.cost, latency: totals.words.latency, solved, standing: said });
      better.hidden = !beaten;
      cheaper.disabled = !settings.some((one) => one.usd < point.usd - close);
      quicker.disabled = !settings.some((one) => one.usd > point.usd + close);
    }

    function step(way) {
      const usd = last.point.usd, close = 1e-9 * (1 + usd);
      take(way > 0 ? settings.find((one) => one.usd > usd + close) : settings.findLast((one) => one.usd < usd - close));
    }
    function take(one) {
      if (one) T.adopt(one.preference, say("tune_set_to", { name: say("tune_front_name", one.words) }));
    }

    return {
      opened() {
        ask();
        if (T.lastWinners) this.winners(T.lastWinners);
      },
      settled: ask,
      winners(reply) {
        last = reply;
        place(reply);
      },
    };
  });
})(window.Podium);
