// Keys of a page and the list of them, and dialogs: for the pages beside the desk, and for the desk.
(function (P) {
  "use strict";
  const { el, say } = P;

  // Keys of the page: [{key: "e", words: "…", act: (event) => …}]. They rest while somebody types or a dialog is open.
  const bound = [];
  P.keys = (list) => bound.push(...list);
  const typing = (target) =>
    target instanceof Element && target.closest("input:not([type=range],[type=checkbox],[type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const found = bound.find((one) => one.key === event.key && (!one.when || one.when(event)));
    if (!found) return;
    event.preventDefault();
    found.act(event);
  });

  // A dialog with a title and what `fill` puts into it; Escape and the button close it and give the focus back.
  P.dialog = function (title, fill, { wide = false } = {}) {
    const before = document.activeElement;
    const node = el("dialog", `pd pd-dialog ${wide ? "pd-dialog-wide" : ""}`, undefined, { "aria-label": title });
    const head = el("div", "pd-dialog-head");
    head.append(el("h2", "", title), P.button("pd-icon", "×", () => node.close(), { "aria-label": say("close") }));
    const body = el("div", "pd-dialog-body");
    node.append(head, body);
    node.addEventListener("close", () => {
      node.remove();
      before?.focus?.();
    });
    node.addEventListener("click", (event) => event.target === node && node.close());
    document.body.append(node);
    fill(body, node);
    node.showModal();
    return node;
  };

  P.showKeys = () =>
    P.dialog(say("keys_title"), (body) => {
      const list = el("dl", "pd-keys");
      for (const one of bound.filter((each) => each.words)) {
        const keys = el("dt");
        for (const name of one.shown || [one.key]) keys.append(el("kbd", "", name));
        list.append(keys, el("dd", "", one.words));
      }
      body.append(list);
    });
  P.keys([{ key: "?", words: say("keys_help"), act: () => P.showKeys() }]);
})((window.Podium = window.Podium || {}));
