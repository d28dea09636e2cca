// The winner of each query, a page at a time: sorted, filtered, and each with a way to its run.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const SIZE = 25;
  const SORTS = ["query", "cost", "latency", "alternatives", "cost_change", "latency_change"];
  const WHICH = ["all", "changed", "unsolved", "ungraded", "none"];

  const wish = { sort: "query", falling: false, which: "all", search: "", offset: 0, limit: SIZE };
  T.pageWish = () => (T.isOpen("queries") ? { ...wish } : null);

  function fromAddress() {
    const sort = P.address.get("sort"), which = P.address.get("which"), page = Number(P.address.get("page"));
    if (SORTS.includes(sort)) wish.sort = sort;
    if (WHICH.includes(which)) wish.which = which;
    wish.falling = P.address.get("falling") === "yes";
    wish.search = P.address.get("search") || "";
    wish.offset = Number.isInteger(page) && page > 1 ? (page - 1) * SIZE : 0;
  }
  function keep() {
    P.address.set({
      sort: wish.sort === "query" ? null : wish.sort, which: wish.which === "all" ? null : wish.which,
      falling: wish.falling ? "yes" : null, search: wish.search || null, page: wish.offset ? wish.offset / SIZE + 1 : null,
    });
  }

  const link = (one, query) =>
    one.run
      ? el("a", "", query, { href: `${P.home}ui/?run=${encodeURIComponent(one.run)}&alternative=${encodeURIComponent(one.trajectory)}`, title: say("tune_open_run", { query }) })
      : el("a", "", query, { href: `${P.home}api/v1/trajectories/${encodeURIComponent(one.trajectory)}`, title: say("tune_open_record", { query }) });

  function route(one) {
    const node = el("span", "pd-route");
    for (const who of one.route) node.append(P.badge(who));
    if (one.more) node.append(say("tune_route_more", { count: one.more }));
    return node;
  }

  function cells(row, marked) {
    const one = row.winner;
    const query = el("td", "pd-q-query");
    if (!one) {
      query.append(el("span", "", row.query));
      return [query, el("td", "pd-q-route pd-note", say("tune_no_winner")), el("td", "", "–"), el("td", "", "–"), el("td", "", "–"), el("td", "", "–")];
    }
    query.append(link(one, row.query));
    const way = el("td", "pd-q-route");
    const line = el("span", "pd-q-line");
    line.append(route(one), el("span", "pd-note", say("tune_of", { count: row.alternatives })));
    way.append(line);
    const outcome = el("td", "pd-q-outcome");
    outcome.append(el("span", "pd-outcome", say(`tune_outcome_${one.outcome}`), { "data-outcome": one.outcome }));
    if (one.simulated && marked) outcome.append(P.simulated());
    const change = el("td", "pd-q-change");
    if (row.change) {
      const was = el("span", "pd-q-was");
      was.append(`${say("tune_before")} `, route(row.before));
      change.append(el("span", "", `${row.change.cost}, ${row.change.latency}`), was);
    } else change.append(T.against ? say("tune_same") : "–");
    return [query, way, el("td", "pd-number", one.cost), el("td", "pd-number", one.latency), outcome, change];
  }

  T.tab("queries", (panel) => {
    fromAddress();
    const search = el("input", "", undefined, { type: "search", value: wish.search, "aria-label": say("tune_search"), placeholder: say("tune_search") });
    const which = el("select", "pd-select", undefined, { "aria-label": say("tune_which") });
    const sort = el("select", "pd-select", undefined, { "aria-label": say("tune_sort") });
    const way = P.button("pd-small pd-q-way", "", () => change({ falling: !wish.falling }));
    const pager = el("span", "pd-number pd-q-pager", "–", { "aria-live": "polite" });
    const back = P.button("pd-icon", "‹", () => turn(-SIZE), { "aria-label": say("tune_previous") });
    const on = P.button("pd-icon", "›", () => turn(SIZE), { "aria-label": say("tune_next") });
    const bar = el("div", "pd-row pd-q-bar"), pages = el("span", "pd-row pd-q-pages");
    pages.append(back, pager, on);
    bar.append(search, which, sort, way, pages);
    const table = el("table", "pd-table pd-q-table"), head = el("tr"), top = el("thead"), body = el("tbody");
    const names = ["query", "winner", "cost", "latency", "outcome"].map((name) => el("th", "", say(`tune_col_${name}`), { scope: "col" }));
    const marks = [2, 3].map((place) => names[place].appendChild(P.simulated()));
    for (const mark of marks) mark.hidden = true;
    const changed = el("th", "", say("tune_col_change_none"), { scope: "col" });
    head.append(...names, changed);
    top.append(head);
    table.append(top, body);
    const scroll = el("div", "pd-scroll", undefined, { tabindex: 0, role: "region", "aria-label": say("tune_tab_queries") });
    scroll.append(table);
    panel.append(bar, scroll);
    let shown = "";

    function fill() {
      const name = T.against ? T.against.name : "…";
      which.replaceChildren(...WHICH.map((one) => el("option", "", say(`tune_which_${one}`, { name }), { value: one, disabled: one === "changed" && !T.against })));
      sort.replaceChildren(...SORTS.map((one) => el("option", "", `${say("tune_sort")} ${say(`tune_sort_${one.replace("_", "")}`)}`, { value: one, disabled: one.endsWith("_change") && !T.against })));
      which.value = wish.which;
      sort.value = wish.sort;
      way.textContent = say(wish.falling ? "tune_falling" : "tune_rising");
      changed.textContent = T.against ? say("tune_col_change", { name: T.against.name }) : say("tune_col_change_none");
    }
    function change(values) {
      Object.assign(wish, { offset: 0 }, values);
      keep();
      fill();
      T.askWinners();
    }
    function turn(by) {
      change({ offset: Math.max(wish.offset + by, 0) });
    }
    let typing = null;
    search.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => change({ search: search.value }), 120);
    });
    which.addEventListener("change", () => change({ which: which.value }));
    sort.addEventListener("change", () => change({ sort: sort.value, falling: sort.value !== "query" && !sort.value.endsWith("_change") }));

    function show(reply, asked) {
      const page = reply.page;
      if (!page || JSON.stringify(asked?.page ?? wish) !== JSON.stringify(wish)) return;
      if (page.total && page.offset >= page.total) {
        change({ offset: Math.floor((page.total - 1) / SIZE) * SIZE });
        return;
      }
      pager.textContent = page.total ? say("tune_page", { from: P.count(page.offset + 1), to: P.count(page.offset + page.rows.length), total: P.count(page.total) }) : "0";
      back.disabled = page.offset === 0;
      on.disabled = page.offset + page.rows.length >= page.total;
      const text = JSON.stringify([page.rows, T.against?.key]);
      if (text === shown) return;
      shown = text;
      // Where everything shown is simulated the heads of the columns say so, once.
      const all = page.rows.length > 0 && page.rows.every((row) => row.winner?.simulated);
      for (const mark of marks) mark.hidden = !all;
      body.replaceChildren(...page.rows.map((row) => {
        const line = el("tr", "", undefined, { "data-changed": Boolean(row.change) });
        line.append(...cells(row, !all));
        return line;
      }));
      if (!page.rows.length) {
        const line = el("tr"), none = el("td", "pd-note", say("tune_none_match"), { colspan: 6 });
        line.append(none);
        body.append(line);
      }
    }
    fill();
    return {
      opened() {
        fill();
        T.askWinners();
      },
      against() {
        if (!T.against && (wish.which === "changed" || wish.sort.endsWith("_change"))) Object.assign(wish, { which: "all", sort: "query" });
        fill();
      },
      winners: (reply) => show(reply, T.lastAsked),
    };
  });

  T.tab("thresholds", (panel) => {
    const box = el("div");
    panel.append(el("p", "pd-note", say("tune_thresholds")), box);
    function show() {
      const known = Object.entries(T.flipsFound).filter(([, one]) => one.words);
      const columns = ["weight", "value", "still", "below", "above", "count"].map((name) => say(`tune_th_${name}`));
      const rows = known.map(([name, one]) => [T.named(name), T.number(T.weight(name)), one.words, one.below || say("tune_nothing_there"), one.above || say("tune_nothing_there"), P.count(one.flips)]);
      box.replaceChildren(P.table(columns, rows, { caption: say("tune_tab_thresholds") }));
    }
    return { opened: show, flips: show };
  });
})(window.Podium);
