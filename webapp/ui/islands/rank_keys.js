// Keys of the ranking list. Letters and digits work wherever no text is being typed; the rest needs focus on a card.
// Where the list is `free`, as on a page of its own, every key works everywhere and means the card placed last.
(function (P) {
  "use strict";

  P.rankKeys = function (list) {
    const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
    // What has keys of its own: buttons and links are pressed, rows of steps are walked.
    const pressed = (target) => target.closest?.("button, a, summary, [role=button]");

    function picked(event) {
      const labels = list.labels();
      const digit = /^[1-9]$/.test(event.key) ? event.key : atDigit(event);
      if (digit) return labels[Number(digit) - 1];
      const letter = event.key.toUpperCase();
      return labels.includes(letter) && !list.reserved().includes(letter) ? letter : undefined;
    }

    // Keyboards that need Shift for digits, such as the French one.
    function atDigit(event) {
      const found = list.free() && !event.shiftKey && !actions[event.key] && /^Digit([1-9])$/.exec(event.code);
      return found ? found[1] : null;
    }

    function walk(label, direction) {
      const order = list.visible();
      const next = order[order.indexOf(label) + direction];
      if (next) list.cards.get(next).focus();
    }

    function arrow(event, label, direction) {
      if (event.altKey || list.free() || list.grabbed() === label) list.step(label, direction);
      else walk(label, direction);
    }

    const actions = {
      ArrowUp: (event, label) => arrow(event, label, -1),
      ArrowDown: (event, label) => arrow(event, label, 1),
      ArrowLeft: (_, label) => list.free() && walk(label, -1),
      ArrowRight: (_, label) => list.free() && walk(label, 1),
      " ": (event, label) => list.grab(label, list.grabbed() !== label),
      Escape: (event, label) => list.grabbed() && list.grab(label, "back"),
      "=": (event, label) => list.tie(label),
      "-": (event, label) => list.line(label),
      0: () => list.none(),
      u: (event, label) => list.unrank(label),
      Enter: () => list.submit(),
    };
    const ANYWHERE = ["=", "-", "0", "u", "Enter"];

    // The card that a key means, and what it does; nothing where the key is somebody else's.
    function meant(event) {
      const card = event.target.matches?.(".pd-card") && list.root.contains(event.target) ? event.target.dataset.label : null;
      const key = actions[event.key] ? event.key : event.key.toLowerCase();
      if (card) return { label: card, action: actions[key] };
      if (!list.free() || !ANYWHERE.includes(key) || (key === "Enter" && pressed(event.target))) return {};
      const label = list.latest();
      return label || key === "0" || key === "Enter" ? { label, action: actions[key] } : {};
    }

    function onKey(event) {
      if (!list.element.isConnected) return document.removeEventListener("keydown", onKey);
      if (!list.ready() || event.ctrlKey || event.metaKey || event.defaultPrevented || typing(event.target)) return undefined;
      if (list.free() && document.querySelector("dialog[open]")) return undefined;
      const { label, action } = meant(event);
      const pick = event.altKey ? undefined : picked(event);
      if (pick && !(label && action)) {
        event.preventDefault();
        list.pick(pick);
      } else if (action) {
        event.preventDefault();
        if (!event.repeat || event.key.startsWith("Arrow")) action(event, label);
      }
      return undefined;
    }

    document.addEventListener("keydown", onKey);
  };
})((window.Podium = window.Podium || {}));
