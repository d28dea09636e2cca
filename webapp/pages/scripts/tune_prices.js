// Everything stored under other prices: an alias times a factor, or another price book.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  const factors = () => Object.fromEntries(T.prices && !T.prices.startsWith("book:") ? T.prices.split(",").map((one) => one.split("*")) : []);
  const spec = (of) => Object.entries(of).filter(([, factor]) => Number(factor) !== 1).map(([alias, factor]) => `${alias}*${factor}`).join(",");

  // A price book that this browser pasted is sent again to a server that was started anew.
  T.bringBook = async function () {
    const kept = P.memory.get("tune-book");
    if (kept && kept.key === T.prices) {
      const reply = await P.api("/tuning/prices", { body: { text: kept.text } });
      if (reply.prices === T.prices) return true;
    }
    T.change({ prices: "" });
    P.notice(say("tune_prices_gone"), { bad: true });
    return false;
  };

  function factorFields() {
    const box = el("fieldset", "pd-factors");
    box.append(el("legend", "", say("tune_factors")));
    const fields = new Map();
    for (const alias of [...T.known.called, "orchestrator"]) {
      const label = el("label", "pd-factor");
      const who = T.known.aliases.find((one) => one.alias === alias);
      const field = el("input", "pd-weight-number", undefined, { type: "number", min: 0, max: 1000, step: "any", value: 1, inputmode: "decimal", "aria-label": say("tune_factor", { alias: T.named(alias) }) });
      if (who) label.append(P.badge(who));
      label.append(el("span", "", `${T.named(alias)} ×`), field);
      field.addEventListener("change", () => {
        const value = Number(field.value);
        if (field.value.trim() === "" || !(value >= 0 && value <= 1000)) field.value = factors()[alias] ?? 1;
        else T.change({ prices: spec({ ...factors(), [alias]: field.value }) });
      });
      fields.set(alias, field);
      box.append(label);
    }
    const fill = () => {
      const now = factors();
      for (const [alias, field] of fields) if (document.activeElement !== field) field.value = now[alias] ?? 1;
    };
    return { node: box, fill };
  }

  function bookFields() {
    const fold = el("details", "pd-fold"), label = el("label", "pd-field");
    const text = el("textarea", "pd-book", undefined, { rows: 10, spellcheck: "false", id: "tune-book" });
    const kept = P.memory.get("tune-book");
    if (kept) text.value = kept.text;
    label.append(el("span", "", say("tune_book_text")), text);
    const file = el("input", "pd-quiet", undefined, { type: "file", accept: ".toml,.json,text/plain", tabindex: -1, "aria-hidden": "true" });
    file.addEventListener("change", async () => {
      if (file.files[0]) text.value = await file.files[0].text();
      file.value = "";
    });
    const state = el("span", "pd-note", "", { role: "status" });
    const fill = P.button("pd-small", say("tune_book_template"), () => P.api("/tuning/prices").then((reply) => (text.value = reply.template), P.failed));
    const apply = P.button("pd-primary", say("tune_book_apply"), async () => {
      state.textContent = say("tune_book_working");
      try {
        const reply = await P.api("/tuning/prices", { body: { text: text.value } });
        P.memory.set("tune-book", { key: reply.prices, text: text.value });
        T.change({ prices: reply.prices });
      } catch (error) {
        P.failed(error);
      }
      state.textContent = "";
    });
    const row = el("div", "pd-row");
    row.append(apply, P.button("pd-small", say("tune_book_file"), () => file.click()), fill, file, state);
    fold.append(el("summary", "", say("tune_book_title")), el("p", "pd-note", say("tune_book_hint")), label, row);
    return fold;
  }

  function report(reply) {
    const box = el("div", "pd-stack-3");
    box.append(el("p", "pd-tune-here", reply.words), el("p", "", reply.ballot_words));
    const columns = ["", say("tune_dollars"), say("tune_time"), say("tune_solved")];
    const row = (name, one) => [say(name), one.cost, one.latency, one.solved];
    box.append(P.table(columns, [row("tune_prices_before", reply.before), row("tune_prices_after", reply.after)], { caption: say("tune_totals") }));
    const fold = (title, rows) => {
      const node = el("details", "pd-fold"), list = el("ul", "pd-tune-notes");
      node.append(el("summary", "", title), list);
      list.append(...rows);
      return node;
    };
    if (reply.changed.length) box.append(fold(say("tune_prices_changed", { count: P.count(reply.changed.length) }), reply.changed.slice(0, 200).map((one) => el("li", "", one.query))));
    const ballots = reply.ballots.winner_changed;
    if (ballots.length) {
      box.append(fold(say("tune_prices_ballots", { count: P.count(ballots.length) }), ballots.slice(0, 200).map((id) => {
        const item = el("li");
        item.append(el("a", "", id, { href: `${P.home}api/v1/ballots/${encodeURIComponent(id)}` }));
        return item;
      })));
    }
    return box;
  }

  T.tab("prices", (panel) => {
    const fields = factorFields(), found = el("div", "pd-prices-found", undefined, { "aria-live": "polite" });
    panel.append(el("p", "pd-note", say("tune_prices_intro")), fields.node, bookFields(), found);
    const busy = (yes) => found.toggleAttribute("data-busy", yes);
    const ask = T.whenSettled("/tuning/repricing", () => (T.prices ? T.body() : null), (reply) => found.replaceChildren(report(reply)), busy);
    function settled() {
      fields.fill();
      if (T.prices) ask();
      else found.replaceChildren(el("p", "pd-note", say("tune_prices_paid")));
    }
    return { opened: settled, settled };
  });
})(window.Podium);
