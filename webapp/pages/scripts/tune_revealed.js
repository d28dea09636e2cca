// What the sliders state beside what rankings reveal, with intervals; one click takes the revealed weights.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const BYS = ["everybody", "annotator", "study", "domain"];
  const FIRST = 8;

  // Both scaled so that the greatest weight is 1.
  function scaled(of, names) {
    const most = Math.max(...names.map((name) => T.weight(name, of)), 0);
    return (name) => (most > 0 ? T.weight(name, of) / most : T.weight(name, of));
  }

  T.adoptRevealed = function (group, name) {
    const preference = T.copy(group.adopt);
    for (const one of group.untold) preference[one] = T.setting[one];
    const told = group.untold.length ? ` ${say("tune_untold", { names: group.untold.map(T.named).join(", ") })}` : "";
    T.adopt(preference, say("tune_adopted", { name }) + told);
  };

  function card(group, by) {
    const node = el("section", "pd-rev", undefined, { "aria-label": group.name });
    const head = el("div", "pd-rev-head");
    const name = by === "everybody" ? say("tune_by_everybody") : group.name;
    head.append(el("h3", "", name));
    if (group.adopt) head.append(P.button("pd-small pd-rev-adopt", say("tune_adopt"), () => T.adoptRevealed(group, name)));
    node.append(head, el("p", "", group.sentence));
    const names = Object.keys(group.weights);
    if (!names.length) return { node, move: () => {} };
    const rows = names.map((weight) => whisker(weight, group.weights[weight]));
    const chart = el("div", "pd-rev-chart", undefined, { "aria-hidden": "true" });
    chart.append(...rows.map((one) => one.node));
    const fold = el("details", "pd-fold"), table = el("div");
    fold.append(el("summary", "", say("table")), table);
    node.append(chart, fold);
    const ran = group.stated && scaled(group.stated, names);
    function move() {
      const now = scaled(T.setting, names);
      rows.forEach((one) => one.move(now));
      const columns = ["weight", "stated", "ran", "revealed", "interval"].map((key) => say(`tune_rev_${key}`));
      table.replaceChildren(P.table(columns, names.map((weight) => {
        const one = group.weights[weight];
        return [T.named(weight), now(weight).toFixed(2), ran ? ran(weight).toFixed(2) : say("tune_rev_varied"), one.mean.toFixed(2), `${one.low.toFixed(2)} – ${one.high.toFixed(2)}`];
      }), { caption: name }));
    }
    return { node, move };
  }

  function whisker(weight, one) {
    const node = el("div", "pd-rev-row"), track = el("div", "pd-rev-track");
    const percent = (value) => `${100 * Math.min(Math.max(value, 0), 1)}%`;
    const bar = el("i", "pd-rev-bar"), dot = el("i", "pd-rev-dot"), slider = el("i", "pd-rev-slider");
    bar.style.left = percent(one.low);
    bar.style.width = `${100 * (Math.min(one.high, 1) - Math.max(one.low, 0))}%`;
    dot.style.left = percent(one.mean);
    track.append(bar, dot, slider);
    const outside = el("span", "pd-rev-outside");
    node.append(el("span", "pd-rev-name", T.named(weight)), track, outside);
    return {
      node,
      move(now) {
        const value = now(weight);
        slider.style.left = percent(value);
        outside.textContent = value < one.low - 0.005 || value > one.high + 0.005 ? say("tune_rev_outside") : "";
      },
    };
  }

  T.tab("revealed", (panel) => {
    const bar = el("fieldset", "pd-row pd-rev-by"), list = el("div", "pd-stack-3");
    bar.append(el("legend", "pd-quiet", say("tune_revealed_by")));
    let by = BYS.includes(P.address.get("by")) ? P.address.get("by") : "everybody";
    for (const one of BYS) {
      const label = el("label", "pd-check");
      const radio = el("input", "", undefined, { type: "radio", name: "by", value: one, checked: one === by });
      radio.addEventListener("change", () => {
        by = one;
        P.address.set({ by: by === "everybody" ? null : by });
        ask();
      });
      label.append(radio, say(`tune_by_${one}`));
      bar.append(label);
    }
    panel.append(bar, el("p", "pd-note", say("tune_rev_legend")), list, el("p", "pd-note", say("tune_revealed_note")));
    let cards = [], number = 0;

    async function ask() {
      const mine = ++number;
      try {
        const reply = await P.api(`/tuning/revealed?by=${by}`);
        if (mine === number) show(reply.groups);
      } catch (error) {
        P.failed(error);
      }
    }
    function show(groups, most = FIRST) {
      cards = groups.slice(0, most).map((one) => card(one, by));
      list.replaceChildren(...cards.map((one) => one.node));
      if (!groups.length) list.append(el("p", "pd-note", say("tune_revealed_none")));
      if (groups.length > most) list.append(P.button("pd-small", say("tune_more_groups", { count: groups.length - most }), () => show(groups, groups.length)));
      move();
    }
    const move = () => cards.forEach((one) => one.move());
    return { opened: ask, weights: move };
  });
})(window.Podium);
