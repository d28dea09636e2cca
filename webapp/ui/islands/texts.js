// Long texts on demand: a button that opens the prompt or the raw reply of a call, fetched when it is first opened.
(function (P) {
  "use strict";
  const { el, say } = P;

  async function fetched(address) {
    try {
      const response = await fetch(`${P.home}api/v1/texts/${address}`);
      if (response.status === 404) return { problem: say("text_missing") };
      return response.ok ? { text: await response.text() } : { problem: say("text_failed") };
    } catch {
      return { problem: say("text_failed") };
    }
  }

  const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

  function content(value) {
    if (!Array.isArray(value)) return plain(value);
    return value.map((part) => (typeof part?.text === "string" ? part.text : plain(part))).join("\n");
  }

  function called(call) {
    const made = call?.function;
    return typeof made?.name === "string" ? `${made.name}(${plain(made.arguments ?? {})})` : plain(call);
  }

  function messageParts(message) {
    const { role, content: said, reasoning, reasoning_content: thought, tool_calls: calls, ...rest } = message;
    const parts = [];
    if (reasoning || thought) parts.push([say("text_thinking"), content(reasoning || thought)]);
    if (said !== undefined && said !== null && said !== "") parts.push([typeof role === "string" ? role : say("text_said"), content(said)]);
    if (Array.isArray(calls) && calls.length) parts.push([say("text_tool_calls"), calls.map(called).join("\n")]);
    const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
    if (Object.keys(known).length) parts.push([say("text_rest"), plain(known)]);
    return parts;
  }

  // Titles and texts of what a request or a message says; null where it is neither.
  function readable(text) {
    let value;
    try { value = JSON.parse(text); } catch { return null; }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
    if (!Array.isArray(value.messages)) return messageParts(value);
    const { messages, ...rest } = value;
    const parts = messages.flatMap((message) => (message && typeof message === "object" ? messageParts(message) : []));
    return Object.keys(rest).length ? [...parts, [say("text_rest"), plain(rest)]] : parts;
  }

  function parted(parts) {
    const node = el("div", "pd-parts pd-paper", undefined, { tabindex: 0 });
    for (const [title, text] of parts) node.append(el("div", "pd-kicker", title), el("div", "pd-part", text));
    return node;
  }

  function shown(title, text) {
    const exact = el("pre", "pd-pre pd-paper", text, { tabindex: 0 });
    const parts = readable(text);
    const tools = el("div", "pd-paper-tools");
    tools.append(el("span", "pd-kicker", title));
    const about = el("span", "pd-note", say("text_length", { count: text.length.toLocaleString("en") }));
    if (!parts?.length) {
      tools.append(P.copyButton(text), about);
      return [tools, exact];
    }
    const easy = parted(parts);
    const views = { "text_readable": easy, "text_exact": exact };
    const buttons = Object.keys(views).map((key) => P.button("pd-small", say(key), () => choose(key)));
    function choose(chosen) {
      Object.keys(views).forEach((key, at) => {
        views[key].hidden = key !== chosen;
        buttons[at].setAttribute("aria-pressed", String(key === chosen));
      });
    }
    choose("text_readable");
    tools.append(...buttons, P.copyButton(text), about);
    return [tools, easy, exact];
  }

  // The button and the panel that it opens. `source` is {text} or {address}.
  P.textFold = function (title, label, source) {
    const panel = el("div", "pd-text-panel", undefined, { role: "region", "aria-label": label, hidden: true });
    const button = P.button("pd-small pd-opens", title, toggle, { "aria-expanded": "false", "aria-label": label });
    let known = source.text === undefined ? null : { text: source.text };
    async function toggle() {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      panel.hidden = !open;
      if (!open || panel.dataset.done) return;
      panel.replaceChildren(el("p", "pd-note", say("text_loading"), { role: "status" }));
      known = known ?? (await fetched(source.address));
      if (known.text === undefined) {
        panel.replaceChildren(el("p", "pd-note pd-missing", known.problem, { role: "status" }));
        known = null;
        return;
      }
      panel.dataset.done = "yes";
      panel.replaceChildren(...shown(title, known.text));
    }
    return { button, panel };
  };
})((window.Podium = window.Podium || {}));
