// One ballot after the other: evidence to the left, the ranking to the right, everything by key.
(function (P) {
  "use strict";
  const { el, say, ranking } = P;

  // How many pairs stand otherwise after the second look, in words.
  function flips(before, after) {
    const at = (groups, label) => groups.findIndex((group) => group.includes(label));
    const labels = before.flat().filter((label) => at(after, label) >= 0).sort(), found = [];
    labels.forEach((one, place) => {
      for (const other of labels.slice(place + 1)) {
        const was = Math.sign(at(before, one) - at(before, other)), is = Math.sign(at(after, one) - at(after, other));
        if (was !== is) found.push(is === 0 ? `${one} = ${other}` : is < 0 ? `${one} > ${other}` : `${other} > ${one}`);
      }
    });
    if (!found.length) return say("rank_flips_none");
    return say(found.length === 1 ? "rank_flips_one" : "rank_flips", { count: found.length, pairs: found.join(", ") });
  }

  const isSecond = (view) => view.phase === "revealed" && view.last?.phase === "blind";

  function banner(view) {
    if (isSecond(view)) return el("p", "pd-r-phase", say("rank_second"), { role: "status" });
    if (view.last) return el("p", "pd-r-phase", say("rank_correcting"), { role: "status" });
    return view.phase === "blind" ? el("p", "pd-r-phase pd-r-first", say("rank_first")) : null;
  }

  ranking.ballots = async function (box, { study, ballot }) {
    document.documentElement.dataset.rank = "ballot";
    const { server, outbox } = ranking;
    let opinion = null, dock = null, root = null, stuck = false, line = { text: "", key: null };
    const frame = ranking.frame(study, {
      skip: () => skip(), flag: () => flag(), mine: () => mine(), guidelines: () => study?.guidelines && ranking.guidelines(study),
    });
    box.replaceChildren(...frame.nodes);
    tell(say(matchMedia("(min-width: 1000px)").matches ? "rank_hint" : "rank_hint_touch"));
    // What was clicked does not keep the focus: Enter means the submission.
    box.addEventListener("click", (event) => event.detail > 0 && event.target.closest("button")?.blur());
    const queue = ranking.queue(study, { show, nothing, failed, leased: (given) => frame.lease(given.until) });

    function show(given) {
      const { view } = given;
      stuck = false;
      ranking.time.begin();
      opinion = ranking.opinion(view, { onSubmit: submit, onChange: (state) => dock.show(state) });
      ranking.time.begin(opinion.state.active_s);
      const { marks } = opinion.state;
      const evidence = ranking.evidence(view, { marks, onChange: opinion.keep, onPick: opinion.list.pick });
      const later = Boolean(root);
      root = el("div", "pd-r-left");
      const note = banner(view);
      const title = el("h1", "pd-query", view.query, { tabindex: -1 });
      root.append(title, ...(note ? [note] : []), evidence);
      dock = ranking.dock(view, opinion, submit);
      frame.body.replaceChildren(root, opinion.node, dock.node);
      // Tab and a screen reader go on from here: what had the focus is gone.
      if (later && document.activeElement === document.body) title.focus({ preventScroll: true });
      frame.lease(given.until);
      window.scrollTo(0, 0);
      root.querySelectorAll(".pd-r-text").forEach((text) => text.scrollHeight > text.clientHeight + 1 && (text.tabIndex = 0));
      if (opinion.state.restored) tell(say("rank_restored"));
      document.dispatchEvent(new CustomEvent("podium:ballot", { detail: { ballot: given.ballot } }));
    }

    function nothing() {
      opinion = root = null;
      P.address.set({ ballot: null });
      frame.lease(null);
      const node = P.empty(say("rank_done_title"), say(study ? "rank_done_study" : "rank_done"));
      const row = el("div", "pd-row");
      row.append(P.button("pd-small", say("rank_come_back"), () => queue.comeBack()), P.button("pd-small", say("rank_mine"), mine));
      row.append(el("a", "pd-small", say("rank_studies"), { href: `${P.home}rank` }));
      node.append(row);
      frame.body.replaceChildren(node);
    }

    function failed(error, again = () => queue.advance()) {
      stuck = true;
      opinion = root = null;
      const node = P.empty(error.message, "");
      node.append(P.button("pd-small", say("retry"), () => {
        stuck = false;
        return again();
      }));
      frame.body.replaceChildren(node);
    }

    const undoButton = () => P.button("pd-small", `${say("undo")} (Z)`, undo);

    function submit() {
      const given = queue.now();
      if (!given || !opinion || root.inert) return undefined;
      const { view } = given, { state } = opinion, second = isSecond(view);
      if (!state.touched && !view.last) return tell(say("rank_untouched"));
      const body = opinion.said();
      const changed = state.touched || second || JSON.stringify([body.reason, body.tags, body.marks]) !== JSON.stringify([view.last.reason ?? null, view.last.tags ?? [], view.last.marks ?? []]);
      if (!changed) return queue.advance();
      const words = ranking.orderWords(body.groups) || say("rank_none_acceptable");
      const item = { key: outbox.key(), annotator: ranking.who(), study: study?.id ?? null, ballot: view.ballot, body, draft: opinion.draft };
      if (view.phase === "blind") return submitBlind(item, words);
      queue.remember(view.ballot, "ranked");
      tell(second ? `${words}. ${flips(view.last.groups, body.groups)}` : say("rank_submitted", { order: words }), [undoButton()], item.key);
      outbox.add(item);
      return queue.advance();
    }

    const waits = (on) => [root, opinion.node, dock.node].forEach((node) => (node.inert = on));

    // The second look is at the same ballot, and comes when the server has the first; until then nothing changes.
    function submitBlind(item, words) {
      waits(true);
      tell(say("rank_submitted_blind", { order: words }));
      return outbox.add(item);
    }

    outbox.hear(async (kind, item, what) => {
      frame.waiting(kind === "waiting" ? outbox.waiting().length : 0, what);
      if (kind === "kept") await kept(item, what);
      if (kind === "refused") refused(item, what);
      if (kind === "kept" && stuck && !queue.now()) await queue.advance();
    });

    async function secondLook() {
      const { ballot: mine } = queue.now();
      try {
        await queue.reopen();
        tell("");
      } catch (error) {
        if (!(error instanceof P.Problem)) throw error;
        if (queue.now()?.ballot === mine) failed(error, secondLook);
      }
    }

    async function kept(item, reply) {
      P.memory.drop(item.draft);
      for (const one of reply.studies ?? []) if (one.words) P.notice(one.words);
      try {
        if (queue.now()?.ballot === item.ballot && item.body.phase === "blind") await secondLook();
        const view = item.body.phase === "blind" ? null : await server.view(item.ballot, item.study);
        if (view && line.key === item.key) reveal(view);
        refresh();
      } catch (error) {
        if (!(error instanceof P.Problem)) throw error;
      }
    }

    // Adds what stood behind the labels to the line about the last submission.
    function reveal(view) {
      const more = P.button("pd-small", say("rank_reveal"), () => ranking.reveal(view));
      frame.said([line.text, ...ranking.behind(view)].join(" · "), [more, undoButton()]);
    }

    // The line about what was done last; `key` names the submission that it is about.
    function tell(text, actions = [], key = null) {
      line = { text, key };
      frame.said(text, actions);
    }

    function refused(item, error) {
      P.notice(say("rank_refused", { why: error.message }), { bad: true, action: say("rank_reopen"), act: () => queue.visit(item.ballot).catch(P.failed) });
      if (queue.now()?.ballot === item.ballot && opinion) waits(false);
    }

    async function undo() {
      try {
        const last = await queue.undo();
        if (last !== undefined) tell(say(last ? (last.kind === "skipped" ? "rank_back_skipped" : "rank_taken_back") : "rank_undo_none"));
      } catch (error) {
        P.failed(error);
      }
    }

    function skip() {
      const given = queue.now();
      if (!given || !root || root.inert) return;
      if (given.view.last) {
        queue.advance();
        return;
      }
      queue.remember(given.ballot, "skipped");
      tell(say("rank_skipped"), [undoButton()]);
      const skipping = server.skip(study?.id ?? null, given.ballot);
      const settled = Promise.resolve(skipping).catch(P.failed);
      settled.then(refresh);
      queue.advance(settled);
    }

    function flag() {
      const given = queue.now();
      if (!given || !study || !root || root.inert) return;
      ranking.flag(async (reason) => {
        await server.flag(study.id, given.ballot, reason);
        tell(say("rank_flagged"));
        refresh();
        await queue.advance();
      });
    }

    const mine = () => ranking.mine(study, (row) => queue.visit(row.ballot, { take: row.state !== "ranked" }).catch(P.failed)).catch(P.failed);
    const refresh = () => study && server.progress(study.id).then(frame.progress, () => null); // It comes with the next one.

    ranking.bind({
      active: () => Boolean(root?.isConnected && !root.inert),
      root: () => root, opinion: () => opinion, skip, flag, undo, mine,
      guidelines: () => study?.guidelines && ranking.guidelines(study),
    });
    refresh();
    outbox.flush();
    if (ballot) await queue.visit(ballot, { take: false });
    else await queue.advance();
  };
})(window.Podium);
