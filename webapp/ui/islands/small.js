// The smaller islands: masthead, example queries, favoured aliases and the history.
(function (P) {
  "use strict";
  const { el, say } = P;

  P.masthead = function ({ element, props, watch }) {
    const root = element.querySelector(".pd-masthead");
    const toggle = P.themeButton();
    const keys = P.button("pd-small pd-keys-open", `? ${say("keys")}`, () => P.showKeys());
    const told = (words, ...shown) => ({ key: null, words: say(words), shown });
    P.keys([
      told("desk_key_ask", "Enter"), told("desk_key_tabs", "→", "←"), told("desk_key_place", "1", "…", "9"), told("desk_key_card", "↑", "↓"),
      told("desk_key_tie", "="), told("desk_key_line", "−"), told("desk_key_unrank", "U"), told("desk_key_submit", "Enter"),
      told("desk_key_step", "←", "↑", "→", "↓"),
    ]);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(restore, 0));
    function restore() {
      const chosen = P.memory.get("theme");
      P.setDark(chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
    }
    function take() {
      const view = props.value || {};
      const podium = el("span", "pd-podium", undefined, { "aria-hidden": "true" });
      podium.append(el("i"), el("i"), el("i"));
      const brand = el("h1", "pd-brand");
      brand.append(podium, el("span", "", view.title));
      const pages = el("nav", "pd-nav", undefined, { "aria-label": say("pages") });
      pages.append(el("a", "", say("page_run"), { href: "./", "aria-current": "page" }));
      for (const [name, title] of view.pages || []) pages.append(el("a", "", title, { href: P.home + name }));
      root.replaceChildren(brand, pages, el("p", "pd-policy", view.policy), keys, toggle, ...who(view.user));
    }
    // Who is logged in, with a link to the account; what the role cannot use is hidden, and refused where it is sent.
    function who(user) {
      if (!user) return [];
      document.documentElement.dataset.role = user.role;
      const link = el("a", "pd-who", user.name ?? say("single"), { href: `${P.home}account`, title: user.name ? `${user.name}, ${user.role}` : say("single_title") });
      link.classList.toggle("pd-note", !user.name);
      return [link];
    }
    restore();
    watch("value", take);
    take();
  };

  P.examples = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-examples");
    function take() {
      const texts = props.value || [];
      root.replaceChildren(el("span", "pd-kicker", say("examples")));
      for (const text of texts) root.append(P.button("pd-chip", text, () => trigger("chosen", { text }), { title: text }));
      root.hidden = !texts.length;
    }
    watch("value", take);
    take();
  };

  P.favour = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-favour");
    function take() {
      const view = props.value || { aliases: [], weights: {} };
      root.replaceChildren(el("p", "pd-note", say("favour_help")));
      for (const who of view.aliases) root.append(line(who, view.weights[who.alias] || 0));
    }
    function line(who, weight) {
      const node = el("label", "pd-favour-line");
      const text = el("span", "pd-text");
      text.append(el("b", "", who.alias), el("span", "pd-model", who.model || say("not_in_pool")));
      const slider = el("input", "pd-range", undefined, { type: "range", min: 0, max: 1, step: 0.1, "aria-label": say("favour", { alias: who.alias }) });
      slider.value = weight;
      const number = el("output", "pd-number", Number(weight).toFixed(1));
      slider.addEventListener("input", () => (number.textContent = Number(slider.value).toFixed(1)));
      slider.addEventListener("change", () => {
        props.value = { ...props.value, weights: { ...props.value.weights, [who.alias]: Number(slider.value) } };
        trigger("favoured", { alias: who.alias, weight: Number(slider.value) });
      });
      node.append(P.badge(who), text, slider, number);
      return node;
    }
    watch("value", take);
    take();
  };

  P.history = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-history");
    function take() {
      const view = props.value;
      if (!view || !view.rows || !view.rows.length) {
        const sought = view && view.search;
        const nothing = P.empty(say(sought ? "history_nothing" : "history_empty_title"), sought ? "" : say("history_empty"));
        root.replaceChildren(nothing, ...(sought ? [everything(sought)] : []));
        return;
      }
      const list = el("ul", "pd-runs");
      list.append(...view.rows.map(line));
      root.replaceChildren(everything(view.search), list);
    }
    // The page Runs has what this list lacks: answers, filters, figures and more than the newest.
    function everything(search) {
      const link = el("a", "pd-small pd-run-stage", search ? say("history_all_for", { search }) : say("history_all"), { href: `${P.home}runs${search ? `?${new URLSearchParams({ words: search })}` : ""}` });
      const node = el("p", "pd-row");
      node.append(link);
      return node;
    }
    function line(row) {
      const item = el("li");
      const link = el("a", "pd-run", undefined, { href: `?run=${encodeURIComponent(row.run)}` });
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        trigger("opened", { run: row.run });
      });
      const facts = el("span", "pd-run-facts");
      facts.append(P.when(row.when));
      facts.append(el("span", "", `${row.alternatives} · ${row.state}`), el("span", "", row.rankings));
      if (row.simulated) facts.append(P.simulated());
      link.append(el("span", "pd-run-query", row.query), facts);
      item.append(link, el("a", "pd-small pd-run-stage", say("show_on_stage"), { href: `${P.home}stage?run=${encodeURIComponent(row.run)}` }));
      return item;
    }
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
