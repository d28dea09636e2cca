// One trajectory of the list: chosen by its box, opened by its link.
(function (P) {
  "use strict";
  const { el, say, runs } = P;
  const MARKS = { solved: "✓", unsolved: "✕", ungraded: "?" };
  const MOST_CHIPS = 7;

  P.runsVerdict = function (row) {
    if (row.steps === null) return el("span", "runs-going", `● ${row.stop_words}`);
    const node = el("span", "pd-verdict", undefined, { "data-verdict": row.verdict, title: `${row.verdict_words}; ${row.stop_words}` });
    node.append(el("b", "", MARKS[row.verdict] || "?", { "aria-hidden": "true" }), el("span", "", row.verdict_words));
    return node;
  };

  // The aliases called, in order; many are shortened in the middle.
  P.runsRoute = function (route) {
    const node = el("span", "pd-chips runs-route", undefined, { role: "img", "aria-label": route.length ? say("runs_route", { route: route.map((who) => who.alias).join(", ") }) : say("runs_no_call") });
    const shown = route.length > MOST_CHIPS ? [...route.slice(0, MOST_CHIPS - 2), null, ...route.slice(-1)] : route;
    for (const who of shown) node.append(who ? P.badge(who) : el("span", "pd-then", `… ${route.length - MOST_CHIPS + 1}`));
    return node;
  };

  function number(name, value, title) {
    const node = el("span", "runs-number", undefined, { title });
    node.append(el("span", "runs-number-name", say(name)), el("span", "pd-number", value ?? "–"));
    return node;
  }

  function about(row) {
    const node = el("span", "runs-about");
    node.append(P.when(row.when), el("span", "", row.preference), el("span", "runs-policy", row.policy_name, { title: row.policy }));
    if (row.simulated) node.append(P.simulated());
    if (row.forked_from) node.append(el("span", "runs-mark", `↳ ${say("runs_forked")}`));
    if (row.ranked) node.append(el("span", "runs-mark", `★ ${say("runs_is_ranked")}`));
    if (row.failed_steps) node.append(el("span", "runs-mark pd-bad", `✕ ${say(row.failed_steps === 1 ? "runs_error_one" : "runs_errors", { count: row.failed_steps })}`));
    return node;
  }

  P.runsRow = function (row, { chosen, onChoose }) {
    const item = el("li", "runs-row", undefined, { "data-id": row.id });
    const label = el("label", "runs-pick");
    const box = el("input", "", undefined, { type: "checkbox", "aria-label": say("runs_choose", { query: row.query }) });
    box.checked = chosen;
    item.toggleAttribute("data-chosen", chosen);
    box.addEventListener("change", () => onChoose(row.id, box.checked));
    label.append(box);
    const main = el("div", "runs-main");
    const link = runs.link(el("a", "runs-query", row.query), `?trajectory=${encodeURIComponent(row.id)}`);
    const answer = el("span", row.answer === null ? "runs-answer runs-none" : "runs-answer", row.answer ?? row.stop_words);
    main.append(link, answer, about(row));
    const facts = el("div", "runs-facts");
    facts.append(
      P.runsVerdict(row),
      number("cost", row.cost, row.cost_usd === null ? null : `$${row.cost_usd}`), number("time", row.seconds), number("steps", row.steps),
    );
    item.append(label, main, P.runsRoute(row.route), facts);
    item.choose = (on) => {
      box.checked = on;
      item.toggleAttribute("data-chosen", on);
    };
    return item;
  };

  P.runsSkeleton = function (count) {
    const rows = [];
    for (let at = 0; at < count; at += 1) {
      const item = el("li", "runs-row runs-skeleton", undefined, { "aria-hidden": "true" });
      const main = el("div", "runs-main");
      main.append(el("i"), el("i"), el("i"));
      item.append(el("span", "runs-pick"), main);
      rows.push(item);
    }
    return rows;
  };
})(window.Podium);
