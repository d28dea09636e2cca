// Parts of one trajectory's page: what takes it elsewhere, the tree of its forks, and the others of its run.
(function (P) {
  "use strict";
  const { el, say, runs } = P;

  // What the browser does not let the page copy is shown, selected.
  P.runsCopy = async function (text, said) {
    if (await P.copy(text)) return P.notice(said);
    return P.dialog(say("copy_failed"), (body) => {
      const area = el("textarea", "runs-copied", undefined, { readonly: true, rows: 6, "aria-label": say("runs_copy_by_hand") });
      area.value = text;
      body.append(el("p", "pd-note", say("runs_copy_by_hand")), area);
      setTimeout(() => area.select());
    });
  };

  const page = (id) => `?trajectory=${encodeURIComponent(id)}`;

  P.runsCanonical = (search) => new URL(search, window.location.origin + window.location.pathname).href;

  P.runsBack = () => runs.link(el("a", "runs-back", `‹ ${say("runs_back")}`), P.runs.listSearch || "?", P.runs.back);

  P.runsTools = function (id, view, fork) {
    const box = el("div", "runs-tools", undefined, { role: "group", "aria-label": say("runs_tools") });
    const record = `${P.home}api/v1/trajectories/${encodeURIComponent(id)}`;
    const file = (texts) => el("a", "pd-small", say(texts ? "runs_json_texts" : "runs_json"), { href: record + (texts ? "?texts=true" : ""), download: `trajectory-${id.slice(0, 12)}.json`, "data-act": texts ? null : "json" });
    const copies = (key, text) => P.button("pd-small", say(`runs_copy_${key}`), () => P.runsCopy(text(), say(`runs_copied_${key}`)), { "data-act": key });
    if (view.trajectory.rows.length) box.append(P.button("pd-primary", `↳ ${say("runs_fork_here")}`, fork, { "data-act": "fork" }));
    box.append(
      copies("link", () => P.runsCanonical(page(id) + (P.selection.step === null ? "" : `&step=${P.selection.step}`))),
      copies("curl", () => view.curl), copies("ask", () => view.ask), file(false), file(true),
    );
    if (view.run) {
      const run = encodeURIComponent(view.run), alternative = encodeURIComponent(id);
      box.append(el("a", "pd-small", say("runs_on_desk"), { href: `${P.home}ui/?run=${run}&alternative=${alternative}` }));
      box.append(el("a", "pd-small", say("runs_on_stage"), { href: `${P.home}stage?run=${run}&alternative=${alternative}` }));
    }
    return box;
  };

  P.runsForkedFrom = function (id, view) {
    const { fork } = view, known = P.memory.get(`fork:${id}`);
    const box = el("div", "runs-forked");
    const from = runs.link(el("a", "", say("runs_origin")), `${page(fork.trajectory)}&step=${fork.step}`);
    box.append(el("b", "", `↳ ${say("runs_forked_at", { number: fork.step + 1 })} `), from);
    box.append(el("p", "", say("runs_spent", { cost: fork.spent.cost, seconds: fork.spent.seconds, steps: fork.spent.steps })));
    if (known) box.append(el("p", "pd-note", say("runs_estimated", known)));
    return box;
  };

  function leaf(tree) {
    const item = el("li", "runs-leaf");
    item.toggleAttribute("data-here", tree.here);
    const line = el("div", "runs-leaf-line");
    const name = tree.at_step === null ? say("runs_root") : `↳ ${say("runs_at_step", { number: tree.at_step + 1 })}`;
    line.append(tree.here ? el("b", "", name, { "aria-current": "true" }) : runs.link(el("a", "", name), page(tree.id)));
    line.append(P.runsVerdict(tree), el("span", "pd-number", [tree.cost, tree.seconds].filter(Boolean).join(" · ")));
    item.append(line, P.runsRoute(tree.route));
    if (tree.forks.length) {
      const list = el("ul", "runs-branch");
      list.append(...tree.forks.map(leaf));
      item.append(list);
    }
    if (tree.more) item.append(el("p", "pd-note", say("runs_more_forks", { count: tree.more })));
    return item;
  }

  P.runsTree = function (view) {
    if (!view.tree) return null;
    const box = el("section", "pd-panel", undefined, { "aria-label": say("runs_tree") });
    const list = el("ul", "runs-tree");
    list.append(leaf(view.tree));
    box.append(el("h3", "", say("runs_tree")), list);
    return box;
  };

  P.runsAlternatives = function (view) {
    if (view.alternatives.length < 2) return null;
    const box = el("section", "pd-panel", undefined, { "aria-label": say("runs_alternatives") });
    const list = el("ul", "runs-tree");
    for (const one of view.alternatives) {
      const item = el("li", "runs-leaf"), line = el("div", "runs-leaf-line");
      item.toggleAttribute("data-here", one.here);
      line.append(one.here ? el("b", "", one.preference, { "aria-current": "true" }) : runs.link(el("a", "", one.preference), page(one.id)));
      line.append(P.runsVerdict(one), el("span", "pd-number", [one.cost, one.seconds].filter(Boolean).join(" · ")));
      item.append(line, P.runsRoute(one.route));
      list.append(item);
    }
    const ids = view.alternatives.map((one) => one.id).slice(0, 6);
    box.append(el("h3", "", say("runs_alternatives")), list, runs.link(el("a", "", say("runs_compare_all", { count: ids.length })), `?compare=${ids.join(",")}`));
    return box;
  };
})(window.Podium);
