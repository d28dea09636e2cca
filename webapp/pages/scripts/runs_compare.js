// Two to six trajectories side by side: totals with differences in words, then their steps in common rows.
(function (P) {
  "use strict";
  const { el, say, runs } = P;
  const ROWS = ["cost", "seconds", "steps", "tokens"];
  const LABELS = "ABCDEF";

  P.runsCompare = function () {
    const node = el("section", "runs-compare");
    let shown = null;

    async function show() {
      const named = runs.read().get("compare") || "";
      if (named === shown) return;
      shown = named;
      node.replaceChildren(P.runsBack(), el("div", "runs-loading", undefined, { "aria-hidden": "true" }));
      const query = `trajectories=${encodeURIComponent(named)}`;
      try {
        const [totals, difference] = await Promise.all([P.api(`/comparison?${query}`), P.api(`/difference?${query}`)]);
        if (shown === named) paint(totals.columns, difference, named.split(","));
      } catch (error) {
        if (shown !== named) return;
        shown = null;
        node.replaceChildren(P.runsBack(), P.empty(error.message, say("runs_compare_help")));
      }
    }

    function paint(columns, difference, ids) {
      document.title = `${say("runs_compared", { count: columns.length })} · Podium`;
      const same = columns.every((column) => column.query === columns[0].query);
      const title = el("h2", "pd-query", same ? columns[0].query : say("runs_compared", { count: columns.length }));
      const tools = el("div", "runs-tools");
      tools.append(P.button("pd-small", say("runs_copy_link"), () => P.runsCopy(P.runsCanonical(`?compare=${ids.join(",")}`), say("runs_copied_link"))));
      tools.append(el("a", "pd-small", say("runs_download"), { href: `${P.home}api/v1/search/records?trajectories=${ids.join(",")}`, download: "" }));
      node.replaceChildren(P.runsBack(), title, ...(difference.note ? [el("p", "pd-note", difference.note)] : []), tools, table(columns, ids, same));
      if (P.differenceOf) node.append(P.differenceOf({ ...difference.difference, columns: difference.columns }));
      requestAnimationFrame(() => P.reachable(node));
      node.querySelector(".runs-back").focus({ preventScroll: true });
    }

    function table(columns, ids, same) {
      const grid = el("table", "pd-table runs-totals", undefined, { "aria-label": say("runs_totals") });
      const head = el("tr"), top = el("thead"), body = el("tbody");
      head.append(el("td", ""));
      columns.forEach((column, at) => head.append(heading(column, at, ids, same)));
      top.append(head);
      body.append(line(say("answer"), columns.map(answer)));
      for (const key of ROWS) body.append(line(say(key === "seconds" ? "time" : key), columns.map((column) => amount(...column.totals[key]))));
      grid.append(top, body);
      const wrap = el("div", "pd-scroll", undefined, { tabindex: 0, role: "region", "aria-label": say("runs_totals") });
      wrap.append(grid);
      return wrap;
    }

    function heading(column, at, ids, same) {
      const cell = el("th", "", undefined, { scope: "col" });
      const name = el("div", "runs-compared-head");
      name.append(el("span", "pd-label", LABELS[at]), runs.link(el("a", "", column.name), `?trajectory=${encodeURIComponent(column.id)}`));
      if (column.simulated) name.append(P.simulated());
      if (ids.length > 2) name.append(P.button("pd-icon", "×", () => runs.visit(`?compare=${ids.filter((id) => id !== column.id).join(",")}`, { push: false }), { "aria-label": say("runs_compare_drop", { label: LABELS[at] }) }));
      cell.append(name, el("div", "pd-note", column.policy_name));
      if (!same) cell.append(el("div", "runs-answer", column.query));
      if (at === 0) cell.append(el("div", "pd-note", say("runs_compare_first")));
      return cell;
    }

    function line(name, cells) {
      const row = el("tr");
      row.append(el("th", "", name, { scope: "row" }), ...cells);
      return row;
    }

    function answer(column) {
      const cell = el("td");
      cell.append(el("p", "runs-whole-answer", column.answer ?? say("no_answer")), P.verdict(column));
      if (column.totals.answer) cell.append(el("div", "pd-note", column.totals.answer));
      return cell;
    }

    function amount(said, difference) {
      const cell = el("td");
      cell.append(el("span", "pd-number", said));
      if (difference) cell.append(el("div", "runs-difference", difference));
      return cell;
    }

    node.show = show;
    node.forget = () => (shown = null);
    return node;
  };
})(window.Podium);
