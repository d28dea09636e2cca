// The keys of a ballot, beside those of the ranking list (`rank_keys.js`).
(function (P) {
  "use strict";
  const { say, ranking } = P;

  // A letter in either case; only one of the two is listed.
  const letter = (key, words, act, when) => [
    { key, words, act, when, shown: [key.toUpperCase()] },
    { key: key.toUpperCase(), act, when },
  ];
  const once = (act) => (event) => event.repeat || act(); // A key that is held does it once.
  const told = (shown, words) => ({ key: null, shown, words: say(words) });

  ranking.bind = function (screen) {
    const { steps } = ranking;
    const active = () => screen.active();
    const onStep = () => Boolean(steps.focused());
    const key = (name, words, act, when = active) => letter(name, say(words), act, when);
    P.keys([
      told(["1", "…", "9"], "key_place"),
      told(["↑", "↓"], "key_move"),
      told(["="], "key_tie"),
      told(["-"], "key_line"),
      told(["0"], "key_none"),
      told(["U"], "key_unrank"),
      told(["Enter"], "key_send"),
      ...key("s", "key_skip", once(screen.skip)),
      ...key("f", "key_flag", once(screen.flag)),
      ...key("z", "key_undo", once(screen.undo), () => true),
      ...key("l", "key_mine", screen.mine, () => true),
      ...key("i", "key_guidelines", screen.guidelines, () => true),
      ...key("r", "key_reason", () => screen.opinion().reason.focus()),
      ...key("t", "key_tags", () => screen.opinion().tags.querySelector("button")?.focus()),
      told(["⇧1", "…", "⇧9"], "key_tag"),
      ...key("j", "key_next_step", () => steps.walk(screen.root(), 1)),
      ...key("k", "key_previous_step", () => steps.walk(screen.root(), -1)),
      ...key("n", "key_needless", () => steps.mark("needless"), onStep),
      ...key("w", "key_wrong", () => steps.mark("wrong"), onStep),
      ...key("g", "key_good", () => steps.mark("good"), onStep),
    ]);

    document.addEventListener("keydown", (event) => {
      const opinion = active() && screen.opinion();
      if (!opinion || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const field = event.target === opinion.reason;
      if (field && (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey))) {
        event.preventDefault();
        opinion.reason.blur();
        if (event.key === "Enter") opinion.send.click();
      } else if (!field && event.key === "Escape" && steps.focused()) document.activeElement.blur();
      const digit = event.shiftKey && !/^[0-9]$/.test(event.key) && /^Digit([1-9])$/.exec(event.code);
      const typed = event.target.closest?.("input, textarea, select");
      if (digit && !typed && event.key !== "=") {
        event.preventDefault();
        opinion.toggleTag(Number(digit[1]) - 1);
      }
    });
  };
})(window.Podium);
