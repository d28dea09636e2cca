// What is ranked: the answers side by side, then the steps in common rows, each with a mark for what was needless, wrong
// or good in it.
(function (P) {
  "use strict";
  const { el, say } = P;
  const KINDS = [["needless", "N", "↷"], ["wrong", "W", "✕"], ["good", "G", "✓"]];

  function head(column, number) {
    const node = el("header", "pd-r-head");
    if (number < 10) node.append(el("kbd", "", number, { "aria-hidden": "true" }));
    node.append(el("span", "pd-label", column.label));
    if (column.name) node.append(el("span", "pd-column-name", column.name, { title: column.preference ?? "" }));
    return node;
  }

  function facts({ totals, answer }) {
    const node = el("p", "pd-r-facts");
    if (answer?.verdict_words) node.append(P.verdict(answer));
    if (totals.cost) node.append(el("span", "pd-number", totals.cost));
    if (totals.seconds) node.append(el("span", "pd-number", totals.seconds));
    node.append(el("span", "pd-note", say(totals.steps === 1 ? "rank_step" : "rank_steps", { count: totals.steps })));
    if (totals.simulated) node.append(P.simulated());
    return node;
  }

  function answer(column, number, onPick) {
    const name = say("rank_alternative", { label: column.label });
    const node = el("article", "pd-r-answer", undefined, { "data-column": column.label, "aria-label": name });
    const top = head(column, number);
    top.append(P.button("pd-small pd-r-pick", say("rank_pick"), () => onPick(column.label), { "aria-label": say("rank_place", { label: column.label }) }));
    const said = column.answer?.text ?? null, short = String(said !== null && said.length < 60);
    node.append(top, el("div", said === null ? "pd-r-text pd-answer-none" : "pd-r-text", said ?? column.state_words, { "data-short": short }));
    if (column.answer?.source) {
      const source = el("p", "pd-note", `${say("source")}: `);
      source.append(P.source(column.answer.source));
      node.append(source);
    }
    node.append(facts(column));
    return node;
  }

  function answers(views, onPick) {
    const node = el("div", "pd-r-answers");
    node.style.setProperty("--columns", views.length);
    node.append(...views.map((view, at) => answer(view, at + 1, onPick)));
    return node;
  }

  // The marks of one ballot, in cells and in opened steps. `marks` is changed in place.
  function marking(root, marks, onChange) {
    const at = (label, step) => marks.find((one) => one.label === label && one.step === step);

    function set(label, step, kind) {
      const now = at(label, step);
      if (now?.kind === kind) marks.splice(marks.indexOf(now), 1);
      else if (now) now.kind = kind;
      else marks.push({ label, step, kind, note: "" });
      paint();
      onChange();
    }

    function bar(label, step) {
      const node = el("div", "pd-r-marks", undefined, { role: "group", "aria-label": say("mark_step", { number: step + 1, label }) });
      for (const [kind, key, sign] of KINDS) {
        const button = P.button("pd-small pd-r-mark", "", () => set(label, step, kind), { "data-kind": kind });
        button.append(el("span", "", `${sign} `, { "aria-hidden": "true" }), say(`mark_${kind}`), " ", el("kbd", "", key, { "aria-hidden": "true" }));
        node.append(button);
      }
      const note = el("input", "pd-r-marknote", undefined, { type: "text", maxlength: 500, "aria-label": say("mark_note"), placeholder: say("mark_note") });
      note.addEventListener("input", () => {
        at(label, step).note = note.value;
        onChange();
      });
      node.append(note);
      return node;
    }

    function paintBar(node, now) {
      for (const button of node.querySelectorAll(".pd-r-mark")) button.setAttribute("aria-pressed", String(button.dataset.kind === now?.kind));
      const note = node.querySelector("input");
      note.hidden = !now;
      if (document.activeElement !== note) note.value = now?.note ?? "";
    }

    function paintCell(cell, now) {
      cell.querySelector(".pd-r-cellmark")?.remove();
      const kind = now && KINDS.find(([name]) => name === now.kind);
      if (kind) cell.append(el("span", "pd-r-cellmark", `${kind[2]} ${say(`mark_${kind[0]}`)}`, { "data-kind": kind[0] }));
    }

    function paint() {
      for (const cell of root.querySelectorAll(".pd-diff-cell[data-index]")) paintCell(cell, at(cell.dataset.label, Number(cell.dataset.index)));
      for (const box of root.querySelectorAll(".pd-diff-step")) {
        const { label } = box.dataset, step = Number(box.querySelector(".pd-step").dataset.step);
        const known = box.querySelector(".pd-r-marks") ?? bar(label, step);
        if (!known.isConnected) box.querySelector(".pd-diff-step-head").after(known);
        paintBar(known, at(label, step));
      }
    }

    // Steps open and close in the table; each opened one gets its buttons.
    new MutationObserver((changes) => {
      const opened = (node) => node.nodeType === 1 && (node.matches(".pd-diff-step, .pd-diff-detail") || node.querySelector(".pd-diff-step"));
      if (changes.some((change) => [...change.addedNodes].some(opened))) paint();
    }).observe(root, { childList: true, subtree: true });
    paint();
    root.mark = set;
  }

  // onChange is told of every mark, onPick(label) places an alternative next.
  P.ranking.evidence = function (view, { marks, onChange, onPick }) {
    const node = el("div", "pd-r-evidence");
    node.append(answers(view.columns, onPick));
    if (view.difference) {
      const steps = P.host(P.difference, "difference", { ...view.difference, columns: view.columns }).element;
      marking(steps, marks, onChange);
      steps.classList.add("pd-r-steps");
      if (view.difference.rows.length) steps.append(el("p", "pd-note", say("mark_help")));
      node.append(steps);
    }
    return node;
  };

  // Where walking the steps begins: the first step in sight, or the rows folded before it.
  const FIRST = ".pd-r-steps tr:not([hidden]) .pd-diff-cell[data-index], .pd-r-steps .pd-diff-fold .pd-diff-row";
  // The step in focus, and the keys of steps.
  const focused = () => document.activeElement?.closest?.(".pd-r-steps :is(.pd-diff-cell[data-index], .pd-diff-step)") ?? null;
  P.ranking.steps = {
    focused,
    walk(root, direction) {
      const cell = document.activeElement?.closest?.(".pd-r-steps [role=gridcell], .pd-r-steps [role=rowheader]");
      if (cell) cell.dispatchEvent(new KeyboardEvent("keydown", { key: direction > 0 ? "ArrowDown" : "ArrowUp", bubbles: true, cancelable: true }));
      else (root.querySelector(FIRST) ?? root.querySelector(".pd-r-steps [tabindex='0'][role]"))?.focus();
    },
    mark(kind) {
      const here = focused();
      const step = here?.dataset.index ?? here?.querySelector(".pd-step")?.dataset.step;
      if (here) here.closest(".pd-r-steps").mark(here.dataset.label, Number(step), kind);
    },
  };
})(window.Podium);
