// Cells of the difference: who was called, what came back, what it cost, and how that stands to the other alternatives.
(function (P) {
  "use strict";
  const { el, say } = P;
  const SIGNS = { shared: "=", other: "≠", alone: "+", gap: "–" };

  // Where identities are hidden, a step still tells its tool.
  const named = (cell) => (cell.who && cell.name ? { ...cell.who, alias: cell.name } : cell.who);

  function standing(label, cell) {
    if (cell.state === "same") return null;
    const words = say(`diff_${cell.state}`, { label, labels: (cell.like || []).join(", ") });
    const node = el("span", "pd-diff-tag", undefined, { "data-state": cell.state });
    node.append(el("b", "", SIGNS[cell.state], { "aria-hidden": "true" }), ` ${words}`);
    return node;
  }

  function numbers(sums, costly) {
    const node = el("span", "pd-diff-numbers");
    for (const words of [sums.cost, sums.seconds]) if (words) node.append(el("span", "pd-number", words));
    if (costly) node.append(el("span", "pd-diff-costly", `▲ ${say("diff_costly")}`));
    return node;
  }

  const frame = (tag, role, className, attributes) => el(tag, className, undefined, { role, tabindex: -1, ...attributes });
  const inside = (label) => el("span", "pd-diff-label", label);

  function heading(label, cell) {
    const head = el("span", "pd-diff-head");
    head.append(inside(label));
    if (cell.state !== "gap") {
      head.append(el("span", "pd-diff-number", cell.number), P.badge(named(cell)), el("b", "pd-diff-name", cell.name ?? say("no_call")));
      if (cell.error) head.append(el("span", "pd-error-mark", `✕ ${say("error")}`));
    }
    const tag = standing(label, cell);
    if (tag) head.append(tag);
    return head;
  }

  P.differenceCells = {
    named,

    // `costly`: most of the difference in cost comes from here.
    step(label, cell, costly) {
      const opens = cell.state === "gap" ? {} : { "aria-expanded": "false", "data-index": cell.index };
      const node = frame("td", "gridcell", "pd-diff-cell", { "data-state": cell.state, "data-label": label, ...opens });
      node.append(heading(label, cell));
      if (cell.state === "gap") return node;
      const text = cell.error || cell.gist;
      if (text) node.append(el("span", cell.error ? "pd-diff-gist pd-bad" : "pd-diff-gist", text));
      node.append(numbers(cell, costly));
      return node;
    },

    row(state) {
      const node = frame("th", "rowheader", "pd-diff-row", { scope: "row", title: say("diff_open_row") });
      node.append(el("b", "pd-diff-sign", state === "same" ? "=" : "≠", { "aria-hidden": "true" }));
      node.append(el("span", "pd-diff-state", say(state === "same" ? "diff_same" : "diff_differs")));
      return node;
    },

    // The row that stands for several alike; `costly` is the label of the one whose cost difference comes from them.
    fold(fold, labels, costly) {
      const node = el("tr", "pd-diff-fold", undefined, { role: "row", "data-state": fold.state });
      const head = frame("th", "rowheader", "pd-diff-row", { scope: "row", "aria-expanded": "false" });
      head.append(el("b", "pd-diff-sign", "⋮", { "aria-hidden": "true" }), el("span", "pd-diff-state", say("diff_fold", { count: fold.count })));
      node.append(head);
      for (const label of labels) {
        const there = fold.labels.includes(label);
        const cell = frame("td", "gridcell", "pd-diff-cell", { "data-state": there ? fold.state : "gap", "data-label": label });
        const line = el("span", "pd-diff-head");
        line.append(inside(label), there ? el("span", "pd-diff-name", fold.words) : standing(label, { state: "gap" }));
        cell.append(line, numbers(fold.cells[label], label === costly));
        node.append(cell);
      }
      return node;
    },

    parting(parting, width) {
      const row = el("tr", "pd-diff-parting", undefined, { role: "row" });
      const cell = el("td", "", undefined, { role: "gridcell", colspan: width, "aria-colspan": width });
      const line = el("span", "pd-diff-ways");
      line.append(el("b", "", "◆", { "aria-hidden": "true" }), el("b", "", say("diff_parting")));
      for (const group of parting.groups) line.append(el("span", "pd-diff-way", say("diff_way", { labels: group.labels.join(", "), call: group.call })));
      cell.append(line);
      row.append(cell);
      return row;
    },

    heads(labels, totals) {
      const row = el("tr", "", undefined, { role: "row" });
      const corner = el("th", "pd-diff-row", undefined, { role: "columnheader", scope: "col" });
      corner.append(el("span", "pd-quiet", say("diff_row")));
      row.append(corner);
      for (const label of labels) {
        const head = el("th", "pd-diff-top", undefined, { role: "columnheader", scope: "col" });
        const sums = numbers(totals[label]);
        sums.classList.add("pd-diff-sums");
        head.append(el("span", "pd-label", label), el("span", "", totals[label].steps), sums);
        row.append(head);
      }
      return row;
    },
  };
})((window.Podium = window.Podium || {}));
