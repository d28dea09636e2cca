// Percentiles of what the filters find: tiles of everything, then one metric by alias, over time and by policy.
(function (P) {
  "use strict";
  const { el, say, runs } = P;
  const METRICS = ["cost", "latency", "turns", "errors"];
  const PERIODS = ["day", "hour"];

  P.runsFigures = function () {
    const node = el("section", "runs-figures", undefined, { "aria-label": say("runs_figures") });
    const told = el("p", "pd-note runs-told", say("loading"), { role: "status" });
    const tiles = el("div", "runs-tiles");
    const tabs = el("div", "runs-tabs"), charts = el("div", "runs-charts");
    node.append(told, tiles, tabs, charts);
    const hosts = new Map();
    let abort = null, asked = null; // the newest question, answered or not

    const one = (name, among) => (among.includes(runs.read().get(name)) ? runs.read().get(name) : among[0]);

    function group(name, among) {
      const box = el("div", "runs-seg", undefined, { role: "group", "aria-label": say(`runs_${name}`) });
      for (const key of among) {
        box.append(P.button("pd-small", say(`runs_${name}_${key}`), () => runs.change({ [name]: key === among[0] ? null : key }, { push: false }), { "aria-pressed": String(one(name, among) === key) }));
      }
      return box;
    }

    async function show() {
      const focused = tabs.contains(document.activeElement) ? document.activeElement.textContent : null;
      tabs.replaceChildren(group("metric", METRICS), group("by", PERIODS));
      if (focused) [...tabs.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
      const query = runs.asked();
      query.set("metric", one("metric", METRICS));
      query.set("by", one("by", PERIODS));
      query.set("offset_min", -new Date().getTimezoneOffset());
      const key = query.toString();
      if (key === asked) return;
      abort?.abort();
      asked = key;
      const mine = (abort = new AbortController());
      const slow = setTimeout(() => node.setAttribute("data-stale", ""), 150);
      // Evaluated beside the wait for figures: later it would hold up keys for most of a second.
      P.loadCharts().catch(() => {}); // each chart says so itself
      try {
        const view = await P.api(`/search/figures?${key}`, { signal: mine.signal });
        paint(view);
      } catch (error) {
        if (error.name === "AbortError") return;
        asked = null;
        told.textContent = error.message;
        P.failed(error);
      } finally {
        clearTimeout(slow);
        if (abort === mine) node.removeAttribute("data-stale");
      }
    }

    function paint(view) {
      const parts = [say(view.trajectories === 1 ? "runs_ended_one" : "runs_ended", { count: P.count(view.trajectories) })];
      if (view.unpriced) parts.push(say("runs_unpriced", { count: P.count(view.unpriced) }));
      if (view.simulated) parts.push(say("runs_simulated", { count: P.count(view.simulated) }));
      parts.push(say("runs_failed_steps", { failed: P.count(view.failed_steps), count: P.count(view.steps) }));
      told.replaceChildren(parts.join(" · "), ...(view.simulated ? [" ", P.simulated()] : []));
      tiles.replaceChildren(...Object.entries(view.tiles).map(([name, said]) => tile(name, said)));
      if (!view.trajectories) {
        hosts.clear();
        charts.replaceChildren(P.empty(say("runs_nothing"), say("runs_figures_empty")));
        return;
      }
      const wanted = view.charts.map((chart) => {
        const json = JSON.stringify([chart]);
        if (hosts.has(chart.key)) hosts.get(chart.key).show(json);
        else hosts.set(chart.key, P.host(P.chart, "chart", json));
        hosts.get(chart.key).element.classList.toggle("runs-wide", chart.key === "time");
        return hosts.get(chart.key).element;
      });
      if (wanted.length !== charts.childElementCount || wanted.some((each, at) => charts.children[at] !== each)) charts.replaceChildren(...wanted);
    }

    function tile(name, said) {
      const box = el("dl", "runs-tile");
      box.append(el("dt", "pd-kicker", say(`runs_tile_${name}`)));
      for (const [share, value] of Object.entries(said)) {
        const part = el("dd", "");
        part.append(el("span", "pd-note", share), el("b", "pd-number", value ?? say("unknown")));
        box.append(part);
      }
      return box;
    }

    node.show = show;
    return node;
  };
})(window.Podium);
