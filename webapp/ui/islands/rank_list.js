// The ranking list: cards in groups from best to worst, the line, and a tray of what is not ranked yet.
// A value may have `free`: {reserved: letters with another meaning, completes: whether the last card is placed by itself}.
// Then the list is the matter of its page, which keeps the drafts, takes every submission, and has all keys for itself.
(function (P) {
  "use strict";
  const { el, say, rankOrder: order } = P;
  const CHANGED = "ranked", SENT = "submitted";

  P.rankList = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-rank");
    const cards = new Map();
    let state = null, items = [], grabbed = null, before = null, ballot = null, latest = null;
    const taken = new Set(); // back into the tray, by hand
    const list = el("ol", "pd-rank-list");
    const tray = el("div", "pd-tray");
    const lineTools = el("div", "pd-line-tools");
    const said = el("div", "pd-quiet", undefined, { role: "status", "aria-live": "assertive" });
    const note = el("p", "pd-note");
    P.draggable(root, dropped);

    function take() {
      const value = props.value;
      if (!value || !value.items) {
        ballot = null;
        root.replaceChildren();
        return;
      }
      items = value.items;
      ballot = value.ballot;
      state = { groups: value.groups, unranked: value.unranked, acceptable: value.acceptable };
      grabbed = latest = null;
      taken.clear();
      cards.clear();
      items.forEach((item, at) => cards.set(item.label, card(item, at + 1)));
      const title = value.free ? [] : [el("h3", "", say("rank_title")), el("p", "pd-note pd-rank-help", say("rank_help")), note];
      root.replaceChildren(...title, list, lineTools, tray, said);
      const draft = value.touched || value.free ? null : P.memory.get(draftKey());
      if (draft && fits(draft)) commit(draft);
      else paint();
    }

    const draftKey = () => `ballot:${ballot}:${props.value.version}:${props.value.last || "first"}`;
    function fits(draft) {
      if (!Array.isArray(draft.groups) || !Array.isArray(draft.unranked)) return false;
      const named = [...draft.groups.flat(), ...draft.unranked].sort().join();
      return named === items.map((item) => item.label).sort().join();
    }

    function card(item, number) {
      const { label } = item;
      const node = el("div", "pd-card", undefined, { tabindex: 0, role: "group", "data-drag": label, "data-label": label });
      const text = el("div", "pd-card-text");
      text.append(el("span", "pd-card-answer", item.text));
      const facts = el("span", "pd-card-facts", item.facts);
      if (item.simulated) facts.append(" ", P.simulated());
      text.append(facts);
      const tools = el("div", "pd-card-tools");
      const tool = (sign, key, act) => tools.append(P.button("pd-icon", sign, () => act(), { "aria-label": say(key, { label }), title: say(key, { label }), tabindex: -1, "data-tool": key }));
      tool("↑", "rank_up", () => move(label, order.step(state, label, -1)));
      tool("↓", "rank_down", () => move(label, order.step(state, label, 1)));
      tool("=", "rank_tie", () => move(label, order.tie(state, label)));
      tool("↩", "rank_unrank", () => move(label, order.toTray(state, label)));
      tool("+", "rank_place", () => move(label, order.last(state, label)));
      const badge = el("span", "pd-label", label);
      if (props.value.free && number < 10) badge.dataset.key = number;
      node.append(el("span", "pd-grip", "⠿", { "aria-hidden": "true" }), badge, text, tools);
      return node;
    }

    function paint() {
      const focused = root.contains(document.activeElement) ? document.activeElement : null;
      let place = 0;
      list.replaceChildren(...order.sequence(state).map((entry) => (entry === order.LINE ? line() : group(entry, ++place))));
      if (!list.children.length) list.append(el("li", "pd-drop-here", say("rank_drop")));
      const waiting = state.unranked.map((label) => cards.get(label));
      tray.replaceChildren(el("div", "pd-kicker", waiting.length ? say("rank_tray") : say("rank_tray_empty")), ...waiting);
      for (const [label, node] of cards) describe(label, node);
      lineTools.replaceChildren(...lineButtons());
      note.textContent = props.value.last && !props.value.touched ? say("rank_locked") : "";
      note.hidden = !note.textContent;
      if (focused) focused.focus({ preventScroll: Boolean(props.value.free) });
    }

    function group(labels, place) {
      const node = el("li", "pd-group", undefined, { "data-first": labels[0] });
      if (labels.length > 1) node.dataset.tied = "";
      const stack = el("div", "pd-stack");
      stack.append(...labels.map((label) => cards.get(label)));
      node.append(el("span", "pd-place", place, { "aria-hidden": "true" }), stack);
      return node;
    }

    function line() {
      const node = el("li", "pd-line", undefined, { "data-drag": order.LINE });
      node.append(el("span", "pd-grip", "⠿", { "aria-hidden": "true" }), el("span", "", say("rank_line")));
      return node;
    }

    function lineButtons() {
      const change = (label, acceptable) => P.button("pd-small", label, () => {
        commit({ ...state, acceptable });
        announceLine();
      });
      if (state.acceptable !== null) return [change(say("rank_line_remove"), null)];
      const end = state.groups.length ? [change(say("rank_line_add"), state.groups.length)] : [];
      return [...end, change(say("rank_line_none"), 0)];
    }

    function describe(label, node) {
      const place = order.place(state, label);
      const tied = place && state.groups[place - 1].length > 1;
      node.setAttribute("aria-label", status(label, place, tied));
      node.dataset.ranked = place ? "" : "no";
      node.toggleAttribute("data-grabbed", label === grabbed);
    }

    function status(label, place, tied) {
      if (!place) return say("say_unranked", { label });
      return say(tied ? "say_tied" : "say_placed", { label, place, places: state.groups.length });
    }

    function commit(next) {
      state = next;
      const key = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;
      props.value = { ...props.value, ...next, touched: true, key };
      if (!props.value.free) P.memory.set(draftKey(), next);
      paint();
      trigger(CHANGED, { ...next, touched: true });
    }

    function move(label, next) {
      if (next === state) return;
      latest = label;
      const back = next.unranked.includes(label);
      taken[back ? "add" : "delete"](label);
      commit(back ? next : completed(next));
      focus(label);
      const place = order.place(state, label);
      said.textContent = status(label, place, place && state.groups[place - 1].length > 1);
    }

    // On a page of its own the list stands beside the evidence, which is not to be scrolled away.
    function focus(label) {
      const { free } = props.value, near = free && matchMedia("(min-width: 1000px)").matches;
      cards.get(label).focus({ preventScroll: Boolean(free) });
      if (near) cards.get(label).scrollIntoView({ block: "nearest" });
    }

    // The only one that is left goes to the end by itself, unless it was taken out.
    function completed(next) {
      const [left, ...more] = next.unranked;
      const whole = props.value.free?.completes && left && !more.length && !taken.has(left) && next.groups.length;
      return whole ? order.last(next, left) : next;
    }

    function announceLine() {
      const place = state.acceptable;
      said.textContent = place === null ? say("say_line_gone") : place ? say("say_line", { place }) : say("say_line_top");
    }

    function dropped(what, target) {
      if (what === order.LINE) {
        commit(order.lineToGap(state, target.gap));
        announceLine();
        return;
      }
      if (target.kind === "tray") move(what, order.toTray(state, what));
      else if (target.kind === "tie") move(what, order.intoGroup(state, what, target.other));
      else move(what, order.toGap(state, what, Math.min(target.gap, order.sequence(state).length)));
    }

    const keys = {
      element, root, cards,
      free: () => Boolean(props.value?.free),
      reserved: () => props.value?.free?.reserved ?? "",
      latest: () => (latest && cards.has(latest) ? latest : state?.groups.at(-1)?.at(-1) ?? null),
      none: () => {
        commit({ ...state, acceptable: state.acceptable === 0 ? null : 0 });
        announceLine();
      },
      ready: () => ballot !== null && element.isConnected && root.offsetParent !== null && !root.closest("[inert]"),
      labels: () => items.map((item) => item.label),
      visible: () => [...root.querySelectorAll(".pd-card")].map((node) => node.dataset.label),
      pick: (label) => {
        latest = label;
        if (order.place(state, label)) focus(label);
        else move(label, order.last(state, label));
      },
      step: (label, direction) => move(label, order.step(state, label, direction)),
      tie: (label) => move(label, order.tie(state, label)),
      unrank: (label) => move(label, order.toTray(state, label)),
      line: (label) => {
        if (!order.place(state, label)) return;
        commit(order.lineBelow(state, label));
        announceLine();
      },
      grabbed: () => grabbed,
      grab: (label, taken) => {
        if (taken === "back" && before) commit(before);
        grabbed = taken === true ? label : null;
        before = taken === true ? state : null;
        said.textContent = say(taken === true ? "say_grabbed" : "say_dropped", { label });
        for (const [one, node] of cards) describe(one, node);
      },
      submit: () => {
        if (!props.value.touched && !props.value.free) said.textContent = say("say_untouched");
        else trigger(SENT, { ballot });
      },
    };
    root.rank = keys; // for what stands beside the list
    P.rankKeys(keys);
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
