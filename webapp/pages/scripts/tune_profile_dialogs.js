// Dialogs of profiles: save, import, versions.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  function field(words, node) {
    const label = el("label", "pd-field");
    label.append(el("span", "", words), node);
    return label;
  }

  // What was typed stays when the server refuses it.
  function form(node, fields, words, send) {
    const made = el("form", "pd-stack-3"), problem = el("p", "pd-bad", "", { role: "alert" });
    const button = el("button", "pd-primary", words, { type: "submit" });
    made.append(...fields, problem, button);
    made.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        const saved = await P.api("/profiles", { body: send() });
        node.close();
        await T.loadProfiles();
        P.notice(say("tune_saved", saved));
        return;
      } catch (error) {
        problem.textContent = error.message;
      }
      button.disabled = false;
    });
    return made;
  }

  T.saveDialog = function () {
    P.dialog(say("tune_save_title"), (body, node) => {
      const name = el("input", "", undefined, { id: "profile-name", maxlength: 100, required: true, autocomplete: "off", list: "profile-names" });
      const why = el("textarea", "", undefined, { id: "profile-why", rows: 3, maxlength: 2000 });
      const known = el("datalist", "", undefined, { id: "profile-names" });
      known.append(...T.profiles.map((one) => el("option", "", undefined, { value: one.name })));
      const here = T.current()?.profile || T.lastProfile;
      if (here) name.value = here.name;
      const again = el("p", "pd-note");
      const look = () => {
        const one = T.profiles.find((each) => each.name === name.value.trim());
        again.textContent = one ? say("tune_save_again", { version: one.version + 1 }) : "";
      };
      name.addEventListener("input", look);
      look();
      const fields = [el("p", "", T.weightsInWords(T.setting)), field(say("tune_save_name"), name), known, again, field(say("tune_save_why"), why)];
      body.append(form(node, fields, say("tune_save_do"), () => ({ name: name.value, why: why.value.trim(), preference: T.setting })));
      requestAnimationFrame(() => name.focus());
    });
  };

  T.importDialog = function () {
    P.dialog(say("tune_import_title"), (body, node) => {
      const text = el("textarea", "pd-book", undefined, { rows: 10, required: true, spellcheck: "false", id: "profile-text" });
      const file = el("input", "", undefined, { type: "file", accept: ".json,.yaml,.yml,text/plain", "aria-label": say("tune_book_file") });
      file.addEventListener("change", async () => {
        if (file.files[0]) text.value = await file.files[0].text();
      });
      body.append(form(node, [el("p", "pd-note", say("tune_import_hint")), file, field(say("tune_import_text"), text)], say("tune_import_do"), () => ({ text: text.value })));
      requestAnimationFrame(() => text.focus());
    });
  };

  T.versionsDialog = async function (one) {
    try {
      const { versions } = await P.api(`/profiles/${encodeURIComponent(one.name)}`);
      P.dialog(say("tune_versions_of", { name: one.name }), (body, node) => {
        const rows = versions.map((each) => {
          const tools = el("span", "pd-row");
          const act = (words, does) => P.button("pd-small", words, () => { node.close(); does(); }, { "aria-label": `${words}: ${say("tune_profile_version", each)}` });
          tools.append(act(say("tune_use"), () => T.useProfile(each)), act(say("tune_compare_with"), () => T.compareWith(T.profileKey(each))), T.fileLinks(each));
          return [String(each.version), T.weightsInWords(each.preference), P.when(each.made_at), each.why || "–", tools];
        });
        body.append(P.table(["", say("tune_col_weights"), say("tune_col_saved"), say("tune_col_why"), ""], rows, { caption: one.name }));
      }, { wide: true });
    } catch (error) {
      P.failed(error);
    }
  };
})(window.Podium);
