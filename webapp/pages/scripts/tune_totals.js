// The totals of always taking the winner. They change while a slider moves, and nothing else moves with them.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  function tile(name, title) {
    const node = el("div", "pd-tile", undefined, { "data-tile": name });
    const parts = { title: el("span", "pd-kicker", title), value: el("strong", "pd-tile-value", "–"), sub: el("span", "pd-tile-sub"), change: el("span", "pd-tile-change") };
    node.append(parts.title, parts.value, parts.sub, parts.change);
    return { node, ...parts };
  }

  function shares() {
    const box = el("div", "pd-shares");
    const bar = el("div", "pd-shares-bar", undefined, { "aria-hidden": "true" });
    const list = el("ul", "pd-shares-list", undefined, { "aria-label": say("tune_shares") });
    const known = T.known.aliases.filter((one) => T.known.called.includes(one.alias));
    const strange = T.known.called.filter((alias) => !known.some((one) => one.alias === alias)).map((alias) => ({ alias, code: "?", shape: "round" }));
    const parts = new Map();
    for (const one of [...known, ...strange]) {
      const piece = P.coloured(el("span", "pd-share"), one.alias);
      const item = el("li", ""), words = el("span", "pd-number", "–");
      item.append(P.badge(one), el("span", "pd-quiet", `${one.alias} `), words);
      bar.append(piece);
      list.append(item);
      parts.set(one.alias, { piece, item, words });
    }
    box.append(bar, list);
    return {
      node: box,
      show(given) {
        const by = new Map(given.map((one) => [one.alias, one]));
        for (const [alias, part] of parts) {
          const one = by.get(alias);
          part.piece.style.flexGrow = one ? one.share : 0;
          part.words.textContent = one ? one.words : "0%";
          part.item.toggleAttribute("data-none", !one);
        }
      },
    };
  }

  function notes() {
    const fold = el("details", "pd-fold");
    const list = el("ul", "pd-tune-notes");
    fold.append(el("summary", "", say("tune_notes")), list);
    return { node: fold, show: (given) => list.replaceChildren(...given.map((one) => el("li", "pd-note", one))) };
  }

  function otherPrices() {
    const bar = el("p", "pd-tune-banner", undefined, { hidden: true });
    const words = el("span");
    bar.append(words, P.button("pd-small", say("tune_prices_off"), () => T.change({ prices: "" })));
    T.on("weights", show);
    function show() {
      bar.hidden = !T.prices;
      const said = T.prices.startsWith("book:") ? say("tune_book") : T.prices.replaceAll("*", " × ").replaceAll(",", ", ");
      words.textContent = say("tune_prices_now", { prices: said });
    }
    show();
    return bar;
  }

  T.totalsPanel = function () {
    const panel = el("section", "pd-tune-totals", undefined, { "aria-label": say("tune_totals") });
    const tiles = { cost: tile("cost", say("tune_dollars")), latency: tile("latency", say("tune_time")), solved: tile("solved", say("tune_solved")), changed: tile("changed", say("tune_changed_none")) };
    const row = el("div", "pd-tiles"), share = shares(), told = notes();
    const aloud = el("p", "pd-quiet", undefined, { "aria-live": "polite", id: "tune-aloud" });
    row.append(...Object.values(tiles).map((one) => one.node));
    const under = el("div", "pd-tune-under");
    under.append(share.node, told.node);
    panel.append(otherPrices(), row, under, aloud);
    let sentence = "";

    function show(reply) {
      const { words } = reply.totals, against = reply.against?.words;
      tiles.cost.value.textContent = words.cost;
      tiles.cost.sub.textContent = words.cost_each;
      tiles.latency.value.textContent = words.latency;
      tiles.latency.sub.textContent = words.latency_each;
      tiles.solved.value.textContent = words.solved;
      tiles.solved.sub.textContent = words.solved_range;
      for (const name of ["cost", "latency", "solved"]) tiles[name].change.textContent = against ? against[name] : "";
      tiles.changed.title.textContent = T.against ? say("tune_changed", { name: T.against.name }) : say("tune_changed_none");
      tiles.changed.value.textContent = against ? against.changed : "–";
      tiles.changed.sub.textContent = say(against ? "tune_changed_winners" : "tune_changed_hint");
      tiles.solved.sub.title = words.solved_title;
      share.show(reply.totals.shares);
      told.show(reply.totals.notes);
      sentence = against ? `${words.sentence} ${against.sentence}` : words.sentence;
    }
    T.on("winners", show);
    // Read aloud when the slider rests, not for every step of a drag.
    T.on("settled", () => setTimeout(() => (aloud.textContent = sentence), 400));
    return panel;
  };
})(window.Podium);
