// The row that is being made: what is waited for, and what models write while they write it.
(function (P) {
  "use strict";
  const { el, say } = P;
  const KINDS = { thinking: "thinks", reply: "writes" };

  // A box of one height, so that nothing below it moves; it follows the end of the text unless somebody scrolled up.
  P.writingBox = function () {
    const box = el("div", "pd-writing", undefined, { role: "group", "aria-label": say("writing"), "aria-live": "off", tabindex: 0 });
    const parts = new Map(); // who and kind -> {node, text}
    let following = true;
    box.addEventListener("scroll", () => {
      following = box.scrollTop + box.clientHeight >= box.scrollHeight - 24;
    });

    function part(key, title) {
      const node = el("div", "pd-written", undefined, { "data-kind": key.split("/")[0] });
      const text = document.createTextNode("");
      const words = el("div", "pd-written-words");
      words.append(text);
      node.append(el("div", "pd-kicker", title), words);
      parts.set(key, { node, text });
      box.append(node);
    }

    function grow(text, words) {
      if (words === text.data) return;
      if (words.startsWith(text.data)) text.appendData(words.slice(text.data.length));
      else text.data = words;
    }

    box.write = (writings) => {
      const wanted = new Set();
      for (const writing of writings) {
        for (const [kind, verb] of Object.entries(KINDS)) {
          if (!writing[kind]) continue;
          const key = `${kind}/${writing.who}`;
          wanted.add(key);
          if (!parts.has(key)) part(key, say(verb, { who: writing.who }));
          grow(parts.get(key).text, writing[kind]);
        }
      }
      for (const [key, { node }] of parts) {
        if (wanted.has(key)) continue;
        node.remove();
        parts.delete(key);
        following = true;
      }
      box.follow();
    };
    box.follow = () => {
      if (following) box.scrollTop = box.scrollHeight;
    };
    return box;
  };

  function title(live) {
    if (live.waiting) return say("waiting");
    if (live.answered) return say("judging");
    if (live.who) return say("calling", { alias: live.who.alias });
    return live.thinks ? say("thinking") : say("deciding");
  }

  P.liveRow = function (live, box) {
    const item = el("li", "pd-step pd-live");
    const line = el("div", "pd-head");
    line.append(el("span", "pd-index", live.answered ? "" : live.number), P.badge(live.who || { alias: "orchestrator", code: "…", shape: "round" }));
    const text = el("span", "pd-text");
    const said = el("span", "pd-name");
    said.append(el("b", "", title(live)));
    text.append(said);
    if (live.why) text.append(el("span", "pd-why", live.why));
    line.append(text);
    const numbers = el("span", "pd-numbers");
    if (!live.waiting && live.since_ms) numbers.append(P.clock("pd-number", live.since_ms));
    line.append(numbers);
    item.append(line);
    if (box) item.append(box);
    return item;
  };
})((window.Podium = window.Podium || {}));
