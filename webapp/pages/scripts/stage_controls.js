// How a talk is driven: keys, buttons, a slider, a finger. Buttons and hints fade while nobody touches anything.
(function (P) {
  "use strict";
  const { el, say } = P;
  const IDLE_MS = 4_000;
  const HINTS_MS = 12_000;

  // Drawn here, because not every font has such signs.
  const ICONS = {
    previous: "M14 4 5 10l9 6z", play: "M5 3v14l12-7z", pause: "M4 3h4v14H4zM12 3h4v14h-4z", next: "M5 4v12l8-6zM14 4h2.5v12H14z",
    all: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z", leave: "M8.5 2h3v7H15l-5 5-5-5h3.5zM3 15.5h14V18H3z",
    theme: "M12.5 2.6A8 8 0 1 0 17.6 13 6.6 6.6 0 0 1 12.5 2.6z", full: "M2 2h6v2.4H4.4V8H2zM12 2h6v6h-2.4V4.4H12zM2 12h2.4v3.6H8V18H2zM15.6 12H18v6h-6v-2.4h3.6z",
  };
  function icon(name) {
    const root = P.svg("svg", { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" });
    root.append(P.svg("path", { d: ICONS[name], fill: "currentColor" }));
    return root;
  }

  // A button pressed by mouse or finger gives the focus back, so that Space means play again.
  function press(sign, label, act) {
    const node = P.button("st-press", sign in ICONS ? null : sign, (event) => {
      act();
      if (event.detail > 0) node.blur();
    }, { "aria-label": label, title: label });
    if (sign in ICONS) node.append(icon(sign));
    return node;
  }

  P.fullScreen = function () {
    if (document.fullscreenElement) return document.exitFullscreen();
    return document.documentElement.requestFullscreen?.().catch(() => P.notice(say("stage_no_full")));
  };

  P.controls = function (player, acts) {
    const node = el("div", "st-controls", undefined, { role: "toolbar", "aria-label": say("stage_controls") });
    const play = press("play", say("stage_play"), player.toggle);
    const slider = el("input", "st-slider", undefined, { type: "range", min: 0, step: 1, "aria-label": say("stage_position") });
    slider.addEventListener("input", () => player.go(Number(slider.value)));
    slider.addEventListener("pointerup", () => slider.blur());
    const labels = el("span", "st-labels", undefined, { role: "group", "aria-label": say("stage_alternatives") });
    const speed = press("1×", say("stage_speed"), () => player.faster(player.state.speed >= 4 ? -6 : 1));
    const metric = press("$", say("stage_metric"), player.measure);
    const hints = el("span", "st-hints", say("stage_hints"), { "aria-hidden": "true" });
    const all = press("all", say("stage_overview"), player.overview);
    node.append(press("previous", say("stage_previous"), player.previous), play, press("next", say("stage_next"), player.next), labels, all, slider, hints, speed, metric);
    for (const [text, words, act] of acts) node.append(press(text, words, act));
    setTimeout(() => hints.classList.add("st-gone"), HINTS_MS);

    function choices() {
      const { alternatives } = player.talk;
      if (labels.childElementCount !== alternatives.length) {
        labels.replaceChildren(...alternatives.map((one, at) => press(one.label, say("stage_choose", { label: one.label, name: one.name }), () => player.choose(at))));
      }
      labels.hidden = all.hidden = alternatives.length < 2;
      hints.hidden = alternatives.length > 6; // their buttons need the room
      [...labels.children].forEach((button, at) => button.setAttribute("aria-pressed", String(at === player.state.place && !player.state.all)));
      all.setAttribute("aria-pressed", String(player.state.all));
    }

    return {
      node,
      show() {
        const { state } = player, one = player.alternative();
        choices();
        play.replaceChildren(icon(state.playing ? "pause" : "play"));
        play.setAttribute("aria-label", say(state.playing ? "stage_pause" : "stage_play"));
        slider.max = player.last();
        slider.value = state.at;
        const called = one.steps[state.at - 1];
        const where = state.at === 0 ? say("stage_question") : player.atEnd() ? say("stage_end") : say("stage_step_of", { number: state.at, count: one.steps.length });
        slider.setAttribute("aria-valuetext", called ? `${where}: ${called.who?.alias ?? say("no_call")}` : where);
        speed.textContent = `${state.speed}×`;
        metric.textContent = state.metric === "cost" ? "$" : "s";
      },
    };
  };

  // On a button or link, Space and Enter press it; a tick and a choice have their own keys.
  const elsewhere = (event) => !event.target.closest?.("button, a, summary, select, input:not([type=range])");

  P.stageKeys = function (player, own) {
    const many = () => player.talk.alternatives.length > 1;
    P.keys([
      { key: " ", shown: [say("stage_space")], words: say("stage_play_pause"), when: elsewhere, act: player.toggle },
      { key: "ArrowRight", shown: ["→", "PageDown"], words: say("stage_next"), act: player.next },
      { key: "PageDown", act: player.next },
      { key: "ArrowLeft", shown: ["←", "PageUp"], words: say("stage_previous"), act: player.previous },
      { key: "PageUp", act: player.previous },
      { key: "Home", words: say("stage_home"), act: () => player.go(0) },
      { key: "End", words: say("stage_to_end"), act: () => player.go(player.last()) },
      { key: "0", shown: ["0", "o"], words: say("stage_overview"), when: many, act: player.overview },
      { key: "o", when: many, act: player.overview },
      { key: "1", shown: ["1", "…", "9"], words: say("stage_choose_key"), when: () => false, act() {} },
      { key: "!", shown: ["⇧ 1", "…", "⇧ 9"], words: say("stage_jump_key"), when: () => false, act() {} },
      { key: "+", shown: ["+", "−"], words: say("stage_speed_key"), act: () => player.faster(1) },
      { key: "=", act: () => player.faster(1) },
      { key: "-", act: () => player.faster(-1) },
      { key: "m", words: say("stage_metric"), act: player.measure },
      { key: "f", words: say("stage_full"), act: P.fullScreen },
      { key: "c", words: say("theme"), act: P.turnTheme },
      { key: "b", words: say("stage_blank"), act: () => document.body.classList.toggle("st-blank") },
      { key: ".", act: () => document.body.classList.toggle("st-blank") },
      ...own,
    ]);
    // Digits by their place on the keyboard, because Shift changes what they write. With one alternative they jump.
    document.addEventListener("keydown", (event) => {
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0];
      if (!digit || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.target.closest?.("textarea, select, input:not([type=range])")) return;
      event.preventDefault();
      if (event.shiftKey || !many()) player.go(Number(digit));
      else player.choose(Number(digit) - 1);
    });
  };

  // A finger that wipes sideways turns a step.
  P.wipes = function (node, player) {
    let start = null;
    node.addEventListener("touchstart", (event) => {
      start = event.touches.length === 1 && !event.target.closest("input, dialog, .pd-scroll") ? event.touches[0] : null;
    }, { passive: true });
    node.addEventListener("touchend", (event) => {
      if (!start) return;
      const across = event.changedTouches[0].clientX - start.clientX, down = event.changedTouches[0].clientY - start.clientY;
      start = null;
      if (Math.abs(across) < 50 || Math.abs(across) < 2 * Math.abs(down)) return;
      if (across < 0) player.next();
      else player.previous();
    }, { passive: true });
  };

  // The class `st-idle` while nobody moves anything and the talk plays or fills the screen.
  P.idles = function (node, player) {
    let timer = null;
    const wake = () => {
      node.classList.remove("st-idle");
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (player.state.playing || document.fullscreenElement) node.classList.add("st-idle");
        else wake();
      }, IDLE_MS);
    };
    for (const name of ["pointermove", "pointerdown", "keydown", "touchstart", "focusin"]) document.addEventListener(name, wake, { passive: true });
    wake();
  };
})((window.Podium = window.Podium || {}));
