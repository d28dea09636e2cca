// Dialogs of the page: what somebody had so far, the guidelines, a flag, and what stood behind the labels.
(function (P) {
  "use strict";
  const { el, say } = P;
  const STATES = ["skipped", "leased", "ranked", "flagged"];

  function line(row, open) {
    const item = el("li");
    const button = P.button("pd-r-past", "", () => open(row), { "data-state": row.state });
    const state = el("span", "pd-r-state", say(`rank_state_${row.state}`));
    button.append(el("span", "pd-r-past-query", row.query ?? row.ballot), state);
    if (row.changed_at) button.append(P.when(row.changed_at));
    if (row.reason) button.append(el("span", "pd-note", row.reason));
    item.append(button);
    return item;
  }

  // open(row) is called with one of the ballots that this person had.
  P.ranking.mine = async function (study, open) {
    const rows = await P.ranking.server.queue(study?.id ?? null);
    const node = P.dialog(say("rank_mine_title"), (body) => {
      if (!rows.length) body.append(el("p", "pd-note", say("rank_mine_none")));
      const choice = el("div", "pd-row", undefined, { role: "group", "aria-label": say("rank_mine_which") });
      const list = el("ol", "pd-r-mine");
      const counts = STATES.filter((state) => rows.some((row) => row.state === state));
      function show(wanted) {
        list.replaceChildren(...rows.filter((row) => !wanted || row.state === wanted).map((row) => line(row, (one) => { node.close(); open(one); })));
        for (const button of choice.children) button.setAttribute("aria-pressed", String((button.dataset.state || null) === wanted));
      }
      if (counts.length > 1) {
        choice.append(P.button("pd-chip", say("rank_mine_all", { count: rows.length }), () => show(null)));
        for (const state of counts) choice.append(P.button("pd-chip", `${say(`rank_state_${state}`)} ${rows.filter((row) => row.state === state).length}`, () => show(state), { "data-state": state }));
      }
      body.append(choice, list);
      show(null);
    }, { wide: true });
  };

  P.ranking.guidelines = (study) =>
    P.dialog(say("rank_guidelines"), (body) => {
      body.append(el("div", "pd-r-guidelines", study.guidelines));
    }, { wide: true });

  // Asks what is wrong with the ballot; send(reason) gives a promise.
  P.ranking.flag = function (send) {
    P.dialog(say("rank_flag_title"), (body, dialog) => {
      const form = el("form", "pd-stack-3");
      const label = el("label", "pd-field");
      const field = el("textarea", "", undefined, { rows: 3, required: true, maxlength: 5000, placeholder: say("rank_flag_hint") });
      label.append(el("span", "", say("rank_flag_why")), field);
      const go = el("button", "pd-primary", say("rank_flag_send"), { type: "submit" });
      form.append(label, el("p", "pd-note", say("rank_flag_note")), go);
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        go.disabled = true;
        try {
          await send(field.value.trim());
          dialog.close();
        } catch (error) {
          P.failed(error);
        } finally {
          go.disabled = false;
        }
      });
      field.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey) return;
        event.preventDefault();
        form.requestSubmit();
      });
      body.append(form);
      setTimeout(() => field.focus(), 0);
    });
  };

  const route = (column) => column.rows.map((row) => row.who?.alias ?? say("no_call")).join(" › ");

  // One line for each label: what stood behind it.
  P.ranking.behind = (view) => view.columns.map((column) => `${column.label}: ${[column.name, route(column)].filter(Boolean).join(", ")}`);

  P.ranking.reveal = function (view) {
    P.dialog(say("rank_reveal_title"), (body) => {
      const place = (label) => view.rank.groups.findIndex((group) => group.includes(label)) + 1;
      const rows = [...view.columns].sort((a, b) => (place(a.label) || 99) - (place(b.label) || 99)).map((column) => [
        place(column.label) || "–", column.label, column.name ?? "–", route(column), column.totals.cost ?? "–", column.totals.seconds ?? "–",
        column.answer?.verdict_words ?? "–",
      ]);
      const heads = ["place", "label", "what", "route", "cost", "time", "verdict"].map((name) => say(`rank_reveal_${name}`));
      body.append(el("p", "pd-query", view.query), P.table(heads, rows, { caption: say("rank_reveal_caption") }));
    }, { wide: true });
  };
})(window.Podium);
