// The screen of a talk: question and verdict, four tiles, lane chart and staircase, what is being said, and how to drive it.
(function (P) {
  "use strict";
  const { el, say } = P;

  function steps(player) {
    P.dialog(say("stage_table"), (body) => {
      const one = player.alternative();
      const columns = ["stage_column_step", "stage_column_called", "stage_column_model", "stage_column_cost", "stage_column_time", "stage_column_total"];
      const rows = one.steps.map((row) => [row.number, row.who?.alias ?? say("no_call"), row.model ?? "–", row.cost, row.seconds, row.so_far.cost]);
      body.append(el("p", "", one.route), el("p", "", one.money), P.table(columns.map((key) => say(key)), rows, { caption: `${one.label} · ${one.name}` }));
    }, { wide: true }).classList.add("st-dialog");
  }

  function details(player) {
    const one = player.alternative(), row = one.steps[Math.min(player.state.at, one.steps.length) - 1];
    if (!row) return P.notice(say("stage_no_step"));
    return P.dialog(say("stage_details"), (body) => {
      const list = el("ol", "pd-steps"), item = P.stepRow(row, { pool: [] });
      list.append(item);
      body.append(list);
      item.open(true);
    }, { wide: true }).classList.add("st-dialog");
  }

  function header(player) {
    const node = el("header", "st-head"), query = el("h1", "st-query"), side = el("div", "st-side");
    node.append(query, side);
    let shown = "";
    return {
      node,
      show() {
        const { talk, state } = player, one = player.alternative();
        const key = JSON.stringify([talk.query, state.all, one.id, one.verdict, state.at, one.steps.length, talk.ended]);
        if (key === shown) return;
        shown = key;
        query.textContent = query.title = talk.query;
        query.dataset.length = talk.query.length > 110 ? "long" : "short";
        const chip = el("span", "st-chip", undefined, { title: one.preference });
        chip.append(el("span", "st-label", one.label), el("span", "", one.name));
        const where = state.at === 0 ? say("stage_question") : say("stage_step_of", { number: state.at, count: one.steps.length });
        side.replaceChildren(...(state.all ? [] : [player.atEnd() ? P.stageVerdict(one.verdict) : el("span", "st-where", where)]));
        const facts = el("span", "st-facts");
        if (!state.all && talk.alternatives.length > 1) facts.append(chip);
        if (talk.simulated) facts.append(P.simulated());
        facts.append(el("span", "st-soft", talk.ended ? talk.asked : say("stage_running")));
        side.append(facts);
      },
    };
  }

  // Draws the talk into `root`. Gives take(talk), for a run that goes on, and the player.
  P.talk = function (root, talk, { remember = true, acts = [], keys = [] } = {}) {
    const stage = el("div", "st");
    let parts = [];
    const player = P.player(talk, { remember, onChange: () => show() });
    const overview = P.overview(player), one = [P.tiles(player), P.laneChart(player), P.stairs(player), P.saidNow(player)];
    const head = header(player), charts = el("div", "st-charts");
    const controls = P.controls(player, [...acts, ["theme", say("theme"), P.turnTheme], ["full", say("stage_full"), P.fullScreen], ["?", say("keys"), () => P.showKeys()]]);
    charts.append(one[1].node, one[2].node);
    stage.append(head.node, one[0].node, charts, one[3].node, overview.node, controls.node);
    root.replaceChildren(stage);

    function show() {
      const { all, playing, at } = player.state;
      Object.assign(stage.dataset, { view: all ? "all" : "one", playing, at, alternative: player.alternative().id });
      for (const part of [one[0].node, charts, one[3].node]) part.hidden = all;
      overview.node.hidden = !all;
      for (const part of parts) part.show();
      if (all) overview.show();
      else for (const part of one) part.show();
    }

    parts = [head, controls];
    P.stageKeys(player, [
      { key: "t", words: say("stage_table"), act: () => steps(player) },
      { key: "d", words: say("stage_details"), act: () => details(player) },
      ...keys,
    ]);
    P.wipes(stage, player);
    P.idles(document.body, player);
    show();
    return { player, take: player.take };
  };
})((window.Podium = window.Podium || {}));
