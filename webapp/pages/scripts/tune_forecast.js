// What so many queries a day would cost, and what they would cost under the setting that is compared.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  T.tab("forecast", (panel) => {
    const field = el("label", "pd-field pd-day");
    const day = el("input", "", undefined, { type: "number", min: 1, max: 1e9, step: 1, inputmode: "numeric", id: "tune-day" });
    day.value = /^\d+$/.test(P.address.get("day") || "") ? P.address.get("day") : 5000;
    field.append(el("span", "", say("tune_day")), day);
    const sentence = el("p", "pd-tune-here", "", { "aria-live": "polite" }), table = el("div"), notes = el("ul", "pd-tune-notes");
    panel.append(field, sentence, table, notes);
    const wanted = () => {
      const count = Number(day.value);
      return Number.isInteger(count) && count >= 1 && count <= 1e9 ? count : null;
    };
    let ours = null, theirs = null;
    const make = (of) => () => (wanted() === null ? null : { ...T.body(of()), queries_a_day: wanted() });
    const ask = T.whenSettled("/tuning/forecast", make(() => T.setting), (reply) => show((ours = reply.forecast)));
    const askOther = T.whenSettled("/tuning/forecast", make(() => T.against.preference), (reply) => {
      theirs = reply.forecast;
      if (ours) show(ours);
    });

    const cell = (one) => {
      const node = el("span", "pd-forecast-cell");
      node.append(el("strong", "", one.mean), el("span", "pd-note", one.range));
      return node;
    };
    const row = (name, one) => [name, cell(one.query), cell(one.day), cell(one.month)];
    function show(found) {
      sentence.textContent = found ? found.sentence : say("tune_no_forecast");
      notes.replaceChildren(...(found ? found.notes : []).map((one) => el("li", "pd-note", one)));
      const rows = [];
      if (found) rows.push(row(say("tune_forecast_of"), found));
      if (T.against && theirs) rows.push(row(T.against.name, theirs));
      const columns = ["", say("tune_per_query"), say("tune_per_day"), say("tune_per_month")];
      table.replaceChildren(rows.length ? P.table(columns, rows, { caption: say("tune_tab_forecast") }) : "");
    }
    function settled() {
      const fine = wanted() !== null;
      day.setAttribute("aria-invalid", String(!fine));
      if (!fine) {
        sentence.textContent = say("tune_day_bad");
        return;
      }
      if (!T.against) theirs = null;
      ask();
      if (T.against) askOther();
    }
    day.addEventListener("input", () => {
      if (wanted() !== null) P.address.set({ day: day.value });
      settled();
    });
    return { opened: settled, settled };
  });
})(window.Podium);
