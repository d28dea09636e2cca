// The form that makes a study. What the server finds wrong is said at the field that it names.
(function (P) {
  "use strict";
  const { el, say } = P;
  const HIDDEN = ["identity", "cost", "latency", "preference", "outcome"];
  const FIRST = ["identity", "outcome"]; // What a new study hides: names and scores would tell people what to think.

  // A field of the body: its name, the label's words and the control.
  function field(name, control, hint) {
    const label = el("label", "pd-field", undefined, { "data-field": name });
    control.name = name;
    label.append(el("span", "", say(`form_${name}`)), control);
    if (hint) label.append(el("span", "pd-note", say(hint)));
    return label;
  }
  const text = (name, attributes, hint) => field(name, el("input", "", undefined, { type: "text", ...attributes }), hint);
  const number = (name, value, attributes, hint) => field(name, el("input", "", undefined, { type: "number", inputmode: "decimal", step: "any", value, ...attributes }), hint);
  function area(name, rows, value, hint) {
    const control = el("textarea", "", undefined, { rows });
    control.value = value;
    return field(name, control, hint);
  }
  function choice(name, values, words) {
    const control = el("select");
    for (const value of values) control.append(el("option", "", words(value), { value }));
    return field(name, control);
  }
  function tick(name, key, group) {
    const label = el("label", "pd-r-tick", undefined, { "data-field": name });
    const box = el("input", "", undefined, { type: "checkbox", name: group || name, value: name });
    label.append(box, ` ${say(key)}`);
    return label;
  }
  function boxes(name, legend, inner) {
    const node = el("fieldset", "pd-r-fieldset", undefined, { "data-field": name });
    node.append(el("legend", "", legend), ...inner);
    return node;
  }

  function fields() {
    const two = tick("two_phases", "form_two_phases");
    two.title = say("form_two_phases_hint");
    const hidden = HIDDEN.map((name) => tick(name, `rank_hides_${name}`, "hidden"));
    return [
      text("name", { placeholder: say("form_name_hint"), maxlength: 200 }),
      choice("source", ["all", "runs", "informative"], (value) => say(`form_source_${value}`)),
      area("runs", 3, "", "form_runs_hint"),
      area("guidelines", 3, "", "form_guidelines_hint"),
      boxes("hidden", say("form_hidden"), [...hidden, two]),
      number("alternatives", 4, { min: 2 }),
      number("overlap", 1, { min: 1 }),
      choice("next", ["random", "order"], (value) => say(`form_next_${value}`)),
      number("gold", 0, { min: 0, max: 100 }, "form_gold_hint"),
      number("most", 100, { min: 1 }),
      number("random", 20, { min: 0, max: 100 }),
      number("lease", 30, { min: 0 }, "form_lease_hint"),
      area("tags", 4, say("form_tags_offered")),
    ];
  }

  const lines = (value) => value.split("\n").map((line) => line.trim()).filter(Boolean);
  // A number as it was typed, or the text of it, about which the server then says what it wants.
  const figure = (value) => (value.trim() === "" || Number.isNaN(Number(value)) ? value : Number(value));
  const share = (value) => (typeof figure(value) === "number" ? figure(value) / 100 : value);

  function body(form) {
    const at = (name) => form.elements.namedItem(name).value;
    const informative = at("source") === "informative";
    const made = {
      name: at("name").trim(), guidelines: at("guidelines"), alternatives: figure(at("alternatives")), overlap: figure(at("overlap")),
      hidden: [...form.querySelectorAll("[name=hidden]:checked")].map((box) => box.value),
      two_phases: form.elements.namedItem("two_phases").checked, tags: lines(at("tags")),
      lease_s: typeof figure(at("lease")) === "number" ? figure(at("lease")) * 60 : at("lease"), next_by: informative ? "informative" : at("next"),
    };
    if (informative) return { ...made, most_ballots: figure(at("most")), random_share: share(at("random")) };
    return { ...made, runs: at("source") === "all" ? "all" : lines(at("runs")), gold_share: share(at("gold")) };
  }

  // The server says at which field of the body it is, such as `body.gold_share` or `body.tags.2`; most have its name here.
  const NAMES = { gold_share: "gold", most_ballots: "most", lease_s: "lease", random_share: "random", next_by: "next" };
  function placed(error) {
    const named = error.where?.split(".")[1] ?? null;
    return NAMES[named] ?? named;
  }

  function complain(form, error) {
    form.querySelectorAll(".pd-r-wrong").forEach((node) => node.remove());
    form.querySelectorAll("[aria-invalid]").forEach((node) => node.removeAttribute("aria-invalid"));
    const name = placed(error), label = name && form.querySelector(`[data-field="${CSS.escape(name)}"]:not([hidden])`);
    const said = el("span", "pd-r-wrong", error.message, { role: "alert", id: "form-wrong" });
    (label || form.querySelector(".pd-r-formend")).append(said);
    const control = label?.querySelector("input, textarea, select");
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", "form-wrong");
    (control || said).focus?.();
    said.scrollIntoView({ block: "nearest" });
  }

  // Opens the form; made(study) once the server keeps it. What was typed stays until then.
  P.ranking.form = function (made) {
    P.dialog(say("form_title"), (box, dialog) => {
      const form = el("form", "pd-r-form", undefined, { novalidate: true });
      const end = el("div", "pd-row pd-r-formend"), go = el("button", "pd-primary", say("form_make"), { type: "submit" });
      end.append(go);
      form.append(...fields(), end);
      const draft = P.memory.get("study-form") || {};
      for (const [name, value] of Object.entries(draft)) {
        const control = form.elements.namedItem(name);
        if (control && "value" in control && control.type !== "checkbox") control.value = value;
      }
      for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = (draft.ticked || FIRST).includes(box.value);
      function fit() {
        const source = form.elements.namedItem("source").value;
        const shown = { runs: source === "runs", most: source === "informative", random: source === "informative", next: source !== "informative", gold: source !== "informative" };
        for (const [name, on] of Object.entries(shown)) form.querySelector(`[data-field="${name}"]`).hidden = !on;
      }
      function keep() {
        const typed = [...form.elements].filter((one) => one.name && one.type !== "checkbox").map((one) => [one.name, one.value]);
        const ticked = [...form.querySelectorAll("[type=checkbox]:checked")].map((box) => box.value);
        P.memory.set("study-form", { ...Object.fromEntries(typed), ticked });
      }
      form.addEventListener("input", (event) => {
        fit();
        const blind = event.target.name === "two_phases" && event.target.checked ? ["cost", "latency"] : [];
        for (const name of blind) form.querySelector(`[name=hidden][value=${name}]`).checked = true;
        keep();
      });
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        go.disabled = true;
        try {
          const study = await P.ranking.server.make(body(form));
          P.memory.drop("study-form");
          dialog.close();
          made(study);
        } catch (error) {
          if (!(error instanceof P.Problem)) throw error;
          complain(form, error);
        } finally {
          go.disabled = false;
        }
      });
      fit();
      box.append(form);
    }, { wide: true });
  };
})(window.Podium);
