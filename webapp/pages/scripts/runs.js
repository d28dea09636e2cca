// The page Runs: its address says which view is open. Keys move, choose and open; Escape goes back.
(function (P) {
  "use strict";
  const { el, say, runs } = P;

  P.start(async (box) => {
    const choices = await P.api("/search/choices");
    const search = P.runsSearchBox(), filters = P.runsFilters(choices), chips = el("div", "runs-chips");
    const list = P.runsList(), figures = P.runsFigures(), one = P.runsOne(), compare = P.runsCompare();
    const views = el("nav", "runs-views", undefined, { "aria-label": say("runs_views") });
    const frame = el("div", "runs-frame"), top = el("div", "runs-top"), side = el("div", "runs-content");
    top.append(search, views);
    side.append(chips, list, figures);
    frame.append(top, filters.node, side);
    box.append(frame, one, compare);
    const title = document.title;

    function view() {
      const params = runs.read();
      if (params.get("trajectory")) return "one";
      if (params.has("compare")) return "compare";
      return params.get("view") === "figures" ? "figures" : "list";
    }

    function links(now) {
      const figuresHere = now === "figures";
      const parts = [["list", runs.toList()], ["figures", runs.toList({ view: "figures" })]].map(([name, search]) => {
        const link = runs.link(el("a", "", say(`runs_view_${name}`)), search.startsWith("?") ? search : "?");
        if (figuresHere === (name === "figures")) link.setAttribute("aria-current", "page");
        return link;
      });
      const focused = views.contains(document.activeElement);
      views.replaceChildren(...parts);
      if (focused) views.querySelector("[aria-current]")?.focus();
    }

    async function draw() {
      const now = view(), framed = now === "list" || now === "figures";
      frame.hidden = !framed;
      one.hidden = now !== "one";
      compare.hidden = now !== "compare";
      list.hidden = now !== "list";
      figures.hidden = now !== "figures";
      const left = now === "one" ? null : one.forget();
      if (left && now === "list") P.runs.last = left;
      if (now !== "compare") compare.forget();
      if (framed) {
        document.title = title;
        runs.keepList();
        search.show();
        filters.show();
        P.runsChips(chips, choices);
        links(now);
      }
      if (!framed) window.scrollTo({ top: 0 });
      await { list, figures, one, compare }[now].show();
    }

    const open = () => [...list.rows.querySelectorAll(".runs-query")];
    const at = () => open().findIndex((link) => link.closest("li").contains(document.activeElement));
    function move(way) {
      if (view() === "one") return one.move(way);
      const links = open(), next = links[Math.min(Math.max(at() + way, 0), links.length - 1)];
      next?.focus();
      next?.closest("li").scrollIntoView({ block: "nearest" });
    }
    function back() {
      const now = view();
      if (now === "list") return runs.chosen().length ? (runs.choose([]), list.show()) : null;
      if (now === "figures") return runs.visit(runs.toList());
      return runs.back();
    }
    // Arrows belong to what scrolls or chooses by them, as long as the focus is in it.
    const ownArrows = "select, [role=grid], .pd-scroll, .pd-detail, .pd-answer-text, .runs-whole-answer";
    const moves = (event) => (inList() || inOne()) && !event.target.closest?.(ownArrows);
    const inList = () => view() === "list", framed = () => ["list", "figures"].includes(view()), inOne = () => view() === "one";
    P.keys([
      { key: "/", words: say("runs_k_search"), when: framed, act: () => search.select() },
      { key: "j", words: say("runs_k_down"), shown: ["J", "↓"], when: () => inList() || inOne(), act: () => move(1) },
      { key: "k", words: say("runs_k_up"), shown: ["K", "↑"], when: () => inList() || inOne(), act: () => move(-1) },
      { key: "ArrowDown", when: moves, act: () => move(1) },
      { key: "ArrowUp", when: moves, act: () => move(-1) },
      { key: "Enter", words: say("runs_k_open"), when: () => false, act: () => {} },
      { key: "x", words: say("runs_k_choose"), shown: ["X"], when: () => inList() && at() >= 0, act: () => list.pick(open()[at()].closest("li")) },
      { key: "c", words: say("runs_k_compare"), shown: ["C"], when: inList, act: () => list.compare() },
      { key: "g", words: say("runs_k_figures"), shown: ["G"], when: framed, act: () => runs.visit(runs.toList(view() === "figures" ? {} : { view: "figures" })) },
      { key: "n", words: say("runs_k_next"), shown: ["N"], when: inList, act: () => list.turn(1) },
      { key: "p", words: say("runs_k_previous"), shown: ["P"], when: inList, act: () => list.turn(-1) },
      { key: "f", words: say("runs_k_fork"), shown: ["F"], when: inOne, act: () => one.fork() },
      { key: "l", words: say("runs_k_link"), shown: ["L"], when: inOne, act: () => one.act("link") },
      { key: "d", words: say("runs_k_json"), shown: ["D"], when: inOne, act: () => one.act("json") },
      { key: "Escape", words: say("runs_k_back"), shown: ["Esc"], act: back },
    ]);
    document.addEventListener("podium:torows", () => open()[0]?.focus());
    document.addEventListener("podium:forked", () => list.forget());
    runs.onChange(draw);
    await draw();
  });
})(window.Podium);
