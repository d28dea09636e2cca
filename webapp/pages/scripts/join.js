// The page on a phone: cards to tap in order, one button to send. Text only ever enters it through textContent.
(function (J) {
  "use strict";
  const { say, order, kept } = J;
  const box = document.getElementById("page"), bar = document.getElementById("bar");
  const said = document.getElementById("said"), send = document.getElementById("send");
  const cards = new Map();
  const now = { labels: [], placed: [], number: null, sent: null, busy: false, open: true };

  function el(tag, className, text, attributes) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined && text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    return node;
  }
  const tell = (text, tone = "") => {
    if (said.textContent !== text) said.textContent = text;
    bar.dataset.tone = tone;
  };

  // Long texts are cut, with a button that shows all of them.
  function long(className, text, tag = "div") {
    const node = el(tag, `${className} long`, text, { dir: "auto" });
    const more = el("button", "more", say("all"), { type: "button", "aria-expanded": "false", hidden: "" });
    more.addEventListener("click", () => {
      const whole = node.classList.toggle("whole");
      more.textContent = say(whole ? "less" : "all");
      more.setAttribute("aria-expanded", String(whole));
    });
    return [node, more];
  }
  function cut() {
    for (const more of document.querySelectorAll(".more")) more.hidden = more.previousElementSibling.scrollHeight <= more.previousElementSibling.clientHeight + 4;
  }

  function card(item) {
    const node = el("li", "card");
    const place = el("button", "place", undefined, { type: "button" });
    const rank = el("span", "rank");
    place.append(el("span", "label", item.label), rank);
    place.addEventListener("click", () => tap(item.label));
    const facts = [item.cost, item.seconds, item.simulated ? say("simulated") : null].filter(Boolean).join(" · ");
    node.append(place, ...long("answer", item.answer), el("p", "facts", facts));
    cards.set(item.label, { node, place, rank });
    return node;
  }

  const locked = () => now.busy || now.sent !== null;
  function tap(label) {
    if (locked() || !now.open) return;
    now.placed = order.tap(now.placed, label);
    kept.set({ placed: now.placed });
    show();
  }

  function show() {
    for (const [label, { node, place, rank }] of cards) {
      const at = order.place(now.labels, now.placed, label), placed = now.placed.includes(label);
      rank.textContent = at;
      node.classList.toggle("placed", placed);
      place.setAttribute("aria-pressed", String(placed));
      place.setAttribute("aria-disabled", String(locked()));
      const fill = { label, place: at, next: order.next(now.placed) };
      place.setAttribute("aria-label", locked() ? say("fixed", fill) : placed ? say("placed", fill) : at ? say("left", fill) : say("open", { label, place: fill.next }));
    }
    if (now.busy) return;
    if (now.sent !== null) {
      send.textContent = say("change");
      tell(say("counted", { number: now.number }), "good");
    } else {
      send.textContent = say(now.number === null ? "send" : "send_again");
      tell(now.placed.length ? order.words(order.groups(now.labels, now.placed)) : say("nothing"));
    }
    send.disabled = now.sent === null && !now.placed.length;
  }

  // The page ends here: why, and what is left to do.
  function end(text, retype) {
    now.open = false;
    bar.hidden = true;
    const number = kept.get().number;
    box.replaceChildren(el("h1", "", text));
    if (number && !retype) box.append(el("p", "", say("over_counted", { number })));
    if (retype) box.append(form());
    box.removeAttribute("aria-busy");
  }
  function form() {
    const node = el("form", "retype"), field = el("label", "", say("retype"));
    const input = el("input", "", undefined, { autocapitalize: "characters", autocomplete: "off", spellcheck: "false", maxlength: 8, required: "" });
    field.append(input);
    node.append(field, el("button", "", say("go"), { type: "submit" }));
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = input.value.trim().toUpperCase();
      if (/^[A-Z0-9]{8}$/.test(code)) location.assign(code);
    });
    return node;
  }

  // Sends what is pending until it is counted. A phone whose seat is gone takes a new one, once.
  async function deliver(pending, again = true) {
    now.busy = true;
    send.disabled = true;
    send.textContent = say("sending");
    const meanwhile = ({ status, said: problem }) => tell(status ? problem.detail || say("waiting") : say("offline"), "wait");
    const { status, said: answer } = await J.post("ranking", { groups: pending.groups }, { key: pending.key, meanwhile });
    now.busy = false;
    if (status === 401 && again && (await J.post("seat", {}, { meanwhile })).status === 200) return deliver(pending, false);
    kept.set({ pending: null });
    if (status === 201) {
      Object.assign(now, { number: answer.number, sent: answer.groups, placed: order.placed(answer.groups) });
      kept.set({ number: now.number, placed: now.placed });
      return show();
    }
    if (status === 410) return end(answer.detail, false);
    show();
    return tell(status === 401 ? say("cookies") : answer.detail, "bad");
  }

  send.addEventListener("click", () => {
    if (now.busy) return;
    if (now.sent !== null) {
      now.sent = null;
      show();
      return;
    }
    if (!now.placed.length) return;
    const pending = { groups: order.groups(now.labels, now.placed), key: J.key() };
    kept.set({ pending });
    deliver(pending);
  });

  addEventListener("keydown", (event) => {
    const label = event.key.toUpperCase();
    if (event.ctrlKey || event.metaKey || event.altKey || !cards.has(label) || event.target instanceof HTMLInputElement) return;
    cards.get(label).place.focus();
    tap(label);
  });

  // Another tab of this browser is the same phone.
  addEventListener("storage", (event) => {
    if (event.key === `podium-join:${J.code}` && !now.busy && now.open && cards.size) take();
  });
  addEventListener("resize", cut);

  async function take() {
    const { status, said: answer } = await J.post("seat", {}, {
      meanwhile: ({ status: why, said: problem }) => tell(why ? problem.detail || say("waiting") : say("joining_again"), "wait"),
    });
    if (status !== 200) return end(answer.detail, status === 404);
    const stored = kept.get();
    now.labels = answer.items.map((item) => item.label);
    now.number = answer.number;
    now.sent = answer.groups;
    now.placed = answer.groups ? order.placed(answer.groups) : (stored.placed || []).filter((label) => now.labels.includes(label));
    if (!cards.size) {
      const list = el("ol", "cards", undefined, { "aria-label": say("answers") });
      list.append(...answer.items.map(card));
      box.replaceChildren(...long("query", answer.query, "h1"), el("p", "note", say("hint")), list);
      box.removeAttribute("aria-busy");
      cut();
    }
    show();
    if (stored.pending) deliver(stored.pending);
    document.documentElement.dataset.podium = "ready";
  }

  document.getElementById("code").textContent = J.code;
  take();
})((window.Join = window.Join || {}));
