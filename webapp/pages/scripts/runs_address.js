// What the page shows is in its address: the view, the filters, the order, the mark of the page, and what is chosen.
(function (P) {
  "use strict";
  const LISTS = ["alias", "verdict", "stop", "policy"];
  const SINGLES = [
    "words", "cost_min", "cost_max", "latency_min", "latency_max", "since", "until", "preference", "accuracy_min", "accuracy_max",
    "weight_cost_min", "weight_cost_max", "weight_latency_min", "weight_latency_max", "simulated", "ranked", "priced", "run",
  ];
  const FILTERS = [...LISTS, ...SINGLES];
  const listeners = [];

  const read = () => new URLSearchParams(window.location.search);

  function address(params) {
    const text = params.toString().replace(/%2C/gi, ",").replace(/%3A/gi, ":");
    return text ? `?${text}` : window.location.pathname;
  }

  // Changes parameters (null takes one away, a list repeats it); every change of filters begins with the first page.
  function changed(change) {
    const params = read();
    for (const [name, value] of Object.entries(change)) {
      params.delete(name);
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined && one !== "") params.append(name, one);
      }
    }
    if (Object.keys(change).some((name) => [...FILTERS, "sort", "order"].includes(name)) && !("after" in change)) params.delete("after");
    return params;
  }

  function go(params, { push = true, state = null } = {}) {
    const here = address(params);
    if (here !== (window.location.search || window.location.pathname)) window.history[push ? "pushState" : "replaceState"](state, "", here);
    listeners.forEach((listener) => listener());
  }

  // A day of the viewer's calendar as the moment when it begins, `days` later.
  function midnight(day, days = 0) {
    const [year, month, date] = day.split("-").map(Number);
    const moment = new Date(year, month - 1, date + days);
    return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
  }

  P.runs = {
    LISTS, SINGLES, FILTERS, read, changed, go, address,
    change: (change, options) => go(changed(change), options),
    onChange: (listener) => listeners.push(listener),
    filters() {
      const params = read();
      return [...params].filter(([name, value]) => FILTERS.includes(name) && value !== "");
    },
    // The filters as the HTTP interface takes them.
    asked() {
      const asked = new URLSearchParams();
      for (const [name, value] of P.runs.filters()) {
        if (name === "since" || name === "until") {
          const moment = /^\d{4}-\d{2}-\d{2}$/.test(value) ? midnight(value, name === "until" ? 1 : 0) : value;
          if (moment) asked.append(name, moment);
        } else asked.append(name, value);
      }
      return asked;
    },
    chosen: () => (read().get("selected") || "").split(",").filter(Boolean),
    choose(ids) {
      window.history.replaceState(window.history.state, "", address(changed({ selected: ids.join(",") })));
      P.runs.keepList();
    },
    // The list as it is now, with the marks of the pages before it: what `back` leads to.
    keepList() {
      Object.assign(P.runs, { listSearch: window.location.search || "?", listState: window.history.state });
    },
    back: () => P.runs.visit(P.runs.listSearch || "?", { state: P.runs.listState }),
    toList(extra = {}) {
      return address(changed({ trajectory: null, step: null, alternative: null, compare: null, view: null, ...extra }));
    },
    // A link within this page that needs no reload.
    link(node, search, follow = () => P.runs.visit(search)) {
      node.href = search;
      node.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        follow();
      });
      return node;
    },
    visit: (search, options) => go(new URLSearchParams(search.startsWith("?") ? search : ""), options),
  };
  window.addEventListener("popstate", () => listeners.forEach((listener) => listener()));
})(window.Podium);
