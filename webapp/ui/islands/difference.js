// The steps of several alternatives in common rows. A table to walk through with the arrows: a cell opens its step in
// place, beside the others of its row that are open; rows alike are folded.
(function (P) {
  "use strict";
  const { el, say, differenceCells: cells } = P;
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  // `view`: a difference, with `columns` for what opens. `kept`: what is open, which outlives a new drawing.
  P.differenceTable = function (view, { kept = P.differenceKept(), onOpen = null } = {}) {
    const columns = new Map((view.columns || []).map((column) => [column.label, column]));
    const table = el("table", "pd-diff-table", undefined, { role: "grid", "aria-label": say("diff_title") });
    const width = view.labels.length + 1;
    const details = new Map(); // row -> its line of open steps
    table.style.setProperty("--columns", view.labels.length);

    function draw() {
      const top = el("thead", "", undefined, { role: "rowgroup" }), body = el("tbody", "", undefined, { role: "rowgroup" });
      top.append(cells.heads(view.labels, view.totals));
      const folds = new Map(view.folds.map((fold) => [fold.first, fold]));
      let fold = null;
      view.rows.forEach((row, at) => {
        if (view.parting && view.parting.row === at) body.append(cells.parting(view.parting, width));
        if (folds.has(at)) {
          fold = folds.get(at);
          body.append(folded(fold));
        }
        const within = fold && at < fold.first + fold.count ? fold : null;
        body.append(line(row, at, within));
      });
      table.append(top, body);
      for (const [key, node] of keyed()) if (kept.open.has(key)) show(node, true);
      for (const each of view.folds) unfold(each, kept.unfolded.has(each.first));
      stop(grid()[0]?.[0]);
    }

    function line(row, at, fold) {
      const node = el("tr", "pd-diff-line", undefined, { role: "row", "data-row": at, "data-state": row.state, "data-fold": fold ? fold.first : null });
      node.append(cells.row(row.state));
      const costly = view.costly?.rows.includes(at) ? view.costly.label : null;
      for (const label of view.labels) node.append(cells.step(label, row.cells[label], label === costly));
      return node;
    }

    function folded(fold) {
      const within = view.costly?.rows.some((at) => at >= fold.first && at < fold.first + fold.count);
      const node = cells.fold(fold, view.labels, within ? view.costly.label : null);
      node.dataset.opens = fold.first;
      return node;
    }

    function unfold(fold, open) {
      kept.unfolded[open ? "add" : "delete"](fold.first);
      const head = table.querySelector(`[data-opens="${fold.first}"]`);
      head.firstChild.setAttribute("aria-expanded", String(open));
      for (const row of table.querySelectorAll(`[data-fold="${fold.first}"]`)) {
        row.hidden = !open;
        const more = details.get(Number(row.dataset.row));
        if (more) more.hidden = !open;
      }
    }

    function keyed() {
      return [...table.querySelectorAll(".pd-diff-cell[data-index]")].map((node) => [`${node.dataset.label}:${node.dataset.index}`, node]);
    }

    // Opens or closes the step of a cell; gives its box.
    function show(node, open) {
      const { label, index } = node.dataset;
      const row = columns.get(label)?.rows[Number(index)];
      if (!row) return null;
      kept.open[open ? "add" : "delete"](`${label}:${index}`);
      node.setAttribute("aria-expanded", String(open));
      return open ? unfolded(node, row) : closed(node);
    }

    function unfolded(node, row) {
      const line = node.parentElement, at = Number(line.dataset.row);
      if (!details.has(at)) {
        const place = el("tr", "pd-diff-detail", undefined, { role: "row" });
        const cell = el("td", "", undefined, { role: "gridcell", colspan: width, "aria-colspan": width });
        cell.append(el("div", "pd-diff-details"));
        place.append(cell);
        line.after(place);
        details.set(at, place);
      }
      const list = details.get(at).querySelector(".pd-diff-details");
      if (list.querySelector(`[data-label="${node.dataset.label}"]`)) return list;
      const box = step(node, row, view.rows[at].cells[node.dataset.label]);
      const order = (one) => view.labels.indexOf(one.dataset.label);
      list.insertBefore(box, [...list.children].find((other) => order(other) > order(box)) ?? null);
      return box;
    }

    function step(node, row, cell) {
      const { label } = node.dataset;
      const box = el("section", "pd-diff-step", undefined, { "data-label": label, "aria-label": say("diff_step", { label, number: row.number }) });
      const head = el("div", "pd-diff-step-head");
      head.append(el("span", "pd-label", label), el("b", "", say("diff_number", { number: row.number })));
      head.append(P.button("pd-icon", "×", () => { show(node, false); focus(node); }, { "aria-label": say("diff_close", { label, number: row.number }) }));
      const list = el("ol", "pd-steps pd-compact");
      const item = P.stepRow({ ...row, who: cells.named(cell) }, { pool: [] });
      list.append(item);
      item.open(true);
      box.append(head, list);
      return box;
    }

    function closed(node) {
      const at = Number(node.parentElement.dataset.row), place = details.get(at);
      place?.querySelector(`[data-label="${node.dataset.label}"]`)?.remove();
      if (place && !place.querySelector(".pd-diff-step")) {
        place.remove();
        details.delete(at);
      }
      return null;
    }

    function act(node) {
      const line = node.parentElement;
      if (line.dataset.opens) {
        const fold = view.folds.find((one) => String(one.first) === line.dataset.opens);
        return unfold(fold, !kept.unfolded.has(fold.first));
      }
      if (node.matches(".pd-diff-row")) {
        const steps = [...line.querySelectorAll(".pd-diff-cell[data-index]")];
        const open = steps.some((one) => one.getAttribute("aria-expanded") === "false");
        return steps.forEach((one) => show(one, open));
      }
      if (node.dataset.index === undefined) return undefined;
      const open = node.getAttribute("aria-expanded") === "false";
      show(node, open);
      if (open && onOpen) setTimeout(onOpen, 0, node.dataset.label, Number(node.dataset.index)); // once it is on screen
      return undefined;
    }

    // One cell is the way in; the arrows do the rest.
    const grid = () => [...table.querySelectorAll("tbody tr:not([hidden]):not(.pd-diff-parting, .pd-diff-detail)")].map((row) => [...row.children]);
    function stop(node) {
      table.querySelector('[tabindex="0"][role]')?.setAttribute("tabindex", "-1");
      node?.setAttribute("tabindex", "0");
    }
    function focus(node) {
      stop(node);
      node.focus({ preventScroll: true });
      node.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    const cellOf = (target) => {
      const node = target.closest?.(".pd-diff-cell, tbody .pd-diff-row");
      return node && table.contains(node) ? node : null;
    };

    function walk(event) {
      if (event.key === "Escape" && !cellOf(event.target)) return leave(event);
      if (event.target !== cellOf(event.target) || event.altKey || event.metaKey) return undefined;
      const rows = grid(), y = rows.findIndex((row) => row.includes(event.target)), x = rows[y].indexOf(event.target);
      let to = null;
      if (MOVES[event.key]) to = [y + MOVES[event.key][0], x + MOVES[event.key][1]];
      else if (event.key === "Home") to = [event.ctrlKey ? 0 : y, 0];
      else if (event.key === "End") to = [event.ctrlKey ? rows.length - 1 : y, width - 1];
      else if (event.key === "Enter" || event.key === " ") act(event.target);
      else return undefined;
      event.preventDefault();
      const next = to && rows[to[0]]?.[to[1]];
      if (next) focus(next);
      return undefined;
    }

    // Out of an open step, back to its cell.
    function leave(event) {
      const box = event.target.closest(".pd-diff-step");
      const node = box && box.closest("tr").previousElementSibling.querySelector(`[data-label="${box.dataset.label}"]`);
      if (!node) return;
      event.preventDefault();
      focus(node);
    }

    table.addEventListener("keydown", walk);
    table.addEventListener("click", (event) => {
      const node = cellOf(event.target);
      if (!node || String(window.getSelection())) return;
      stop(node);
      node.focus({ preventScroll: true });
      act(node);
    });
    draw();
    return table;
  };

  P.differenceKept = () => ({ open: new Set(), unfolded: new Set() });

  // Sentences, then the table. options: {kept, onOpen(label, index)}.
  P.differenceOf = function (view, options = {}) {
    const node = el("section", "pd-diff", undefined, { "aria-label": say("diff_title") });
    const head = el("div", "pd-diff-said");
    const title = el("h3", "", say("diff_title"));
    if (view.simulated) title.append(" ", P.simulated());
    head.append(title, ...view.sentences.map((sentence) => el("p", "", sentence)));
    node.append(head);
    if (!view.rows.length) return node;
    const scroll = el("div", "pd-diff-scroll"), table = P.differenceTable(view, options);
    scroll.append(table);
    node.append(scroll, el("p", "pd-note", say("diff_help")));
    return node;
  };

  // The value: a difference with the `columns` whose steps it opens. Event: `opened` {label, index}.
  P.difference = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-difference");
    let kept = null, shown = null;
    function take() {
      const view = props.value;
      if (!view || !view.labels) {
        root.replaceChildren(P.empty(say("compare_empty_title"), say("diff_empty")));
        return;
      }
      const key = JSON.stringify([view.labels, view.totals]);
      if (key !== shown) kept = P.differenceKept();
      shown = key;
      root.replaceChildren(P.differenceOf(view, { kept, onOpen: (label, index) => trigger("opened", { label, index }) }));
    }
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
