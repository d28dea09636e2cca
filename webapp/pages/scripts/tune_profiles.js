// Profiles: named settings with versions, to use, compare, export and delete.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  const address = (one, rest = "") => `/profiles/${encodeURIComponent(one.name)}${rest}`;
  T.loadProfiles = async function () {
    T.profiles = (await P.api("/profiles")).profiles;
    T.emit("profiles");
  };

  T.deleteProfile = async function (one) {
    try {
      const gone = await P.api(address(one), { method: "DELETE" });
      await T.loadProfiles();
      P.notice(say("tune_deleted", { name: one.name, count: gone.versions }), {
        action: say("undo"),
        act: async () => {
          await P.api("/profiles/restored", { body: { name: one.name } }).then(T.loadProfiles).then(() => P.notice(say("tune_restored", { name: one.name })), P.failed);
        },
      });
    } catch (error) {
      P.failed(error);
    }
  };

  T.fileLinks = function (one) {
    const box = el("span", "pd-row");
    for (const form of ["json", "yaml"]) {
      const words = form.toUpperCase();
      box.append(el("a", "pd-small", say("tune_export", { form: words }), { href: `${P.home}api/v1${address(one, `?version=${one.version}&format=${form}`)}`, download: "", title: say("tune_export_title", { name: one.name, form: words }), "aria-label": say("tune_export_title", { name: one.name, form: words }) }));
    }
    return box;
  };

  T.useProfile = (one) => T.adopt(one.preference, say("tune_set_to", { name: say("tune_profile_version", one) }));

  function row(one) {
    const line = el("tr");
    const name = el("th", "", undefined, { scope: "row" });
    name.append(one.name, el("span", "pd-note", ` v${one.version}`));
    const tools = el("td"), box = el("span", "pd-row");
    box.append(
      P.button("pd-small", say("tune_use"), () => T.useProfile(one), { "aria-label": `${say("tune_use")}: ${one.name}` }),
      P.button("pd-small", say("tune_compare_with"), () => T.compareWith(T.profileKey(one)), { "aria-label": `${say("tune_compare_with")}: ${one.name}` }),
      P.button("pd-small", say("tune_history"), () => T.versionsDialog(one), { "aria-label": say("tune_versions_of", { name: one.name }) }),
      T.fileLinks(one),
      P.button("pd-small pd-author", say("tune_delete"), () => T.deleteProfile(one), { "aria-label": `${say("tune_delete")}: ${one.name}` }),
    );
    tools.append(box);
    const saved = el("td");
    saved.append(P.when(one.made_at));
    line.append(name, el("td", "", T.weightsInWords(one.preference)), saved, el("td", "", one.why || "–"), tools);
    return line;
  }

  function list() {
    if (!T.profiles.length) return el("p", "pd-note", say("tune_profiles_none"));
    const table = el("table", "pd-table"), head = el("tr"), top = el("thead"), body = el("tbody");
    for (const key of ["name", "weights", "saved", "why"]) head.append(el("th", "", say(`tune_col_${key}`), { scope: "col" }));
    head.append(el("td"));
    top.append(head);
    body.append(...T.profiles.map(row));
    table.append(top, body);
    const scroll = el("div", "pd-scroll", undefined, { tabindex: 0, role: "region", "aria-label": say("tune_tab_profiles") });
    scroll.append(table);
    return scroll;
  }

  // Two settings side by side: their weights, and what choosing by the one instead of the other changes.
  function comparison() {
    const box = el("fieldset", "pd-two"), found = el("div", "pd-two-found", undefined, { "aria-live": "polite" });
    const pick = (key) => {
      const field = el("label", "pd-field"), select = el("select", "pd-select");
      field.append(el("span", "", say(key)), select);
      select.addEventListener("change", ask);
      return { field, select };
    };
    const from = pick("tune_compare_a"), to = pick("tune_compare_b");
    const row = el("div", "pd-row");
    row.append(from.field, to.field);
    box.append(el("legend", "", say("tune_compare_two")), row, found);

    function fill() {
      const before = [from.select.value, to.select.value];
      const here = { key: T.vectorKey(T.setting), name: say("tune_compare_pin") };
      for (const { select } of [from, to]) T.fillSettings(select, [], here);
      const keys = [...to.select.options].map((one) => one.value);
      from.select.value = keys.includes(before[0]) ? before[0] : "Balanced";
      to.select.value = keys.includes(before[1]) ? before[1] : T.profiles.length ? T.profileKey(T.profiles[0]) : here.key;
      ask();
    }
    let number = 0;
    async function ask() {
      const mine = ++number;
      try {
        const [a, b] = await Promise.all([T.namedSetting(from.select.value), T.namedSetting(to.select.value)]);
        const reply = a && b && (await P.api("/tuning/winners", { body: { ...T.body(b.preference), against: a.preference } }));
        if (reply && mine === number) show(a, b, reply);
      } catch (error) {
        P.failed(error);
      }
    }
    function show(a, b, reply) {
      const names = [...new Set([...T.MAIN, ...Object.keys(a.preference.tools), ...Object.keys(b.preference.tools)])];
      const rows = names.map((name) => [T.named(name), T.number(T.weight(name, a.preference)), T.number(T.weight(name, b.preference)), T.weight(name, a.preference) === T.weight(name, b.preference) ? "=" : "≠"]);
      const told = T.same(a.preference, b.preference) ? say("tune_compare_same") : reply.against.words.sentence;
      const name = (one) => (one.key === T.vectorKey(T.setting) ? say("tune_forecast_of") : one.name);
      found.replaceChildren(el("p", "pd-tune-here", told), P.table([say("tune_th_weight"), name(a), name(b), ""], rows, { caption: say("tune_compare_two") }));
    }
    return { node: box, fill };
  }

  T.tab("profiles", (panel) => {
    const holder = el("div"), two = comparison(), row = el("div", "pd-row");
    row.append(P.button("pd-small pd-author", say("tune_save"), () => T.saveDialog()), P.button("pd-small pd-author", say("tune_import"), () => T.importDialog()));
    panel.append(row, holder, two.node, el("p", "pd-note", say("tune_profiles_note")));
    function show() {
      holder.replaceChildren(list());
      two.fill();
    }
    return { opened: show, profiles: show, settled: two.fill };
  });
})(window.Podium);
