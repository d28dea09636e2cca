// The way from ballot to ballot: the next one is fetched while this one is ranked, what was submitted can be taken back,
// what was put aside comes again.
(function (P) {
  "use strict";
  const { server, outbox } = P.ranking;
  const RENEW_MS = 30_000, REMEMBERED = 50;

  // show(given) draws {ballot, view, until}; nothing() is called where no ballot is left; failed(error) where none came.
  P.ranking.queue = function (study, { show, nothing, failed, leased }) {
    let now = null, fetching = null, skipped = false, turn = 0, undoing = null;
    const seen = new Map(); // the last views, for when the server is away
    const ahead = []; // those that come next: fetched ones, and those that an undo put off
    const doneKey = `done:${P.ranking.who()}:${study?.id ?? ""}`;
    const done = P.memory.get(doneKey) || []; // [{ballot, kind}], the latest at the end
    const id = study?.id ?? null;

    const besides = () => {
      const waiting = outbox.waiting().filter((item) => item.annotator === P.ranking.who()).map((item) => item.ballot);
      return [...new Set([now?.ballot, ...ahead.map((one) => one.ballot), ...waiting])].filter(Boolean);
    };

    async function fetched(options) {
      const known = besides();
      const given = await server.next(id, known, options);
      if (!given || known.includes(given.ballot)) return null;
      return { ...given, fresh: true, at: Date.now(), view: await server.view(given.ballot, id) };
    }

    function prefetch() {
      if (ahead.length || fetching || skipped) return;
      fetching = fetched().then((found) => found && ahead.push(found), () => {}).finally(() => (fetching = null));
    }

    function open(given) {
      now = given;
      seen.delete(given.ballot);
      seen.set(given.ballot, given.view);
      if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
      P.address.set({ ballot: given.ballot, alternative: null, step: null });
      show(given);
      const stale = given.at ? Date.now() - given.at > RENEW_MS : !given.view.last;
      if (id && stale) renew();
      setTimeout(prefetch, 0);
    }

    // What was put off in its first look: by now the server may have that look, and shows the second.
    async function looked(given) {
      try {
        await outbox.flush();
        return { ...given, view: await server.view(given.ballot, id) };
      } catch (error) {
        ahead.unshift(given);
        throw error;
      }
    }

    // `first` is a promise that has to settle before the server is asked what comes next.
    async function advance(first = null) {
      const mine = ++turn;
      now = null;
      if (!ahead.length && fetching) await fetching;
      try {
        let next = ahead.shift();
        if (!next) {
          await outbox.flush();
          await first;
          next = await fetched({ skipped });
        }
        if (!next && skipped) {
          skipped = false;
          next = await fetched();
        }
        if (next && !next.view) next = await looked(next); // All others are open at once, in the very moment of the key.
        if (mine !== turn) return;
        if (next) open({ ...next, fresh: false });
        else nothing();
      } catch (error) {
        if (!(error instanceof P.Problem)) throw error;
        failed(error);
      }
    }

    async function renew() {
      const given = now;
      try {
        const until = await server.take(id, given.ballot);
        if (until) given.until = until;
        if (until && given === now) leased(given);
      } catch {
        // The lease is not worth a word: a ranking that comes late is kept, too.
      }
    }

    // Opens a ballot by its id; what is open now comes after it. Whether it is open: something else may have come between.
    async function visit(ballot, { take = false } = {}) {
      const mine = ++turn;
      if (take && id) await server.take(id, ballot).catch(P.failed);
      const view = await server.view(ballot, id).catch((error) => {
        if (error.status !== 0 || !seen.has(ballot)) throw error;
        return seen.get(ballot);
      });
      if (mine !== turn) return false;
      if (now && now.ballot !== ballot) ahead.unshift({ ...now, view: now.view.phase === "blind" ? null : now.view, fresh: false });
      const waits = ahead.findIndex((one) => one.ballot === ballot);
      if (waits >= 0) ahead.splice(waits, 1);
      open({ ballot, view, until: null, fresh: false });
      return true;
    }

    function remember(ballot, kind) {
      done.push({ ballot, kind });
      P.memory.set(doneKey, done.slice(-REMEMBERED));
    }

    async function undo() {
      const last = done.pop();
      if (!last) return null;
      P.memory.set(doneKey, done);
      if (last.kind === "skipped" && !id) server.unskip(last.ballot);
      const back = outbox.takeBack(last.ballot);
      let shown = false;
      try {
        if (!back) await outbox.flush();
        shown = await visit(last.ballot, { take: last.kind === "skipped" });
      } finally {
        if (!shown && back) outbox.add(back);
        if (!shown) remember(last.ballot, last.kind);
      }
      return shown ? last : undefined;
    }

    setInterval(() => {
      if (!now?.until || !P.ranking.time.isActive()) return;
      if (new Date(now.until) - Date.now() < (study.lease_s * 1000) / 2) renew();
    }, RENEW_MS);
    window.addEventListener("pagehide", () => {
      for (const one of ahead) if (one.fresh) server.release(id, one.ballot);
    });
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

    return {
      advance, visit, remember,
      now: () => now,
      // What was submitted last, back on screen; null where there is nothing, undefined where something else came between. One at a time.
      undo: () => (undoing ??= undo().finally(() => (undoing = null))),
      async reopen() {
        const given = now, view = await server.view(given.ballot, id);
        if (given === now) open({ ...given, view });
      },
      comeBack: () => {
        skipped = true;
        if (!id) for (const one of P.memory.get(`aside:${P.ranking.who()}`) || []) server.unskip(one);
        return advance();
      },
    };
  };
})(window.Podium);
