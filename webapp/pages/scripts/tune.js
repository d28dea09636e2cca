// The page Tune: which weights to ship, and what they would cost.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const LOOK_MS = 4_000;

  async function known() {
    T.known = await P.api("/tuning");
    return T.known.state;
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function read(box) {
    const node = el("div", "pd-empty"), bar = el("progress", "pd-tune-progress", undefined, { "aria-label": say("tune_reading") }), words = el("p", "pd-number", "", { role: "status" });
    node.append(el("h3", "", say("tune_reading")), bar, words);
    box.replaceChildren(node);
    while ((await known()) === "reading") {
      const { done, total, problem } = T.known.progress;
      if (problem) throw new P.Problem(503, problem);
      if (total) Object.assign(bar, { max: total, value: done });
      words.textContent = total ? say("tune_reading_of", { done: P.count(done), total: P.count(total) }) : "";
      await pause(200);
    }
  }

  function empty(box) {
    const node = P.empty(say("tune_empty"), say("tune_empty_text"));
    const command = el("pre", "pd-pre pd-tune-command", say("tune_empty_command"), { tabindex: 0 });
    node.append(command, P.copyButton(say("tune_empty_command")));
    const queries = T.known.examples;
    if (queries.length) {
      const going = el("p", "pd-note", say("tune_sample_note", { count: queries.length }), { role: "status" });
      const run = P.button("pd-primary", say("tune_sample", { count: queries.length }), () => sample(queries, going, run).then(() => window.location.reload(), P.failed));
      node.append(run, going);
    }
    box.replaceChildren(node);
    waitForMore();
  }

  let sampling = false;
  async function sample(queries, told, button) {
    button.disabled = sampling = true;
    try {
      for (const [place, query] of queries.entries()) {
        told.textContent = say("tune_sample_going", { done: place + 1, count: queries.length });
        const { id } = await P.api("/runs", { body: { query, alternatives: 4, vary: true, seed: place } });
        while (!(await P.api(`/runs/${id}`)).ended) await pause(300);
      }
      while ((await known()) !== "ready") await pause(300);
    } finally {
      button.disabled = sampling = false;
    }
  }

  // The first trajectory of a sample makes Tune ready; the page waits for all of them.
  async function waitForMore() {
    while ((await known().catch(() => "empty")) !== "ready" || sampling) await pause(LOOK_MS);
    window.location.reload();
  }

  function follow() {
    T.askWinners = T.follow("/tuning/winners", () => {
      T.lastAsked = { ...T.body(), against: T.against?.preference ?? null, page: T.pageWish() };
      return T.lastAsked;
    }, (reply, asked) => {
      T.lastWinners = reply;
      T.lastAsked = asked;
      T.emit("winners", reply);
    });
    T.on("weights", T.askWinners);
    T.on("against", T.askWinners);
    T.followFlips();
    setInterval(look, LOOK_MS);
  }

  // New runs are taken in while the page is open.
  async function look() {
    if (document.hidden) return;
    const before = T.known;
    const now = await P.api("/tuning").catch(() => null);
    if (!now || now.state !== "ready" || now.stamp === before.stamp) return;
    T.known = now;
    T.emit("stock");
    T.askWinners();
    T.emit("settled");
  }

  function stock() {
    const node = el("p", "pd-note pd-tune-stock");
    const show = () => {
      const { alternatives, queries, single, simulated } = T.known;
      const more = single ? ` ${say("tune_single", { count: P.count(single) })}` : "";
      node.textContent = `${say("tune_left", { alternatives: P.count(alternatives), queries: P.count(queries) })}.${more}`;
      if (simulated) node.append(" ", P.simulated());
      if (simulated && simulated < alternatives) node.append(" ", say("tune_simulated", { count: P.count(simulated) }));
    };
    T.on("stock", show);
    show();
    return node;
  }

  function build(box) {
    const left = el("div", "pd-tune-left"), right = el("div", "pd-tune-right"), whole = el("div", "pd-tune");
    left.append(T.weightsPanel());
    right.append(T.totalsPanel(), T.tabsPanel());
    whole.append(left, right);
    document.querySelector(".pd-heading").append(stock());
    box.replaceChildren(whole);
    follow();
    T.firstTab();
    T.askWinners();
    T.emit("settled");
  }

  function keys() {
    P.keys([
      { key: "n", words: say("tune_key_next"), act: () => T.jump(T.touched(), 1) },
      { key: "p", words: say("tune_key_previous"), act: () => T.jump(T.touched(), -1) },
      ...(P.covers("author") ? [{ key: "s", words: say("tune_key_save"), act: () => T.saveDialog() }] : []),
      { key: "c", words: say("tune_key_compare"), act: () => T.compareWith(T.vectorKey(T.setting)) },
      { key: "a", words: say("tune_key_adopt"), act: adopt },
    ]);
  }
  async function adopt() {
    try {
      const [group] = (await P.api("/tuning/revealed")).groups;
      if (group?.adopt) T.adoptRevealed(group, say("tune_by_everybody"));
      else P.notice(group ? group.sentence : say("tune_revealed_none"));
    } catch (error) {
      P.failed(error);
    }
  }

  // A profile that a link compares with may be deleted by now: that is said, and nothing is compared.
  async function readAgainst() {
    const key = P.address.get("against");
    T.against = await T.namedSetting(key).catch(() => null);
    if (key && !T.against) P.notice(say("tune_against_gone", { name: key.replace(/^profile:/, "") }), { bad: true });
  }

  P.start(async (box) => {
    T.readAddress();
    if ((await known()) === "reading") await read(box);
    if (T.known.state === "empty") {
      empty(box);
      return;
    }
    T.profiles = (await P.api("/profiles")).profiles;
    await readAgainst();
    keys();
    build(box);
    P.address.onBack(async () => {
      T.readAddress();
      await readAgainst();
      T.firstTab();
      T.emit("against");
      T.emit("weights", null);
      T.emit("settled");
    });
  });
})(window.Podium);
