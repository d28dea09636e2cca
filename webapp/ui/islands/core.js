// What all islands share: elements, words, badges, the one selection of the page, clocks and the theme.
(function (P) {
  "use strict";

  // Leads from this document to the root of the app; the desk lies one below it.
  P.home = document.documentElement.dataset.root ?? "../";

  // Text only ever enters the page through textContent.
  P.el = function (tag, className, text, attributes) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    return node;
  };

  // The same in a drawing; null leaves an attribute out.
  P.svg = function (tag, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value !== null) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };

  P.button = function (className, text, onClick, attributes) {
    const node = P.el("button", className, text, { type: "button", ...attributes });
    node.addEventListener("click", onClick);
    return node;
  };

  // Text to the clipboard; gives whether it is there. Browsers offer the new way only with TLS or on this machine, and
  // outside an open dialog nothing can be selected.
  P.copy = async function (text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const before = document.activeElement, area = P.el("textarea", "pd-quiet", undefined, { "aria-hidden": "true" });
      area.value = text;
      (document.querySelector("dialog[open]") ?? document.body).append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      before?.focus?.();
      return done;
    }
  };

  P.copyButton = function (text) {
    const button = P.button("pd-small", P.say("copy"), async () => {
      button.textContent = P.say((await P.copy(text)) ? "copied" : "copy_failed");
      setTimeout(() => (button.textContent = P.say("copy")), 2000);
    }, { "aria-live": "polite" });
    return button;
  };

  P.say = function (key, fill) {
    const words = P.words[key];
    if (words === undefined) throw new Error(`no words for ${key}`);
    return words.replace(/\{(\w+)\}/g, (whole, name) => (fill && name in fill ? fill[name] : whole));
  };

  P.coloured = function (node, alias) {
    node.style.setProperty("--c", `var(--pd-a-${P.aliases.includes(alias) ? alias : "orchestrator"})`);
    return node;
  };

  P.badge = function (who) {
    const known = who || { alias: "orchestrator", code: "?", shape: "round" };
    const node = P.el("span", "pd-badge", known.code, { "data-shape": known.shape, title: known.alias });
    return P.coloured(node, known.alias);
  };

  P.simulated = function () {
    return P.el("span", "pd-sim", P.say("simulated"), { title: P.say("simulated_title") });
  };

  // A mark on what was fetched from the web: it is data, whatever it says.
  P.fromWeb = function (host) {
    const node = P.el("span", "pd-web", P.say("web"), { title: P.say("web_title") });
    if (host) node.append(" ", P.el("span", "pd-web-host", host));
    return node;
  };

  // What scrolls can be reached by keyboard; what fits is no stop on the way.
  P.reachable = function (node) {
    for (const box of node.querySelectorAll(".pd-pre, .pd-long, .pd-docs p, .pd-judged, .pd-answer-text")) {
      if (box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    }
  };

  P.empty = function (title, text) {
    const node = P.el("div", "pd-empty");
    const steps = P.el("div", "pd-podium", undefined, { "aria-hidden": "true" });
    steps.append(P.el("i"), P.el("i"), P.el("i"));
    node.append(steps, P.el("h3", "", title), P.el("p", "", text));
    return node;
  };

  P.fact = function (name, value, className) {
    const node = P.el("div", `pd-fact ${className || ""}`);
    node.append(P.el("span", "pd-fact-name", name), P.el("span", "pd-fact-value", value));
    return node;
  };

  // The address holds what is shown, so that a reload, a link and the back button give it again.
  P.address = {
    get: (name) => new URLSearchParams(window.location.search).get(name),
    set(change, { push = false } = {}) {
      const here = new URL(window.location.href);
      for (const [name, value] of Object.entries(change)) {
        if (value === null || value === undefined || value === "") here.searchParams.delete(name);
        else here.searchParams.set(name, value);
      }
      if (here.href !== window.location.href) window.history[push ? "pushState" : "replaceState"](null, "", here);
    },
    onBack: (listener) => window.addEventListener("popstate", listener),
  };

  // One selection for the whole page, so that a bar, a row and a point mean the same step. The address has it too.
  const named = P.address.get("step");
  P.selection = { alternative: P.address.get("alternative"), step: /^\d+$/.test(named ?? "") ? Number(named) : null };
  P.select = function (change) {
    Object.assign(P.selection, change);
    P.address.set(P.selection);
    document.dispatchEvent(new CustomEvent("podium:select", { detail: { ...P.selection } }));
  };
  P.onSelect = function (element, listener) {
    const listen = (event) => {
      if (element.isConnected) listener(event.detail);
      else document.removeEventListener("podium:select", listen);
    };
    document.addEventListener("podium:select", listen);
  };

  // Clocks tick in the browser; the server's own time corrects for a browser whose clock is off.
  P.clockOffset = 0;
  P.clock = function (className, sinceMs) {
    return P.el("span", `pd-clock ${className || ""}`, P.seconds(sinceMs), { "data-since": sinceMs });
  };
  P.seconds = function (sinceMs) {
    const seconds = Math.max(0, (Date.now() - P.clockOffset - sinceMs) / 1000);
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  };
  setInterval(() => {
    for (const clock of document.querySelectorAll(".pd-clock[data-since]")) {
      clock.textContent = P.seconds(Number(clock.dataset.since));
    }
  }, 200);

  // A moment in the zone of whoever looks; the title has the zone and the exact time.
  P.when = function (iso) {
    const moment = new Date(iso);
    const near = moment.toLocaleString(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    return P.el("time", "", near, { datetime: iso, title: moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" }) });
  };

  P.memory = {
    get(key) {
      try { return JSON.parse(localStorage.getItem(`podium:${key}`)); } catch { return null; }
    },
    set(key, value) {
      try { localStorage.setItem(`podium:${key}`, JSON.stringify(value)); } catch { /* private browsing */ }
    },
    drop(key) {
      try { localStorage.removeItem(`podium:${key}`); } catch { /* private browsing */ }
    },
  };

  P.isDark = () => document.body.classList.contains("dark");
  P.setDark = function (dark) {
    document.body.classList.toggle("dark", dark);
    document.dispatchEvent(new CustomEvent("podium:theme"));
  };
  // What somebody chooses stays; the button says what it would bring.
  P.turnTheme = function () {
    P.setDark(!P.isDark());
    P.memory.set("theme", P.isDark() ? "dark" : "light");
  };
  P.themeButton = function () {
    const node = P.button("pd-small pd-theme", "", P.turnTheme, { "aria-label": P.say("theme"), title: P.say("theme") });
    const name = () => (node.textContent = P.isDark() ? `☀ ${P.say("light")}` : `☾ ${P.say("dark")}`);
    document.addEventListener("podium:theme", name);
    name();
    return node;
  };

  P.linkTo = function (run) {
    if (!run || P.address.get("run") === run) return;
    P.address.set({ run, alternative: null, step: null });
  };

  // Links of the navigation take along what is shown here, as the address has it when somebody is about to follow one.
  P.shown = () => Object.fromEntries(["run", "alternative", "step"].map((name) => [name, P.address.get(name)]));
  function carry(event) {
    const link = event.target.closest?.(".pd-nav a:not([aria-current])");
    if (!link) return;
    const { run, alternative, step } = P.shown(), there = new URL(link.href);
    const id = alternative?.length > 2 && alternative !== "all" ? { alternative } : {}; // A label means nothing elsewhere.
    const whole = { run, ...id, ...(id.alternative && /^\d+$/.test(step ?? "") ? { step } : {}) };
    const { run: _, alternative: trajectory, ...rest } = whole;
    const carried = { ui: whole, stage: whole, runs: trajectory ? { trajectory, ...rest } : { run } }[there.pathname.split("/").filter(Boolean).at(-1)];
    there.search = run && carried ? new URLSearchParams(carried) : "";
    link.href = there.href;
  }
  for (const kind of ["pointerdown", "focusin", "click"]) document.addEventListener(kind, carry, true);

  // Ctrl+Enter (or Cmd+Enter) in the query box asks, whatever its height.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (event.target instanceof Element && event.target.closest("#query")) {
      event.preventDefault();
      document.querySelector("#ask")?.click();
    }
  });
})((window.Podium = window.Podium || {}));
