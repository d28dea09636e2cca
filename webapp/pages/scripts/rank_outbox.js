// Submissions on their way. Each is kept in this browser until the server has said that it keeps it.
(function (P) {
  "use strict";
  const KEY = "rank-outbox";
  const SOONEST_MS = 1_500, LATEST_MS = 15_000;
  const listeners = new Set();
  let running = null, timer = null, wait = SOONEST_MS, sending = null;

  // Where the browser keeps nothing, as in some private windows, it is kept as long as this page is open.
  let here = null;
  const all = () => here || P.memory.get(KEY) || [];
  function keep(items) {
    if (!here) P.memory.set(KEY, items);
    if (here || (P.memory.get(KEY) || []).length !== items.length) here = items;
  }
  // Another person's at this browser wait until that person logs in.
  const own = () => all().filter((item) => !P.ranking.account || item.annotator === P.ranking.account);
  const told = (kind, item, what) => listeners.forEach((listener) => listener(kind, item, what));
  // What another moment or another sign-in may change; anything else is the server's last word.
  const PASSING = [0, 401, 403, 408, 425, 429];
  const passing = (error) => PASSING.includes(error.status) || error.status >= 500;
  const drop = (item) => keep(all().filter((one) => one.key !== item.key));

  async function send(item) {
    sending = item.key;
    try {
      const reply = await P.ranking.server.rank(item);
      drop(item);
      told("kept", item, reply);
      return true;
    } catch (error) {
      if (!(error instanceof P.Problem)) throw error;
      if (passing(error)) {
        told("waiting", item, error);
        return false;
      }
      drop(item);
      told("refused", item, error);
      return true;
    } finally {
      sending = null;
    }
  }

  async function run() {
    clearTimeout(timer);
    for (let items = own(); items.length; items = own()) {
      if (await send(items[0])) {
        wait = SOONEST_MS;
        continue;
      }
      timer = setTimeout(outbox.flush, wait);
      wait = Math.min(wait * 1.6, LATEST_MS);
      return false;
    }
    return true;
  }

  const outbox = (P.ranking.outbox = {
    key: () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`,
    waiting: own,
    hear: (listener) => listeners.add(listener),

    // Sends all that waits, in order; whether nothing waits any more.
    flush() {
      running = running || run().finally(() => (running = null));
      return running;
    },

    // Keeps the submission, then sends it. Of one ballot only the last that waits is sent.
    async add(item) {
      keep([...all().filter((one) => one.key === sending || one.ballot !== item.ballot || one.annotator !== item.annotator), item]);
      await running; // What was under way may have failed, or have ended before this one came.
      return outbox.flush();
    },

    // Takes back what was not sent yet; null where it is sent, or on its way.
    takeBack(ballot) {
      const found = all().find((one) => one.ballot === ballot && one.annotator === P.ranking.who() && one.key !== sending);
      if (found) drop(found);
      return found ?? null;
    },
  });
  window.addEventListener("online", () => outbox.flush());
})(window.Podium);
