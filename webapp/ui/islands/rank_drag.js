// Dragging by pointer events, so that mouse, pen and touch are one. Targets are measured when the drag begins.
(function (P) {
  "use strict";
  const FAR_ENOUGH = 5;
  const TIE_BAND = 0.3; // the outer shares of a group's height mean before and after; the middle means a tie

  function targets(root, isLine) {
    const found = [];
    root.querySelectorAll(".pd-rank-list > li").forEach((node, at) => {
      const box = node.getBoundingClientRect();
      found.push({ node, gap: at, top: box.top + scrollY, bottom: box.bottom + scrollY, other: isLine ? null : node.dataset.first });
    });
    const tray = root.querySelector(".pd-tray").getBoundingClientRect();
    return { found, trayTop: tray.top + scrollY, trayLeft: tray.left };
  }

  function aim({ found, trayTop }, y, isLine) {
    if (!isLine && y > trayTop) return { kind: "tray" };
    for (const target of found) {
      if (y > target.bottom) continue;
      const share = (y - target.top) / (target.bottom - target.top);
      if (target.other && share > TIE_BAND && share < 1 - TIE_BAND) return { kind: "tie", ...target };
      return share < 0.5 ? { kind: "before", ...target } : { kind: "after", ...target, gap: target.gap + 1 };
    }
    const last = found[found.length - 1];
    return last ? { kind: "after", ...last, gap: found.length } : { kind: "before", node: null, gap: 0 };
  }

  // handle(what, target) is told where `what` (a label, or the line) was dropped.
  P.draggable = function (root, handle) {
    let drag = null;

    function begin(event) {
      if (event.button || event.target.closest("button, a")) return;
      const card = event.target.closest("[data-drag]");
      if (!card || (event.pointerType === "touch" && !event.target.closest(".pd-grip"))) return;
      drag = { card, what: card.dataset.drag, x: event.clientX, y: event.clientY, id: event.pointerId, moving: false };
    }

    function move(event) {
      if (!drag || event.pointerId !== drag.id) return;
      if (!drag.moving) {
        if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FAR_ENOUGH) return;
        drag.moving = true;
        drag.isLine = drag.what === P.rankOrder.LINE;
        drag.targets = targets(root, drag.isLine);
        root.setPointerCapture(drag.id);
        drag.card.classList.add("pd-dragged");
        root.classList.add("pd-dragging");
      }
      event.preventDefault();
      if (event.clientY < 48) window.scrollBy(0, -10);
      if (event.clientY > innerHeight - 48) window.scrollBy(0, 10);
      drag.card.style.transform = `translate(${event.clientX - drag.x}px, ${event.clientY - drag.y}px)`;
      drag.target = aim(drag.targets, event.clientY + scrollY, drag.isLine);
      show(drag.target);
    }

    function show(target) {
      root.querySelectorAll("[data-drop]").forEach((node) => node.removeAttribute("data-drop"));
      const node = target?.kind === "tray" ? root.querySelector(".pd-tray") : target?.node || root.querySelector(".pd-rank-list");
      if (target) node.setAttribute("data-drop", target.kind);
    }

    function end(event) {
      if (!drag || event.pointerId !== drag.id) return;
      const { card, what, moving, target } = drag;
      drag = null;
      if (!moving) return;
      card.style.transform = "";
      card.classList.remove("pd-dragged");
      root.classList.remove("pd-dragging");
      show(null);
      if (target && event.type === "pointerup") handle(what, target);
    }

    root.addEventListener("pointerdown", begin);
    root.addEventListener("pointermove", move);
    root.addEventListener("pointerup", end);
    root.addEventListener("pointercancel", end);
  };
})((window.Podium = window.Podium || {}));
