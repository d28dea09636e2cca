// All alternatives at a glance: a tile for each, with its label, verdict, answer, dollars, seconds and route.
(function (P) {
  "use strict";
  const { el, say } = P;
  const MOST_BADGES = 8;

  function route(one) {
    const chips = el("span", "st-route-chips");
    one.steps.slice(0, MOST_BADGES).forEach((row, at) => {
      if (at) chips.append(el("span", "st-then", "›", { "aria-hidden": "true" }));
      chips.append(P.badge(row.who));
    });
    if (one.steps.length > MOST_BADGES) chips.append(el("span", "", say("stage_more", { count: one.steps.length - MOST_BADGES })));
    return chips;
  }

  function card(one, at, player) {
    const node = P.button("st-card", undefined, () => player.choose(at), { "data-alternative": one.id });
    const head = el("span", "st-card-head");
    head.append(el("span", "st-label", one.label), el("span", "st-card-name", one.name, { title: one.preference }));
    const numbers = el("span", "st-card-numbers");
    numbers.append(el("b", "st-card-usd", one.total.cost), el("span", "", one.total.seconds));
    const answer = one.answer ?? one.state_words;
    node.append(head, P.stageVerdict(one.verdict), el("span", "st-card-answer", answer, { "data-length": P.stageLength(answer) }));
    node.append(numbers, el("span", "st-card-saved", one.strongest.percent ? one.strongest.words : ""));
    node.append(route(one), el("span", "st-card-marks", one.marks.join(", ")));
    return node;
  }

  // What always taking the strongest comes to, said once for all.
  function strongest(talk) {
    const known = talk.alternatives.find((one) => one.strongest.percent);
    return known ? say("stage_strongest", { why: known.strongest.why }) : "";
  }

  P.overview = function (player) {
    const node = el("section", "st-overview", undefined, { "aria-label": say("stage_overview") });
    return {
      node,
      show() {
        const { talk } = player, grid = el("div", "st-cards");
        grid.style.setProperty("--columns", Math.min(talk.alternatives.length, 4));
        grid.dataset.many = talk.alternatives.length > 6 ? "many" : talk.alternatives.length > 4 ? "some" : "few";
        grid.append(...talk.alternatives.map((one, at) => card(one, at, player)));
        node.replaceChildren(el("p", "st-sentence", talk.overview), grid, el("p", "st-foot", strongest(talk)));
      },
    };
  };
})((window.Podium = window.Podium || {}));
