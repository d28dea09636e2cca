// The left side of Tune: where to start from, a slider for each weight, the rule, and what to compare with.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const rows = new Map();
  let touched = "cost";

  T.touched = () => touched;
  T.touch = (name) => (touched = name);
  T.rows = rows;

  function row(name) {
    const id = `weight-${name}`, words = T.named(name);
    const node = el("div", "pd-weight", undefined, { "data-weight": name });
    const head = el("div", "pd-weight-head");
    const label = el("label", "pd-weight-name", undefined, { for: id });
    const who = T.known.aliases.find((one) => one.alias === name);
    if (who) label.append(P.badge(who));
    label.append(words);
    const number = el("input", "pd-weight-number", undefined, { type: "number", min: 0, max: 1, step: "any", inputmode: "decimal", "aria-label": say("tune_value", { name: words }) });
    head.append(label, number);
    const range = el("input", "pd-weight-range", undefined, { type: "range", id, min: 0, max: 1, step: "any" });
    const flips = T.flipTrack(name);
    node.append(head, range, flips.track, flips.foot);
    const one = { node, range, number, flips };
    rows.set(name, one);
    range.addEventListener("input", () => T.move(name, Math.round(Number(range.value) * 100) / 100));
    range.addEventListener("change", () => T.settle());
    range.addEventListener("keydown", (event) => keyed(event, name));
    number.addEventListener("change", () => typed(name, number));
    for (const part of [range, number]) part.addEventListener("focus", () => (touched = name));
    range.addEventListener("pointerdown", () => (touched = name));
    return node;
  }

  // Arrows step by a hundredth, with Page by a tenth, from wherever a flip has left the weight.
  const STEPS = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 };
  function keyed(event, name) {
    const step = STEPS[event.key];
    const end = { Home: 0, End: 1 }[event.key];
    if ((step === undefined && end === undefined) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    T.move(name, end ?? Math.round((T.weight(name) + step) * 100) / 100);
  }

  function typed(name, number) {
    const value = Number(number.value.replace(",", "."));
    if (number.value.trim() === "" || !Number.isFinite(value)) shown(name);
    else {
      T.move(name, value);
      shown(name);
    }
  }

  function shown(name) {
    const one = rows.get(name);
    if (!one) return;
    const value = T.weight(name);
    if (Math.abs(Number(one.range.value) - value) > 0.0051 || document.activeElement !== one.range || value !== Number(value.toFixed(2))) one.range.value = value;
    one.range.setAttribute("aria-valuetext", T.number(value));
    if (document.activeElement !== one.number || Number(one.number.value) !== value) one.number.value = T.number(value);
    one.flips.moved(value);
  }

  function options(select, extra, chosen) {
    select.replaceChildren(...extra);
    const group = (label, list) => {
      const node = el("optgroup", "", undefined, { label });
      for (const [key, words] of list) node.append(el("option", "", words, { value: key }));
      if (list.length) select.append(node);
    };
    group(say("tune_presets"), Object.keys(T.known.presets).map((name) => [name, name]));
    group(say("tune_profiles"), T.profiles.map((one) => [T.profileKey(one), say("tune_profile_version", one)]));
    if (chosen && ![...select.options].some((one) => one.value === chosen.key)) select.append(el("option", "", chosen.name, { value: chosen.key }));
    select.value = chosen ? chosen.key : "";
  }
  T.fillSettings = options;

  // The preset or profile that the sliders are at, if any.
  T.current = function () {
    const preset = Object.entries(T.known.presets).find(([, preference]) => T.same(preference, T.setting));
    if (preset) return { key: preset[0], name: preset[0] };
    const profile = T.profiles.find((one) => T.same(one.preference, T.setting));
    return profile ? { key: T.profileKey(profile), name: say("tune_profile_version", profile), profile } : null;
  };

  function starts() {
    const field = el("label", "pd-field");
    const select = el("select", "pd-select", undefined, { id: "tune-setting" });
    field.append(el("span", "", say("tune_start_from")), select);
    select.addEventListener("change", async () => {
      const chosen = await T.namedSetting(select.value).catch(P.failed);
      if (chosen) T.adopt(chosen.preference, say("tune_set_to", { name: chosen.name }));
    });
    const fill = () => options(select, [el("option", "", say("tune_own"), { value: "" })], T.current());
    T.on("profiles", fill);
    T.on("weights", () => (select.value = T.current()?.key ?? ""));
    fill();
    return field;
  }

  function comparison() {
    const field = el("label", "pd-field");
    const select = el("select", "pd-select", undefined, { id: "tune-against" });
    field.append(el("span", "", say("tune_compare_with")), select);
    const fill = () => {
      const extra = [el("option", "", say("tune_compare_none"), { value: "" }), el("option", "", say("tune_compare_pin"), { value: "pin" })];
      options(select, extra, T.against);
    };
    select.addEventListener("change", () => T.compareWith(select.value === "pin" ? T.vectorKey(T.setting) : select.value));
    T.on("profiles", fill);
    T.on("against", fill);
    fill();
    return field;
  }

  function aliases() {
    const fold = el("details", "pd-fold pd-weights-fold", undefined, { open: Object.keys(T.setting.tools).length > 0 });
    const title = el("summary");
    fold.append(title, el("p", "pd-note", say("tune_aliases_note")));
    const called = new Set(T.known.called);
    const known = [...T.known.aliases].sort((a, b) => called.has(b.alias) - called.has(a.alias));
    for (const one of known) fold.append(row(one.alias));
    const count = () => {
      const above = Object.keys(T.setting.tools).length;
      title.textContent = above ? say("tune_aliases_some", { count: above }) : say("tune_aliases");
    };
    fold.addEventListener("toggle", () => fold.open && T.emit("settled"));
    T.aliasesOpen = () => fold.open;
    T.on("weights", count);
    count();
    return fold;
  }

  function rule() {
    const fold = el("details", "pd-fold", undefined, { open: !T.gated || T.ungraded === "left out" });
    const gate = el("input", "", undefined, { type: "checkbox", id: "tune-gate", checked: T.gated });
    const line = el("label", "pd-check", undefined, { for: "tune-gate" });
    line.append(gate, say("tune_gate"));
    const field = el("label", "pd-field");
    const select = el("select", "pd-select", undefined, { id: "tune-ungraded" });
    for (const [value, words] of [["if correct", "tune_ungraded_if"], ["left out", "tune_ungraded_out"]]) select.append(el("option", "", say(words), { value }));
    select.value = T.ungraded;
    field.append(el("span", "", say("tune_ungraded")), select);
    gate.addEventListener("change", () => T.change({ gated: gate.checked }));
    select.addEventListener("change", () => T.change({ ungraded: select.value }));
    T.on("weights", () => {
      gate.checked = T.gated;
      select.value = T.ungraded;
    });
    fold.append(el("summary", "", say("tune_rule")), line, el("p", "pd-note", say("tune_gate_note")), field);
    return fold;
  }

  T.weightsPanel = function () {
    const panel = el("section", "pd-panel pd-tune-weights", undefined, { "aria-label": say("tune_weights") });
    const top = el("div", "pd-tune-top");
    top.append(starts(), P.button("pd-small pd-author", say("tune_save"), () => T.saveDialog(), { id: "tune-save" }));
    panel.append(top, ...T.MAIN.map(row), aliases(), comparison(), rule());
    T.on("weights", (name) => (name ? shown(name) : [...rows.keys()].forEach(shown)));
    [...rows.keys()].forEach(shown);
    return panel;
  };
})(window.Podium);
