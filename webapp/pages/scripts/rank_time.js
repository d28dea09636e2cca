// Active time: seconds in which the tab is visible and somebody does something, given to the alternative that is looked at.
// That is the one under the pointer or in focus, whichever was last; else the one opened last.
(function (P) {
  "use strict";
  const IDLE_MS = 20_000, TICK_MS = 250;
  const MOVED = ["pointermove", "pointerdown", "wheel", "scroll", "keydown", "touchmove"];
  let seconds = {}, label = null, active = 0, before = performance.now();

  const labelOf = (node) => node?.closest?.("[data-column], :is(.pd-card, .pd-diff-cell, .pd-diff-step)[data-label]");
  function look(event) {
    const found = labelOf(event.target);
    if (found) label = found.dataset.column || found.dataset.label;
  }

  for (const kind of MOVED) document.addEventListener(kind, () => (active = performance.now()), { capture: true, passive: true });
  document.addEventListener("pointerover", look, { passive: true });
  document.addEventListener("focusin", look);

  setInterval(() => {
    const now = performance.now(), passed = Math.min(now - before, 4 * TICK_MS);
    before = now;
    if (!label || document.hidden || now - active > IDLE_MS) return;
    seconds[label] = (seconds[label] || 0) + passed / 1000;
  }, TICK_MS);

  P.ranking.time = {
    begin(known = {}) {
      seconds = { ...known };
      label = null;
      active = before = performance.now();
    },
    // {"A": 3.2} of those that were looked at.
    spent: () => Object.fromEntries(Object.entries(seconds).map(([one, value]) => [one, Math.round(value * 10) / 10]).filter(([, value]) => value > 0)),
    isActive: () => performance.now() - active < IDLE_MS && !document.hidden,
  };
})(window.Podium);
