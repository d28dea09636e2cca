// Rows of steps: a head that says who, why, what came back and what it cost, and a fold with everything else.
(function (P) {
  "use strict";
  const { el, say } = P;

  function block(title, content, className) {
    const node = el("div", "pd-block");
    node.append(el("div", "pd-kicker", title));
    node.append(content instanceof Node ? content : el("pre", `pd-pre ${className || ""}`, content));
    return node;
  }

  function documents(found) {
    const list = el("ol", "pd-docs");
    for (const document of found) {
      const item = el("li");
      const head = el("div", "pd-doc-head");
      head.append(el("b", "", document.title));
      if (document.web) head.append(P.fromWeb(document.host));
      head.append(P.source(document.source));
      if (document.score !== null) head.append(el("span", "pd-number", document.score));
      item.append(head, el("p", "", document.text));
      list.append(item);
    }
    return list;
  }

  function fork(row, options) {
    const form = el("div", "pd-fork");
    const choice = el("select", "pd-select", undefined, { "aria-label": say("fork") });
    for (const who of options.pool) {
      if (!row.who || who.alias !== row.who.alias) choice.append(el("option", "", who.alias, { value: who.alias }));
    }
    form.append(el("span", "pd-kicker", say("fork")), choice);
    form.append(P.button("pd-small", say("fork_go"), () => options.onFork(row.index, choice.value)));
    return form;
  }

  function detail(row, options) {
    const node = el("div", "pd-detail");
    const more = row.detail;
    if (row.why) node.append(block(say("why"), el("p", "pd-why-long", row.why)));
    if (row.error) node.append(block(say("error"), row.error, "pd-bad"));
    if (more.search_query) node.append(block(say("search_query"), more.search_query));
    if (more.documents.length) node.append(block(say("documents"), documents(more.documents)));
    if (more.code) {
      node.append(block(say("code"), more.code.source));
      if (more.code.stdout) node.append(block(say("stdout"), more.code.stdout));
      if (more.code.stderr) node.append(block(say("stderr"), more.code.stderr));
      if (more.code.value !== null) node.append(block(say("value"), more.code.value));
      if (more.code.error) node.append(block(say("error"), more.code.error, "pd-bad"));
    } else if (more.text && !more.documents.length) node.append(block(say("came_back"), el("p", "pd-long", more.text)));
    if (row.source) node.append(block(say("source"), P.source(row.source)));
    if (more.calls.length) node.append(block(say("calls"), P.callRows(more.calls)));
    if (options.onFork && options.pool.length > 1) node.append(fork(row, options));
    return node;
  }

  function name(row) {
    const line = el("span", "pd-name");
    line.append(el("b", "", row.who ? row.who.alias : say("no_call")));
    if (row.who && row.who.model) line.append(el("span", "pd-model", row.who.model));
    if (row.extracted) line.append(el("span", "pd-origin", row.origin));
    if (row.simulated) line.append(P.simulated());
    if (row.error) line.append(el("span", "pd-error-mark", `✕ ${say("error")}`));
    return line;
  }

  function head(row) {
    const node = el("button", "pd-head", undefined, { type: "button", "aria-expanded": "false" });
    node.setAttribute("aria-label", say("open_step", { number: row.number }));
    node.append(el("span", "pd-index", row.number), P.badge(row.who));
    const text = el("span", "pd-text");
    text.append(name(row));
    if (row.why) text.append(el("span", "pd-why", row.why));
    text.append(el("span", row.error ? "pd-gist pd-bad" : "pd-gist", row.error || row.gist || say("nothing")));
    const numbers = el("span", "pd-numbers");
    numbers.append(el("span", "pd-number pd-tokens", row.tokens ?? ""));
    numbers.append(el("span", "pd-number", row.cost ?? ""), el("span", "pd-number", row.seconds ?? ""));
    node.append(text, numbers);
    return node;
  }

  // options: {pool, onOpen(index), onFork(index, alias)}; the fold is built when it is first opened.
  P.stepRow = function (row, options) {
    const item = el("li", "pd-step", undefined, { "data-step": row.index });
    if (row.error) item.dataset.error = "";
    const button = head(row);
    item.append(button);
    item.open = (open) => {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      if (open === isOpen) return;
      if (open && !item.querySelector(".pd-detail")) item.append(detail(row, options));
      item.querySelector(".pd-detail").hidden = !open;
      if (open) requestAnimationFrame(() => P.reachable(item));
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      item.open(open);
      if (options.onOpen) options.onOpen(row.index, open);
    });
    return item;
  };
})((window.Podium = window.Podium || {}));
