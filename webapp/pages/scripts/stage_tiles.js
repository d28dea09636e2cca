// The verdict, the four tiles with their counters, and what is being said now.
(function (P) {
  "use strict";
  const { el, say } = P;
  const MARKS = { solved: "✓", unsolved: "✕", ungraded: "?", none: "–" };
  const COUNTS_MS = 700;
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  P.stageVerdict = function (verdict) {
    const node = el("span", "st-verdict", undefined, { "data-verdict": verdict.verdict });
    node.append(el("b", "", MARKS[verdict.verdict], { "aria-hidden": "true" }), el("span", "", verdict.words));
    return node;
  };

  // A number that runs from one amount to the next with the decimals of the next.
  function counter(node) {
    let shown = 0, frame = null;
    return (value, words, running) => {
      cancelAnimationFrame(frame);
      const from = shown;
      shown = value;
      const decimals = /^\$(\d[\d,]*)\.?(\d*)$/.exec(words)?.[2].length;
      if (!running || still() || decimals === undefined || value <= from) {
        node.textContent = words;
        return;
      }
      const began = performance.now();
      const tick = (now) => {
        const part = Math.min(1, (now - began) / COUNTS_MS);
        node.textContent = part < 1 ? `$${(from + (value - from) * part).toFixed(decimals)}` : words;
        if (part < 1) frame = requestAnimationFrame(tick);
      };
      frame = requestAnimationFrame(tick);
    };
  }

  function tile(name, className) {
    const node = el("div", `st-tile ${className}`);
    const parts = { value: el("div", "st-value"), more: el("div", "st-more") };
    node.append(el("h2", "st-name", name), parts.value, parts.more);
    return { node, ...parts };
  }

  // How large a text may be written where it must not be cut.
  P.stageLength = (text) => (text.length > 90 ? "long" : text.length > 12 ? "some" : "short");

  P.tiles = function (player) {
    const node = el("div", "st-tiles");
    const answer = tile(say("stage_answer"), "st-answer"), money = tile(say("stage_dollars"), "st-dollars");
    const time = tile(say("stage_seconds"), "st-seconds"), models = tile(say("stage_models"), "st-models");
    const count = counter(money.value);
    node.append(answer.node, money.node, time.node, models.node);

    function strongest({ words, why, short, kind, percent }) {
      money.node.dataset.kind = kind;
      money.more.replaceChildren(el(percent ? "b" : "span", "", words));
      if (why) money.more.append(el("span", "st-why", short ?? why, { title: why }));
    }

    return {
      node,
      show() {
        const one = player.alternative(), ended = player.ended(), over = player.atEnd();
        const far = over ? one.total : ended > 0 ? one.steps[ended - 1].so_far : { usd: "0", cost: "$0", seconds: "0 s" };
        const called = over ? one.models : ended > 0 ? one.steps[ended - 1].so_far.models : [];
        const answered = over || (ended === one.steps.length && ended > 0);
        const text = answered ? one.answer ?? say("stage_no_answer") : "…";
        answer.value.textContent = text;
        answer.value.title = text;
        answer.value.dataset.length = P.stageLength(text);
        answer.more.textContent = over && one.reference && one.reference !== one.answer ? say("stage_reference", { answer: one.reference }) : "";
        count(Number(far.usd), far.cost, player.state.playing);
        if (over) strongest(one.strongest);
        else money.more.textContent = say("stage_so_far");
        time.value.textContent = far.seconds;
        time.more.textContent = over ? say(one.steps.length === 1 ? "stage_step" : "stage_steps", { count: one.steps.length }) : say("stage_so_far");
        models.value.textContent = called.length;
        models.more.textContent = called.join(", ");
        models.more.title = called.join(", ");
      },
    };
  };

  function line(name, words, className) {
    const node = el("p", `st-said ${className || ""}`);
    node.append(el("span", "st-name", name), el("span", "st-words", words, { title: words }));
    return node;
  }

  // One line of what the orchestrator thinks, whom it calls, and the gist of what came back.
  P.saidNow = function (player) {
    const node = el("div", "st-now", undefined, { role: "status", "aria-live": "polite" });
    let shown = "";

    function question() {
      return [line(say("stage_question"), player.talk.query, "st-asked"), line(say("stage_routes"), player.talk.policy)];
    }

    function step(one, number) {
      const row = one.steps[number - 1], called = el("p", "st-called");
      called.append(P.badge(row.who), el("b", "", row.who ? say("stage_calls", { alias: row.who.alias }) : say("no_call")));
      if (row.model) called.append(el("span", "st-soft", row.model));
      if (row.simulated) called.append(P.simulated());
      const why = line(say("stage_thinks"), row.why || say("stage_silent"), "st-thought");
      const back = player.state.back
        ? line(row.error ? say("stage_error") : say("stage_back"), row.error || row.gist || say("nothing"), row.error ? "st-bad" : "")
        : line(say("stage_back"), say("stage_waits"), "st-faint");
      return [called, why, back];
    }

    function verdict(one) {
      const lines = [line(say("stage_end"), [one.verdict.words, one.state_words, one.verdict.by].filter(Boolean).join(" · "))];
      lines.push(line(say("stage_strongest_name"), [one.strongest.words, one.strongest.why].filter(Boolean).join(" · ")));
      if (player.talk.alternatives.length > 1) lines.push(line(say("stage_all"), player.talk.overview));
      return lines;
    }

    return {
      node,
      show() {
        const one = player.alternative(), { at, back } = player.state;
        const key = `${one.id} ${at} ${back} ${one.steps.length} ${one.state_words}`;
        if (key === shown) return;
        shown = key;
        node.replaceChildren(...(at === 0 ? question() : player.atEnd() ? verdict(one) : step(one, at)));
      },
    };
  };
})((window.Podium = window.Podium || {}));
