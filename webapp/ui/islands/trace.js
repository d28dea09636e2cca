// The live trace: a strip of alternatives, and the steps of the chosen one growing as they happen.
(function (P) {
  "use strict";
  const { el, say } = P;
  const TONES = { running: "●", good: "✓", plain: "■", bad: "✕" };

  P.trace = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-trace");
    const rowsOf = new Map(); // alternative id -> [{text, item, row}]
    const boxOf = new Map(); // alternative id -> the box of what is being written, once anything was
    let view = null, chosen = null, linked = null, tabs = new Map(), pane = null;

    function take() {
      const next = props.value;
      if (!next || !next.alternatives) {
        view = null;
        root.replaceChildren(P.empty(say("trace_empty_title"), say("trace_empty")));
        return;
      }
      const fresh = !view || view.run !== next.run;
      view = next;
      P.clockOffset = Date.now() - next.now_ms;
      if (fresh) begin();
      if (!view.alternatives.some((a) => a.id === chosen)) chosen = view.alternatives[0]?.id ?? null;
      paint();
      if (fresh) P.select({ alternative: chosen, step: chosen === linked.alternative ? linked.step : null });
    }

    function begin() {
      rowsOf.clear();
      boxOf.clear();
      tabs = new Map();
      linked = { ...P.selection };
      chosen = (view.alternatives.find((a) => a.id === linked.alternative) ?? view.alternatives[0])?.id ?? null;
      P.linkTo(view.run);
      const strip = el("div", "pd-strip", undefined, { role: "tablist", "aria-label": say("alternatives") });
      strip.addEventListener("keydown", walk);
      pane = {
        problem: el("p", "pd-problem", undefined, { role: "alert" }),
        summary: el("div", "pd-summary"),
        answer: el("div", "pd-answer-slot"),
        list: el("ol", "pd-steps"),
        next: el("p", "pd-next"),
        said: el("div", "pd-quiet", undefined, { role: "status", "aria-live": "polite" }),
      };
      pane.panel = el("div", "pd-pane", undefined, { role: "tabpanel" });
      pane.panel.append(pane.summary, pane.answer, pane.list);
      root.replaceChildren(el("h2", "pd-query", view.query), pane.problem, pane.next, strip, pane.panel, pane.said);
      pane.strip = strip;
      if (window.innerWidth < 700 && document.querySelector("#query")?.getBoundingClientRect().top > -200) {
        setTimeout(() => root.scrollIntoView(), 300);
      }
    }

    function paint() {
      pane.problem.textContent = view.problem || "";
      pane.problem.hidden = !view.problem;
      for (const alternative of view.alternatives) paintTab(alternative);
      pane.strip.hidden = view.alternatives.length < 2;
      paintNext();
      const shown = view.alternatives.find((a) => a.id === chosen);
      if (shown) paintPane(shown);
    }

    function paintNext() {
      const ready = view.ended && view.alternatives.length > 1;
      pane.next.hidden = !ready;
      if (!ready || pane.next.childElementCount) return;
      pane.next.append(say("all_ended", { count: view.alternatives.length }), " ", P.button("pd-small", say("compare_now"), () => trigger("comparenow", { run: view.run })));
    }

    function paintTab(alternative) {
      let tab = tabs.get(alternative.id);
      if (!tab) {
        tab = P.button("pd-tab", undefined, () => choose(alternative.id), { role: "tab" });
        tabs.set(alternative.id, tab);
        pane.strip.append(tab);
      }
      const here = alternative.id === chosen;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      const signature = JSON.stringify([alternative.tone, alternative.totals, alternative.live?.who, alternative.answer]);
      if (tab.dataset.signature === signature) return;
      tab.dataset.signature = signature;
      const first = el("span", "pd-tab-name");
      first.append(el("b", "", alternative.number), el("span", "", alternative.name));
      const mark = el("span", "pd-tone", TONES[alternative.tone], { "data-tone": alternative.tone, title: alternative.state_words });
      first.append(mark);
      const chips = el("span", "pd-chips");
      for (const text of alternative.rows.slice(-12)) chips.append(P.badge(JSON.parse(text).who));
      if (alternative.live?.who) chips.append(P.badge(alternative.live.who));
      if (alternative.totals.simulated) chips.append(P.simulated());
      const facts = el("span", "pd-tab-facts", `${alternative.totals.cost} · ${alternative.totals.seconds}`);
      tab.replaceChildren(first, chips, facts);
    }

    function paintPane(alternative) {
      const told = JSON.stringify([alternative.id, alternative.tone, alternative.state_words, alternative.totals, Boolean(alternative.live?.waiting)]);
      if (pane.summary.dataset.shown !== told) {
        pane.summary.dataset.shown = told;
        pane.summary.replaceChildren(...summary(alternative));
      }
      const answered = JSON.stringify([alternative.id, alternative.answer]);
      if (pane.answer.dataset.shown !== answered) {
        pane.answer.dataset.shown = answered;
        pane.answer.replaceChildren(...(alternative.answer ? [P.answerCard(alternative.answer, alternative.state_words)] : []));
        requestAnimationFrame(() => P.reachable(pane.answer));
        if (alternative.answer) pane.said.textContent = `${alternative.name}: ${alternative.state_words}`;
      }
      paintRows(alternative);
    }

    function summary(alternative) {
      const state = el("span", "pd-state", undefined, { "data-tone": alternative.tone });
      state.append(el("i", "pd-tone", TONES[alternative.tone], { "data-tone": alternative.tone, "aria-hidden": "true" }));
      state.append(el("span", "", alternative.state_words));
      const about = el("div", "pd-about");
      about.append(state, el("span", "pd-note", `${alternative.name} · ${say("seed", { seed: alternative.seed })}`, { title: alternative.preference }));
      if (alternative.state === "running") {
        about.append(P.button("pd-small", say("stop_one"), () => trigger("stopalternative", { alternative: alternative.id, run: view.run })));
      }
      if (alternative.state === "interrupted") {
        about.append(P.button("pd-small", say("resume_one"), () => trigger("resumealternative", { alternative: alternative.id, run: view.run })));
        about.append(P.button("pd-small", say("end_one"), () => trigger("stopalternative", { alternative: alternative.id, run: view.run })));
      }
      about.append(el("a", "pd-small", say("show_on_stage"), { href: `${P.home}stage?${new URLSearchParams({ run: view.run, alternative: alternative.id })}` }));
      const facts = el("div", "pd-facts");
      if (alternative.live && !alternative.live.waiting && alternative.live.started_ms !== null) {
        const running = P.fact(say("elapsed"), "");
        running.lastChild.replaceWith(P.clock("pd-fact-value", alternative.live.started_ms));
        facts.append(running);
      }
      facts.append(P.fact(say("steps"), alternative.totals.steps), P.fact(say("cost"), alternative.totals.cost));
      facts.append(P.fact(say("time"), alternative.totals.seconds), P.fact(say("tokens"), alternative.totals.tokens, "pd-wide"));
      if (alternative.totals.simulated) facts.append(P.simulated());
      return [about, facts];
    }

    function paintRows(alternative) {
      const known = rowsOf.get(alternative.id) || [];
      rowsOf.set(alternative.id, known);
      known.length = Math.min(known.length, alternative.rows.length);
      alternative.rows.forEach((text, at) => {
        if (known[at]?.text === text) return;
        const row = JSON.parse(text);
        known[at] = { text, row, item: P.stepRow(row, rowOptions(alternative)) };
      });
      const wanted = known.map((entry) => entry.item);
      if (alternative.live) wanted.push(liveRow(alternative));
      else if (!wanted.length) wanted.push(el("li", "pd-note", say("no_steps")));
      const atEnd = pane.list.scrollTop + pane.list.clientHeight >= pane.list.scrollHeight - 40;
      reconcile(pane.list, wanted);
      boxOf.get(alternative.id)?.follow();
      if (alternative.live && atEnd) pane.list.scrollTop = pane.list.scrollHeight;
      mark();
    }

    function liveRow(alternative) {
      const { writing, ...live } = alternative.live;
      if (writing.length && !boxOf.has(alternative.id)) boxOf.set(alternative.id, P.writingBox());
      const box = boxOf.get(alternative.id);
      const signature = JSON.stringify([alternative.id, live, Boolean(box)]);
      if (pane.liveSignature !== signature) {
        pane.liveSignature = signature;
        pane.live = P.liveRow(live, box);
        if (live.thinks) pane.said.textContent = say("say_thinking", live);
      }
      box?.write(writing);
      return pane.live;
    }

    function rowOptions(alternative) {
      return {
        pool: view.pool,
        onOpen: (step, open) => {
          P.select({ alternative: alternative.id, step: open ? step : null });
          if (open) trigger("stepselected", { run: view.run, alternative: alternative.id, step });
        },
        onFork: (step, alias) => trigger("forkstep", { run: view.run, alternative: alternative.id, step, alias }),
      };
    }

    function reconcile(list, wanted) {
      wanted.forEach((item, at) => {
        if (list.children[at] !== item) list.insertBefore(item, list.children[at] || null);
      });
      while (list.children.length > wanted.length) list.lastChild.remove();
    }

    function mark() {
      for (const item of pane.list.children) {
        item.toggleAttribute("data-selected", item.dataset.step !== undefined && Number(item.dataset.step) === P.selection.step);
      }
    }

    function choose(id) {
      if (id === chosen) return;
      chosen = id;
      P.select({ alternative: id, step: null });
      paint();
    }

    function walk(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const ids = view.alternatives.map((a) => a.id);
      const next = ids[(ids.indexOf(chosen) + step + ids.length) % ids.length];
      choose(next);
      tabs.get(next).focus();
    }

    P.onSelect(element, ({ alternative, step }) => {
      if (!view || !view.alternatives.some((a) => a.id === alternative)) return;
      if (alternative !== chosen) {
        chosen = alternative;
        paint();
      }
      mark();
      const item = step === null ? null : pane.list.querySelector(`[data-step="${Number(step)}"]`);
      if (item && !item.contains(document.activeElement)) {
        item.open(true);
        item.scrollIntoView({ block: "nearest", behavior: "smooth" });
      }
    });
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
