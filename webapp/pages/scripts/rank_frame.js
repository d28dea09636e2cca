// What stands around a ballot: the study and its progress, what was submitted last, what waits for the server, and on a
// narrow screen the ranking at the lower edge.
(function (P) {
  "use strict";
  const { el, say } = P;

  P.ranking.orderWords = (groups) => groups.map((group) => group.join(" = ")).join(" > ");

  function meter(name) {
    const node = el("span", "pd-r-meter");
    const bar = el("progress", "", undefined, { max: 1, value: 0, "aria-label": name });
    const text = el("span", "pd-number", "–");
    node.append(bar, text);
    return { node, show(value, most, words) {
      bar.max = Math.max(most, 1);
      bar.value = value;
      text.textContent = words;
    } };
  }

  P.ranking.tool = (key, name, act) => {
    const node = P.button("pd-small pd-r-tool", "", act, { title: `${say(name)} (${key})` });
    node.append(say(name), " ", el("kbd", "", key, { "aria-hidden": "true" }));
    return node;
  };

  // study is null outside any; act has skip, flag, mine and guidelines.
  P.ranking.frame = function (study, act) {
    const top = el("div", "pd-r-top");
    const own = meter(say("rank_own")), whole = meter(say("rank_whole"));
    const lease = el("span", "pd-note pd-r-lease");
    const name = el("span", "pd-r-name");
    name.append(el("a", "", say("rank_studies"), { href: `${P.home}rank` }), el("b", "", study?.name ?? say("rank_everything"), { title: study?.name ?? null }));
    const tools = el("div", "pd-r-tools");
    if (study?.guidelines) tools.append(P.ranking.tool("I", "rank_guidelines", act.guidelines));
    tools.append(P.ranking.tool("L", "rank_mine", act.mine), P.ranking.tool("S", "rank_skip", act.skip));
    if (study) tools.append(P.ranking.tool("F", "rank_flag", act.flag));
    const meters = el("span", "pd-r-meters");
    if (study) meters.append(own.node, whole.node);
    top.append(name, meters, lease, tools);
    const last = el("div", "pd-r-last", undefined, { role: "status" });
    const wait = el("div", "pd-r-wait", undefined, { role: "alert", hidden: true });
    const body = el("div", "pd-r-body");
    return {
      nodes: [top, wait, last, body], body,
      lease(until) {
        const late = until && new Date(until) < Date.now();
        lease.textContent = until ? say(late ? "rank_lease_over" : "rank_lease", { time: new Date(until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) }) : "";
        lease.title = until ? say("rank_lease_title") : "";
      },
      progress(found) {
        const mine = found.own[0], most = mine.ranked + mine.held + mine.skipped + (mine.left ?? 0);
        own.show(mine.ranked, most, say("rank_own_of", { ranked: mine.ranked, most }));
        whole.show(found.counted, found.wanted, say("rank_whole_of", { counted: found.counted, wanted: found.wanted }));
      },
      said(text, actions = []) {
        last.replaceChildren(el("span", "pd-r-said", text, { title: text }), ...actions);
      },
      waiting(count, error) {
        wait.hidden = !count;
        wait.textContent = count ? say(count === 1 ? "rank_waits_one" : "rank_waits", { count, why: error?.status ? error.message : "" }) : "";
      },
    };
  };

  // The lower edge of a narrow screen: a button for each alternative, the order so far and the submission.
  P.ranking.dock = function (view, opinion, onSubmit) {
    const node = el("div", "pd-r-dock", undefined, { role: "toolbar", "aria-label": say("rank_panel") });
    const picks = view.columns.map((column) => P.button("pd-r-dockpick", "", () => opinion.list.pick(column.label)));
    const order = P.button("pd-small pd-r-dockorder", "", () => opinion.node.scrollIntoView({ behavior: "smooth" }));
    const send = P.button("pd-primary", say("rank_dock_send"), onSubmit);
    const row = el("div", "pd-r-dockpicks");
    row.append(...picks);
    node.append(row, order, send);
    function show(state) {
      order.textContent = P.ranking.orderWords(state.groups) || say("rank_dock_none");
      view.columns.forEach(({ label }, at) => {
        const place = P.rankOrder.place(state, label);
        picks[at].textContent = place ? `${label} ${place}` : label;
        picks[at].toggleAttribute("data-placed", Boolean(place));
        picks[at].setAttribute("aria-label", place ? say("say_placed", { label, place, places: state.groups.length }) : say("rank_place", { label }));
      });
      send.disabled = !state.touched && !view.last;
    }
    show(opinion.state);
    return { node, show };
  };
})(window.Podium);
