// The list: pages of what was found, how many there are, and what is done with the chosen ones.
(function (P) {
  "use strict";
  const { el, say, runs } = P;
  const MOST = 6, SIZE = 50, LARGEST_FILE = 500;

  P.runsList = function () {
    const node = el("section", "runs-list", undefined, { "aria-label": say("runs_list") });
    const rows = el("ol", "runs-rows", undefined, { "aria-label": say("runs_list") });
    const told = el("p", "pd-note runs-told", say("loading"), { role: "status" });
    const pager = el("nav", "runs-pager", undefined, { "aria-label": say("runs_pages") });
    const bar = el("div", "runs-bar", undefined, { role: "region", "aria-label": say("runs_chosen_region") });
    const head = el("div", "runs-head");
    head.append(told, order());
    node.append(head, rows, pager, bar);
    // `asked` is the newest question, answered or not; `shown` the one whose answer is on the page.
    let abort = null, asked = null, shown = null, chosen = new Set(), next = null;

    function order() {
      const box = el("div", "runs-order");
      const pick = el("select", "pd-select", undefined, { "aria-label": say("runs_sort") });
      for (const key of ["date", "cost", "latency", "steps"]) pick.append(el("option", "", say(`runs_sort_${key}`), { value: key }));
      pick.addEventListener("change", () => runs.change({ sort: pick.value === "date" ? null : pick.value }));
      const way = P.button("pd-small", "", () => runs.change({ order: runs.read().get("order") === "asc" ? null : "asc" }));
      box.show = () => {
        pick.value = runs.read().get("sort") || "date";
        const asc = runs.read().get("order") === "asc";
        way.textContent = `${asc ? "↑" : "↓"} ${say(`runs_${asc ? "asc" : "desc"}_${pick.value === "date" ? "date" : "number"}`)}`;
        way.setAttribute("aria-label", say("runs_turn", { now: way.textContent.slice(2) }));
      };
      box.append(pick, way);
      node.order = box;
      return box;
    }

    async function show() {
      node.order.show();
      chosen = new Set(runs.chosen());
      paintBar();
      const params = runs.read(), query = runs.asked();
      for (const name of ["sort", "order", "after"]) if (params.get(name)) query.set(name, params.get(name));
      query.set("size", SIZE);
      const key = query.toString();
      if (key === asked) {
        paintChosen();
        if (key === shown) focusAgain();
        return;
      }
      abort?.abort();
      asked = key;
      const mine = (abort = new AbortController());
      if (shown === null) rows.replaceChildren(...P.runsSkeleton(12));
      const slow = setTimeout(() => rows.setAttribute("data-stale", ""), 150);
      try {
        const page = await P.api(`/search?${key}`, { signal: mine.signal });
        shown = key;
        paint(page, params);
        count(page, params, mine.signal);
      } catch (error) {
        if (error.name === "AbortError") return;
        failed(error);
      } finally {
        clearTimeout(slow);
        if (abort === mine) rows.removeAttribute("data-stale");
      }
    }

    function failed(error) {
      asked = shown = null;
      const box = P.empty(error.message, "");
      box.append(P.button("pd-small", say("retry"), show), " ", P.button("pd-small", say("runs_clear"), () => runs.visit("")));
      const item = el("li", "runs-empty");
      item.append(box);
      rows.replaceChildren(item);
      told.textContent = "";
      pager.replaceChildren();
    }

    function paint(page, params) {
      next = page.next;
      rows.scrollTop = 0;
      if (page.rows.length) rows.replaceChildren(...page.rows.map((row) => P.runsRow(row, { chosen: chosen.has(row.id), onChoose: choose })));
      else rows.replaceChildren(empty());
      paintPager(params);
      focusAgain();
    }

    // Where the way back leads, once; somebody who types by now is left alone.
    function focusAgain() {
      const last = P.runs.last;
      P.runs.last = null;
      if (!last || document.activeElement?.matches("input, select, textarea")) return;
      (rows.querySelector(`[data-id="${CSS.escape(last)}"] .runs-query`) || rows.querySelector(".runs-query"))?.focus();
    }

    function empty() {
      const item = el("li", "runs-empty"), filtered = runs.filters().length > 0;
      const box = filtered ? P.empty(say("runs_nothing"), say("runs_nothing_hint")) : P.empty(say("runs_empty"), say("runs_empty_hint"));
      if (filtered) box.append(P.button("pd-small", say("runs_clear"), () => runs.visit("")));
      else box.append(el("a", "pd-small", say("runs_ask"), { href: `${P.home}ui/` }));
      item.append(box);
      return item;
    }

    // With all rows on one page there is nothing to ask.
    async function count(page, params, signal) {
      const whole = !params.get("after") && page.next === null;
      if (whole) return tell({ trajectories: page.rows.length, unpriced: page.rows.filter((row) => row.unpriced_calls > 0).length, going: 0 });
      try {
        tell(await P.api(`/search/count?${runs.asked()}`, { signal }));
      } catch (error) {
        if (error.name !== "AbortError") told.textContent = "";
      }
    }

    function tell({ trajectories, unpriced }) {
      const parts = [say(trajectories === 1 ? "runs_found_one" : "runs_found", { count: P.count(trajectories) })];
      if (unpriced) parts.push(say("runs_unpriced", { count: P.count(unpriced) }));
      told.textContent = parts.join(" · ");
    }

    function paintPager(params) {
      const before = window.history.state?.before || null, after = params.get("after");
      const first = P.button("pd-small", say("runs_first"), () => runs.change({ after: null }), { disabled: !after });
      const back = P.button("pd-small", `‹ ${say("runs_previous")}`, () => turn(-1), { disabled: !after });
      const on = P.button("pd-small", `${say("runs_next")} ›`, () => turn(1), { disabled: !next });
      back.disabled = !after || !before;
      pager.hidden = !after && !next;
      pager.replaceChildren(first, back, on);
    }

    // Marks of the pages before this one travel with the history, so that there is a way back from any of them.
    function turn(way) {
      const before = window.history.state?.before || [], here = runs.read().get("after");
      if (way > 0 ? !next : !before.length) return;
      P.runs.last = "first";
      if (way > 0) runs.change({ after: next }, { state: { before: [...before, here] } });
      else runs.change({ after: before[before.length - 1] }, { state: { before: before.slice(0, -1) } });
      window.scrollTo({ top: 0 });
    }

    function choose(id, on) {
      if (on && chosen.size >= LARGEST_FILE) {
        P.notice(say("runs_too_many", { count: LARGEST_FILE }), { bad: true });
        on = false;
      }
      chosen[on ? "add" : "delete"](id);
      runs.choose([...chosen]);
      paintChosen();
      paintBar();
    }

    function paintChosen() {
      for (const item of rows.querySelectorAll(".runs-row[data-id]")) item.choose(chosen.has(item.dataset.id));
    }

    function paintBar() {
      bar.hidden = !chosen.size;
      if (!chosen.size) return;
      const ids = [...chosen].join(",");
      const compare = P.button("pd-primary", say("runs_compare"), () => node.compare(), { disabled: chosen.size < 2 || chosen.size > MOST, title: say("runs_compare_hint", { most: MOST }) });
      const file = (texts) => el("a", "pd-small", say(texts ? "runs_download_texts" : "runs_download"), { href: `${P.home}api/v1/search/records?trajectories=${ids}${texts ? "&texts=true" : ""}`, download: "" });
      const clear = P.button("pd-small", say("runs_unchoose"), () => {
        chosen.clear();
        runs.choose([]);
        paintChosen();
        paintBar();
      });
      bar.replaceChildren(el("b", "", say("runs_chosen", { count: chosen.size })), compare, file(false), file(true), clear);
    }

    node.compare = () => {
      if (chosen.size < 2 || chosen.size > MOST) return P.notice(say("runs_compare_hint", { most: MOST }));
      runs.visit(`?compare=${[...chosen].join(",")}`);
    };
    node.turn = turn;
    node.show = show;
    node.forget = () => (asked = shown = null);
    node.rows = rows;
    node.pick = (item) => choose(item.dataset.id, !item.querySelector("input").checked);
    return node;
  };
})(window.Podium);
