// What is set on Tune: weights, rule, prices and what is compared. The address has all of it.
(function (P) {
  "use strict";
  const { say } = P;
  const MAIN = ["accuracy", "cost", "latency"];
  const BALANCED = { accuracy: 1, cost: 0.5, latency: 0.5, tools: {} };
  const SETTLED_MS = 160;

  const T = (P.tune = { MAIN, known: null, profiles: [], setting: null, gated: true, ungraded: "if correct", prices: "", against: null });

  const listeners = {};
  T.on = (event, act) => (listeners[event] ??= []).push(act);
  T.emit = (event, detail) => (listeners[event] || []).forEach((act) => act(detail));

  const within = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1e6) / 1e6;
  T.copy = (one) => ({ ...one, tools: { ...one.tools } });
  T.same = (one, other) => JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
  function ordered(one) {
    const tools = Object.entries(one.tools || {}).filter(([, weight]) => weight > 0).sort();
    return [...MAIN.map((name) => one[name]), tools];
  }

  T.weight = (name, of = T.setting) => (MAIN.includes(name) ? of[name] : of.tools[name] ?? 0);
  T.number = (value) => String(Math.round(value * 1e4) / 1e4);
  T.named = (name) => (MAIN.includes(name) ? say(`tune_${name}`) : name === "orchestrator" ? say("tune_orchestrator") : name);
  T.weightsInWords = (of) =>
    [...MAIN, ...Object.keys(of.tools || {}).filter((alias) => of.tools[alias] > 0)].map((name) => `${T.named(name)} ${T.number(T.weight(name, of))}`).join(", ");

  // One weight moves: everything quick follows at once, everything slow and the address when it rests.
  let resting = null;
  T.move = function (name, value) {
    const moved = within(value);
    if (moved === T.weight(name)) return;
    if (MAIN.includes(name)) T.setting[name] = moved;
    else if (moved > 0) T.setting.tools[name] = moved;
    else delete T.setting.tools[name];
    T.emit("weights", name);
    T.rest();
  };
  T.rest = function () {
    clearTimeout(resting);
    resting = setTimeout(T.settle, SETTLED_MS);
  };
  T.settle = function (push = false) {
    clearTimeout(resting);
    T.keepAddress(push === true);
    T.emit("settled");
  };

  // All weights at once, with a way back.
  T.adopt = function (preference, words, { undo = true } = {}) {
    const before = T.copy(T.setting);
    T.setting = T.copy({ ...BALANCED, ...preference });
    for (const alias of Object.keys(T.setting.tools)) if (!(T.setting.tools[alias] > 0)) delete T.setting.tools[alias];
    T.emit("weights", null);
    T.settle(true);
    if (undo && !T.same(before, T.setting)) {
      P.notice(words, { action: say("undo"), act: () => T.adopt(before, say("tune_unset"), { undo: false }) });
    }
  };

  T.change = function (values) {
    Object.assign(T, values);
    T.emit("weights", null);
    T.settle();
  };

  // What every request says.
  T.body = (preference = T.setting) => ({ preference, gated: T.gated, ungraded: T.ungraded, prices: T.prices });

  // --- The address ---
  T.keepAddress = function (push) {
    const change = Object.fromEntries(MAIN.map((name) => [name, T.number6(T.setting[name])]));
    for (const { alias } of T.known?.aliases || []) change[alias] = null;
    for (const [alias, weight] of Object.entries(T.setting.tools)) change[alias] = T.number6(weight);
    change.gate = T.gated ? null : "off";
    change.ungraded = T.ungraded === "left out" ? "left-out" : null;
    change.prices = T.prices || null;
    change.against = T.against ? T.against.key : null;
    P.address.set(change, { push });
  };
  T.number6 = (value) => String(Math.round(value * 1e6) / 1e6);

  function read(name, otherwise) {
    const said = P.address.get(name);
    const value = said === null || said.trim() === "" ? NaN : Number(said);
    return Number.isFinite(value) && value >= 0 && value <= 1 ? within(value) : otherwise;
  }
  T.readAddress = function () {
    T.setting = { tools: {} };
    for (const name of MAIN) T.setting[name] = read(name, BALANCED[name]);
    for (const alias of P.aliases) {
      const weight = read(alias, 0);
      if (weight > 0 && alias !== "orchestrator") T.setting.tools[alias] = weight;
    }
    T.gated = P.address.get("gate") !== "off";
    T.ungraded = P.address.get("ungraded") === "left-out" ? "left out" : "if correct";
    T.prices = P.address.get("prices") || "";
  };

  // --- Settings by a key that a link can hold: a preset's name, profile:NAME@3, vector:1,0.5,0.5,answer-1*0.2 ---
  T.vectorKey = function (of) {
    const tools = Object.entries(of.tools).map(([alias, weight]) => `${alias}*${T.number6(weight)}`);
    return `vector:${[...MAIN.map((name) => T.number6(of[name])), ...tools].join(",")}`;
  };
  T.profileKey = (profile) => `profile:${profile.name}@${profile.version}`;
  T.namedSetting = async function (key) {
    if (!key) return null;
    if (key.startsWith("vector:")) return vector(key);
    if (!key.startsWith("profile:")) {
      const preference = T.known.presets[key];
      return preference ? { key, name: key, preference } : null;
    }
    const at = key.lastIndexOf("@");
    const name = key.slice("profile:".length, at), version = Number(key.slice(at + 1));
    const here = T.profiles.find((one) => one.name === name && one.version === version);
    const found = here || (await P.api(`/profiles/${encodeURIComponent(name)}`)).versions.find((one) => one.version === version);
    return found ? { key, name: say("tune_profile_version", found), preference: found.preference } : null;
  };
  function vector(key) {
    const parts = key.slice("vector:".length).split(",");
    const preference = { tools: {} };
    MAIN.forEach((name, place) => (preference[name] = within(Number(parts[place]) || 0)));
    for (const part of parts.slice(3)) {
      const [alias, weight] = part.split("*");
      if (P.aliases.includes(alias) && Number(weight) > 0) preference.tools[alias] = within(Number(weight));
    }
    return { key, name: say("tune_pinned", { weights: MAIN.map((name) => T.number(preference[name])).join(" / ") }), preference };
  }
  T.compareWith = async function (key) {
    try {
      T.against = await T.namedSetting(key);
    } catch (error) {
      T.against = null;
      P.failed(error);
    }
    T.emit("against");
    T.settle();
  };
})(window.Podium);
