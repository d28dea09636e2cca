// Figures behind tabs: only the one that is open asks the server. The address has which.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const tabs = [];
  let open = null;

  // {name, build(panel) → {opened, settled, winners, ...}}; listeners are called only while the tab is open.
  T.tab = (name, build) => tabs.push({ name, build, view: null });
  T.isOpen = (name) => open === name;

  function show(name, { focus = false } = {}) {
    const chosen = tabs.find((one) => one.name === name) || tabs[0];
    open = chosen.name;
    for (const one of tabs) {
      const is = one === chosen;
      one.button.setAttribute("aria-selected", String(is));
      one.button.tabIndex = is ? 0 : -1;
      one.panel.hidden = !is;
    }
    const row = chosen.button.parentElement, at = chosen.button.offsetLeft - row.offsetLeft;
    if (at < row.scrollLeft || at + chosen.button.offsetWidth > row.scrollLeft + row.clientWidth) row.scrollLeft = at - 24;
    if (focus) chosen.button.focus();
    chosen.view ??= chosen.build(chosen.panel);
    P.address.set({ tab: open === tabs[0].name ? null : open });
    chosen.view.opened?.();
  }
  T.openTab = show;

  function tell(event, detail) {
    tabs.find((one) => one.name === open)?.view?.[event]?.(detail);
  }

  T.tabsPanel = function () {
    const box = el("section", "pd-panel pd-tune-figures", undefined, { "aria-label": say("tune_tabs") });
    const list = el("div", "pd-tune-tabs", undefined, { role: "tablist", "aria-label": say("tune_tabs") });
    box.append(list);
    tabs.forEach((one, place) => {
      one.button = P.button("pd-tune-tab", say(`tune_tab_${one.name}`), () => show(one.name), { role: "tab", id: `tab-${one.name}`, "aria-controls": `panel-${one.name}` });
      one.panel = el("div", "pd-tune-panel", undefined, { role: "tabpanel", id: `panel-${one.name}`, "aria-labelledby": `tab-${one.name}`, hidden: true });
      list.append(one.button);
      box.append(one.panel);
      one.place = place;
    });
    list.addEventListener("keydown", (event) => {
      const here = tabs.findIndex((one) => one.name === open);
      const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(tabs[(to + tabs.length) % tabs.length].name, { focus: true });
    });
    for (const event of ["settled", "winners", "weights", "flips", "against", "profiles"]) T.on(event, (detail) => tell(event, detail));
    P.keys(tabs.map((one, place) => ({ key: String(place + 1), words: place ? null : say("tune_key_tabs"), shown: ["1", "…", String(tabs.length)], act: () => show(one.name, { focus: true }) })));
    T.firstTab = () => show(P.address.get("tab"));
    return box;
  };
})(window.Podium);
