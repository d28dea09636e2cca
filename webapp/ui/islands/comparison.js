// Alternatives side by side under their labels: the answers first, then the steps in common rows.
(function (P) {
  "use strict";
  const { el, say } = P;

  function facts(column) {
    const node = el("div", "pd-facts");
    const shown = (value) => value ?? say("hidden");
    node.append(P.fact(say("steps"), column.totals.steps), P.fact(say("cost"), shown(column.totals.cost)));
    node.append(P.fact(say("time"), shown(column.totals.seconds)));
    if (column.totals.simulated) node.append(P.simulated());
    return node;
  }

  function route(column) {
    const chips = el("div", "pd-chips");
    column.rows.forEach((row, at) => {
      if (at) chips.append(el("span", "pd-then", "›", { "aria-hidden": "true" }));
      chips.append(P.badge(row.who));
    });
    return chips;
  }

  function steps(column) {
    const fold = el("details", "pd-fold");
    fold.open = column.rows.length <= 8;
    fold.append(el("summary", "", `${say("compare_steps")} (${column.rows.length})`));
    const list = el("ol", "pd-steps pd-compact");
    for (const row of column.rows) list.append(P.stepRow(row, { pool: [] }));
    fold.append(list);
    return fold;
  }

  function card(column, aligned) {
    const node = el("article", "pd-column", undefined, { "data-alternative": column.id });
    const head = el("header", "pd-column-head");
    head.append(el("span", "pd-label", column.label));
    head.append(el("span", "pd-column-name", column.name ?? "", { title: column.preference ?? "" }));
    node.append(head);
    if (column.answer) node.append(P.answerCard(column.answer, column.state_words));
    node.append(facts(column), route(column));
    if (!aligned) node.append(steps(column));
    return node;
  }

  P.comparison = function ({ element, props, watch }) {
    const root = element.querySelector(".pd-comparison");
    let kept = null, ballot = null;
    function take() {
      const view = props.value;
      if (!view || !view.columns) {
        root.replaceChildren(P.empty(say("compare_empty_title"), say("compare_empty")));
        return;
      }
      const grid = el("div", "pd-columns");
      grid.append(...view.columns.map((column) => card(column, Boolean(view.difference))));
      root.replaceChildren(el("h2", "pd-query", view.query), grid);
      if (view.difference) root.append(difference(view));
    }

    // What was opened stays open while the ballot is the same, also when what it hid appears.
    function difference(view) {
      if (view.ballot !== ballot) kept = P.differenceKept();
      ballot = view.ballot;
      const onOpen = (label, step) => {
        const alternative = view.columns.find((column) => column.label === label).id;
        if (alternative) P.select({ alternative, step });
      };
      return P.differenceOf({ ...view.difference, columns: view.columns }, { kept, onOpen });
    }
    P.onSelect(element, ({ alternative }) => {
      for (const node of root.querySelectorAll("[data-alternative]")) {
        node.toggleAttribute("data-selected", node.dataset.alternative === alternative);
      }
    });
    watch("value", take);
    take();
  };

  P.result = function ({ element, props, watch }) {
    const root = element.querySelector(".pd-result");
    function take() {
      const view = props.value;
      root.replaceChildren();
      if (!view || !view.rows) return;
      const table = el("table", "pd-table");
      const head = el("tr");
      for (const key of ["result_place", "result_label", "result_who", "result_reward"]) head.append(el("th", "", say(key), { scope: "col" }));
      const top = el("thead");
      top.append(head);
      const body = el("tbody");
      body.append(...view.rows.map(line));
      table.append(top, body);
      const wrap = el("div", "pd-scroll");
      wrap.append(table);
      root.append(el("h3", "", `✓ ${say("result_title")}: ${view.sentence}`, { role: "status" }), wrap);
      if (view.reason) root.append(el("blockquote", "pd-reason", view.reason));
    }
    function line(row) {
      const node = el("tr");
      const place = el("td", row.place === null ? "pd-note" : "", row.place ?? say("result_unranked"));
      if (row.below) place.append(el("div", "pd-note", say("result_below")));
      node.append(place);
      const label = el("td");
      label.append(el("span", "pd-label", row.label));
      const who = el("td", "", row.who, { title: row.preference });
      who.append(el("div", "pd-note", row.verdict_words));
      node.append(label, who, el("td", "pd-reward", row.reward));
      return node;
    }
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
