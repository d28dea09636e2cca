// Keys of the ranking list. Letters and digits work wherever no text is being typed; the rest needs focus on a card.
(function (P) {
  "use strict";

  P.rankKeys = function (list) {
    const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

    function picked(key) {
      const labels = list.labels();
      if (/^[1-9]$/.test(key)) return labels[Number(key) - 1];
      return labels.includes(key.toUpperCase()) ? key.toUpperCase() : undefined;
    }

    function walk(label, direction) {
      const order = list.visible();
      const next = order[order.indexOf(label) + direction];
      if (next) list.cards.get(next).focus();
    }

    function arrow(event, label, direction) {
      if (event.altKey || list.grabbed() === label) list.step(label, direction);
      else walk(label, direction);
    }

    const actions = {
      ArrowUp: (event, label) => arrow(event, label, -1),
      ArrowDown: (event, label) => arrow(event, label, 1),
      " ": (event, label) => list.grab(label, list.grabbed() !== label),
      Escape: (event, label) => list.grabbed() && list.grab(label, "back"),
      "=": (event, label) => list.tie(label),
      "-": (event, label) => list.line(label),
      u: (event, label) => list.unrank(label),
      Enter: () => list.submit(),
    };

    function onKey(event) {
      if (!list.element.isConnected) return document.removeEventListener("keydown", onKey);
      if (!list.ready() || event.ctrlKey || event.metaKey || event.defaultPrevented || typing(event.target)) return undefined;
      const card = event.target.matches?.(".pd-card") && list.root.contains(event.target) ? event.target.dataset.label : null;
      const action = card && (actions[event.key] || actions[event.key.toLowerCase()]);
      const label = picked(event.key);
      if (label && !(card && action)) {
        event.preventDefault();
        list.pick(label);
      } else if (action) {
        event.preventDefault();
        action(event, card);
      }
      return undefined;
    }

    document.addEventListener("keydown", onKey);
  };
})((window.Podium = window.Podium || {}));
