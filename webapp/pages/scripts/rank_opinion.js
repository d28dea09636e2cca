// The ranking beside the evidence: the list, the categories of reasons, the reason and the submission. Every change is
// kept in this browser under the person and the ballot, until the server has it.
(function (P) {
  "use strict";
  const { el, say } = P;
  const RESERVED = "FGHIJKLNRSTUWYZ"; // letters that mean something else on this page

  const draftKey = (view) => `draft:${[P.ranking.who(), view.ballot, view.version, view.phase ?? "", view.last?.id ?? ""].join(":")}`;

  function fits(draft, view) {
    const named = [...(draft?.groups ?? []).flat(), ...(draft?.unranked ?? [])].sort().join();
    return draft && named === view.rank.items.map((item) => item.label).sort().join();
  }

  function begun(view) {
    const { groups, unranked, acceptable } = view.rank, last = view.last;
    const known = { groups, unranked, acceptable, touched: false, reason: last?.reason ?? "", tags: [...(last?.tags ?? [])] };
    const marks = (last?.marks ?? []).map((mark) => ({ ...mark }));
    const draft = P.memory.get(draftKey(view));
    const start = { ...known, marks, active_s: last?.phase === view.phase ? last?.active_s ?? {} : {} };
    return fits(draft, view) ? { ...start, ...draft, restored: draft.touched } : start;
  }

  // The categories as buttons that stay pressed.
  function chips(offered, tags, onChange) {
    const node = el("div", "pd-r-tags", undefined, { role: "group", "aria-label": say("rank_tags") });
    const all = [...new Set([...offered, ...tags])];
    const buttons = all.map((tag, at) => {
      const button = P.button("pd-chip pd-r-tag", "", () => toggle(at), { "aria-pressed": String(tags.includes(tag)) });
      if (at < 9) button.append(el("kbd", "", `⇧${at + 1}`, { "aria-hidden": "true" }));
      button.append(tag);
      return button;
    });
    function toggle(at) {
      const tag = all[at], on = !tags.includes(tag);
      if (tag === undefined) return;
      if (on) tags.push(tag);
      else tags.splice(tags.indexOf(tag), 1);
      buttons[at].setAttribute("aria-pressed", String(on));
      onChange();
    }
    node.append(...buttons);
    return { node, toggle };
  }

  function completes(onChange) {
    const box = el("input", "", undefined, { type: "checkbox" });
    box.checked = P.memory.get("rank-completes") ?? true;
    box.addEventListener("change", () => {
      P.memory.set("rank-completes", box.checked);
      onChange(box.checked);
      box.blur();
    });
    const label = el("label", "pd-note pd-r-completes");
    label.append(box, ` ${say("rank_completes")}`);
    return { label, box };
  }

  function reasonField(state, keep) {
    const label = el("label", "pd-field");
    const field = el("textarea", "", undefined, { rows: 2, maxlength: 5000, placeholder: say("rank_reason_hint") });
    const title = el("span", "", say("rank_reason"));
    title.append(" ", el("kbd", "", "R", { "aria-hidden": "true" }));
    field.value = state.reason;
    field.addEventListener("input", () => {
      state.reason = field.value;
      keep();
    });
    label.append(title, field);
    return { label, field };
  }

  // onSubmit() when Enter or the button asks for it; onChange(state) after every change of the order.
  P.ranking.opinion = function (view, { onSubmit, onChange }) {
    const state = begun(view), again = view.last !== null;
    const node = el("section", "pd-panel pd-r-panel", undefined, { "aria-label": say("rank_panel") });
    const keep = () => P.memory.set(draftKey(view), { ...state, restored: undefined, active_s: P.ranking.time.spent() });
    const last = completes((on) => (host.props.value = { ...host.props.value, free: free(on) }));
    const free = (on) => ({ reserved: RESERVED, completes: on });
    const value = { ...view.rank, groups: state.groups, unranked: state.unranked, acceptable: state.acceptable, touched: state.touched, free: free(last.box.checked) };
    const host = P.host(P.rankList, "rank", value, {
      ranked(change) {
        Object.assign(state, { groups: change.groups, unranked: change.unranked, acceptable: change.acceptable, touched: true });
        if (again) send.firstChild.textContent = say("rank_send");
        keep();
        onChange(state);
      },
      submitted: onSubmit,
    });
    const tags = chips(view.tags_offered ?? [], state.tags, keep);
    const reason = reasonField(state, keep);
    const send = P.button("pd-primary pd-r-send", "", onSubmit);
    send.append(say(view.phase === "revealed" ? "rank_keep_or_send" : again ? "rank_correct" : "rank_send"), el("kbd", "", "Enter", { "aria-hidden": "true" }));
    const head = el("div", "pd-r-panelhead");
    head.append(el("h2", "", say("rank_panel")), send);
    node.append(head, host.element, last.label, tags.node, reason.label);
    return {
      node, state, keep, send, draft: draftKey(view),
      list: host.element.querySelector(".pd-rank").rank,
      toggleTag: tags.toggle,
      tags: tags.node,
      reason: reason.field,
      said: () => said(view, state),
    };
  };

  // Body of the ranking as the server takes it.
  function said(view, state) {
    const { groups, unranked, acceptable, tags, marks } = state;
    return {
      ballot: view.ballot, version: view.version, annotator: P.ranking.who(), groups, unranked, acceptable, tags, marks,
      reason: state.reason.trim() || null, active_s: P.ranking.time.spent(), ...(view.phase ? { phase: view.phase } : {}),
    };
  }
})(window.Podium);
