// The filters: a form whose every change goes into the address, and chips that say what is set and take it back.
(function (P) {
  "use strict";
  const { el, say, runs } = P;
  const RANGES = [
    ["cost", "cost_min", "cost_max", "any", "$"], ["latency", "latency_min", "latency_max", "any", "s"],
    ["accuracy", "accuracy_min", "accuracy_max", "0.1", "P"], ["weight_cost", "weight_cost_min", "weight_cost_max", "0.1", "P"],
    ["weight_latency", "weight_latency_min", "weight_latency_max", "0.1", "P"],
  ];
  const YES_NO = ["simulated", "ranked", "priced"];

  function later(work, wait) {
    let timer = null;
    return (...all) => {
      clearTimeout(timer);
      timer = setTimeout(() => work(...all), wait);
    };
  }

  function field(name, control) {
    const label = el("label", "pd-field");
    label.append(el("span", "", say(`runs_f_${name}`)), control);
    return label;
  }

  function text(name, attributes) {
    const input = el("input", "", undefined, { name, ...attributes });
    input.addEventListener("change", () => input.checkValidity() && runs.change({ [name]: input.value.trim() }));
    return input;
  }

  function range([name, low, high, step, unit]) {
    const group = el("fieldset", "runs-range");
    const most = unit === "P" ? 1 : null;
    group.append(el("legend", "", say(`runs_f_${name}`)));
    for (const [key, word] of [[low, "runs_from"], [high, "runs_to"]]) {
      group.append(text(key, { type: "number", min: 0, max: most, step, inputmode: "decimal", placeholder: say(word), "aria-label": `${say(`runs_f_${name}`)}, ${say(word)}` }));
    }
    return group;
  }

  function dates() {
    const group = el("fieldset", "runs-range");
    group.append(el("legend", "", say("runs_f_date")));
    for (const [key, word] of [["since", "runs_from"], ["until", "runs_to"]]) {
      group.append(text(key, { type: "date", "aria-label": `${say("runs_f_date")}, ${say(word)}` }));
    }
    return group;
  }

  function select(name, options) {
    const node = el("select", "pd-select", undefined, { name });
    node.append(el("option", "", say("runs_any"), { value: "" }));
    for (const [value, words] of options) node.append(el("option", "", words, { value }));
    node.addEventListener("change", () => runs.change({ [name]: node.value }));
    return field(name, node);
  }

  function boxes(name, options) {
    const group = el("fieldset", "runs-boxes", undefined, { "data-name": name });
    group.append(el("legend", "", say(`runs_f_${name}`)));
    for (const [value, words, mark] of options) {
      const label = el("label", "runs-box", undefined, { title: words });
      const box = el("input", "", undefined, { type: "checkbox", name, value });
      box.addEventListener("change", () => runs.change({ [name]: [...group.querySelectorAll("input:checked")].map((one) => one.value) }));
      label.append(box, ...(mark ? [mark, el("span", "pd-quiet", words)] : [el("span", "", words)]));
      group.append(label);
    }
    return group;
  }

  // `choices` is what the server offers. Gives {node, show()}, which sets every control from the address.
  P.runsFilters = function (choices) {
    const form = el("form", "runs-filters", undefined, { "aria-label": say("runs_filters") });
    form.addEventListener("submit", (event) => event.preventDefault());
    const yesNo = [["true", say("runs_yes")], ["false", say("runs_no")]];
    form.append(
      boxes("alias", choices.aliases.map((who) => [who.alias, who.alias, P.badge(who)])),
      boxes("verdict", Object.entries(choices.verdicts)),
      range(RANGES[0]), range(RANGES[1]), dates(),
      select("preference", choices.preferences.map((name) => [name, name])),
      select("policy", choices.policies.map((one) => [one.policy, one.name])),
      select("stop", [...Object.entries(choices.stop_reasons), ["none", say("runs_not_ended")]]),
      ...YES_NO.map((name) => select(name, yesNo)),
    );
    const weights = el("details", "pd-fold");
    weights.append(el("summary", "", say("runs_weights")), ...RANGES.slice(2).map(range));
    form.append(weights);
    const fold = el("details", "runs-aside");
    const summary = el("summary", "runs-aside-title", say("runs_filters"));
    fold.append(summary, form);
    const wide = window.matchMedia("(min-width: 960px)");
    fold.open = wide.matches;
    wide.addEventListener("change", () => (fold.open = wide.matches));

    function show() {
      const params = runs.read();
      for (const input of form.elements) {
        if (!input.name || input === document.activeElement) continue;
        if (input.type === "checkbox") input.checked = params.getAll(input.name).includes(input.value);
        else input.value = params.get(input.name) || "";
      }
      if (RANGES.slice(2).some(([, low, high]) => params.get(low) || params.get(high))) weights.open = true;
      const count = runs.filters().filter(([name]) => name !== "words").length;
      summary.textContent = count ? say("runs_filters_set", { count }) : say("runs_filters");
    }
    return { node: fold, show };
  };

  P.runsSearchBox = function () {
    const box = el("input", "runs-search", undefined, { type: "search", name: "words", maxlength: 500, placeholder: say("runs_search_hint"), "aria-label": say("runs_search"), autocomplete: "off" });
    const seek = later(() => runs.change({ words: box.value.trim() }, { push: false }), 180);
    box.addEventListener("input", seek);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && box.value === "") box.blur();
      if (event.key === "Enter" || event.key === "ArrowDown") {
        event.preventDefault();
        if (event.key === "Enter") runs.change({ words: box.value.trim() }, { push: false });
        document.dispatchEvent(new CustomEvent("podium:torows"));
      }
    });
    box.show = () => {
      if (box !== document.activeElement) box.value = runs.read().get("words") || "";
    };
    return box;
  };

  // What is set, each with a button that takes it back.
  P.runsChips = function (node, choices) {
    const names = new Map(choices.policies.map((one) => [one.policy, one.name]));
    const said = { ...choices.verdicts, ...choices.stop_reasons, none: say("runs_not_ended"), true: say("runs_yes"), false: say("runs_no") };
    const chips = runs.filters().map(([name, value]) => {
      const shown = name === "run" ? value.slice(0, 8) : said[value] || names.get(value) || value;
      const words = say("runs_chip", { name: say(`runs_c_${name}`), value: shown });
      return P.button("pd-small runs-chip", `${words} ×`, () => {
        const rest = runs.read().getAll(name).filter((one) => one !== value);
        runs.change({ [name]: runs.LISTS.includes(name) ? rest : null });
      }, { "aria-label": say("runs_chip_drop", { words }) });
    });
    if (chips.length > 1) chips.push(P.button("pd-small", say("runs_clear"), () => runs.change(Object.fromEntries(runs.FILTERS.map((name) => [name, null])))));
    node.replaceChildren(...chips);
  };
})(window.Podium);
