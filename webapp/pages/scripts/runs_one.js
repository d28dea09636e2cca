// One trajectory: its answer, totals, steps with all that is in them, charts, forks, and ways to take it elsewhere.
(function (P) {
  "use strict";
  const { el, say, runs } = P;

  P.runsOne = function () {
    const node = el("section", "runs-one");
    let id = null, view = null, items = [], abort = null;

    async function show() {
      const wanted = runs.read().get("trajectory");
      if (wanted === id && view) return chooseFromAddress();
      abort?.abort();
      abort = new AbortController();
      [id, view] = [wanted, null];
      P.selection.alternative = wanted;
      node.replaceChildren(P.runsBack(), el("div", "runs-loading", undefined, { "aria-hidden": "true" }));
      try {
        view = await P.api(`/trajectories/${encodeURIComponent(wanted)}/view`, { signal: abort.signal });
      } catch (error) {
        if (error.name === "AbortError") return;
        node.replaceChildren(P.runsBack(), P.empty(error.message, say("runs_one_missing")));
        return;
      }
      paint();
    }

    function paint() {
      const of = view.trajectory;
      document.title = `${view.query.slice(0, 60)} · Podium`;
      const title = el("h2", "pd-query", view.query);
      const meta = el("p", "runs-meta");
      meta.append(P.when(view.when), el("span", "", of.name), el("span", "", say("seed", { seed: of.seed })), el("span", "runs-policy", view.policy, { title: view.policy }));
      const left = el("div", "runs-left"), right = el("div", "runs-right");
      if (of.answer) left.append(P.answerCard(of.answer, of.state_words));
      left.append(facts(of));
      if (view.fork) left.append(P.runsForkedFrom(id, view));
      left.append(el("h3", "", say("runs_steps_title")), steps(of), el("p", "pd-note", of.preference));
      const tree = P.runsTree(view), others = P.runsAlternatives(view);
      right.append(...view.charts.map((chart) => P.host(P.chart, "chart", JSON.stringify([chart])).element), ...[tree, others].filter(Boolean));
      const body = el("div", "runs-body");
      body.append(left, right);
      node.replaceChildren(P.runsBack(), title, meta, P.runsTools(id, view, () => forkAt(P.selection.step ?? 0)), body);
      requestAnimationFrame(() => P.reachable(node));
      chooseFromAddress();
      if (P.selection.step === null) node.querySelector(".runs-back").focus({ preventScroll: true });
    }

    function facts(of) {
      const box = el("div", "pd-facts");
      const state = el("span", "pd-state", of.state_words, { "data-tone": of.tone });
      box.append(state, P.fact(say("steps"), of.totals.steps), P.fact(say("cost"), of.totals.cost));
      box.append(P.fact(say("time"), of.totals.seconds), P.fact(say("tokens"), of.totals.tokens, "pd-wide"));
      if (of.totals.simulated) box.append(P.simulated());
      return box;
    }

    function steps(of) {
      if (!of.rows.length) return el("p", "pd-note", say("no_steps"));
      const list = el("ol", "pd-steps runs-steps");
      const shared = view.fork ? view.fork.step : 0;
      items = of.rows.map((row) => {
        const item = P.stepRow(row, { pool: [], onOpen: (step, open) => note(open ? step : null) });
        if (row.index < shared) item.append(el("span", "runs-shared pd-note", say("runs_shared")));
        const label = say("runs_fork_at", { number: row.number });
        item.append(P.button("pd-small runs-fork", `↳ ${say("runs_fork")}`, () => forkAt(row.index), { "aria-label": label, title: label }));
        return item;
      });
      list.append(...items);
      return list;
    }

    // The address has the step, as a whole number from 0, and not the rest of the selection.
    function note(step) {
      P.selection.step = step;
      P.address.set({ step, alternative: null });
      mark();
      document.dispatchEvent(new CustomEvent("podium:select", { detail: { ...P.selection } }));
    }

    function mark() {
      for (const item of items) item.toggleAttribute("data-selected", Number(item.dataset.step) === P.selection.step);
    }

    function chooseFromAddress() {
      const named = runs.read().get("step");
      P.selection.step = /^\d+$/.test(named ?? "") ? Number(named) : null;
      mark();
      const item = items.find((each) => Number(each.dataset.step) === P.selection.step);
      if (!item) return;
      item.open(true);
      item.scrollIntoView({ block: "nearest" });
    }

    function forkAt(step) {
      if (view && view.trajectory.rows[step]) P.runsFork(id, view, step);
    }

    // A point of a chart was chosen.
    document.addEventListener("podium:select", ({ detail }) => {
      if (!node.isConnected || detail.alternative !== id) return;
      P.address.set({ alternative: null });
      mark();
      const item = items.find((each) => Number(each.dataset.step) === detail.step);
      if (item && !item.contains(document.activeElement)) {
        item.open(true);
        item.scrollIntoView({ block: "nearest" });
      }
    });

    const focused = () => items.findIndex((item) => item.contains(document.activeElement));
    node.show = show;
    node.move = (way) => {
      const at = focused(), next = at < 0 ? 0 : Math.min(Math.max(at + way, 0), items.length - 1);
      items[next]?.querySelector(".pd-head").focus();
    };
    node.fork = () => forkAt(Math.max(focused(), P.selection.step ?? 0, 0));
    node.act = (name) => node.querySelector(`[data-act="${name}"]`)?.click();
    // Gives which one was shown.
    node.forget = () => {
      const left = id;
      abort?.abort();
      [id, view, items] = [null, null, []];
      node.replaceChildren();
      return left;
    };
    // What the navigation takes along.
    const inAddress = P.shown;
    P.shown = () => (view?.run ? { run: view.run, alternative: id, step: P.address.get("step") } : inAddress());
    return node;
  };
})(window.Podium);
