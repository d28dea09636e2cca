// What the phone sends, again and again until it is answered; and what it keeps meanwhile.
(function (J) {
  "use strict";

  const PATIENCE_MS = 12_000;
  const LONGEST_MS = 15_000;
  J.code = location.pathname.replace(/\/+$/, "").split("/").pop().toUpperCase();

  J.kept = {
    get() {
      try { return JSON.parse(localStorage.getItem(`podium-join:${J.code}`)) || {}; } catch { return {}; }
    },
    set(change) {
      try { localStorage.setItem(`podium-join:${J.code}`, JSON.stringify({ ...J.kept.get(), ...change })); } catch { /* private browsing */ }
    },
  };

  // A name for one order, the same each time it is sent. Pages without https have no crypto.randomUUID.
  J.key = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => one.toString(16).padStart(2, "0")).join("");

  // Sleeps, but not longer than until the network is back.
  function rest(ms) {
    return new Promise((wake) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        removeEventListener("online", done);
        wake();
      }
      addEventListener("online", done);
    });
  }

  async function once(door, body, key) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
    try {
      const headers = { "Content-Type": "application/json", ...(key ? { "Idempotency-Key": key } : {}) };
      const reply = await fetch(`${J.code}/${door}`, {
        method: "POST", headers, body: JSON.stringify(body ?? {}), signal: stop.signal, credentials: "same-origin", cache: "no-store",
      });
      const said = await reply.json();
      return { status: reply.status, said, wait_ms: 1000 * Number(reply.headers.get("Retry-After") || 0) };
    } catch {
      return { status: 0, said: {}, wait_ms: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  // The answer: {status, said}. What waiting may help with (no network, too many, a server that starts) is sent again;
  // `meanwhile` is told why it takes so long. Phones that were sent away together do not come back together.
  J.post = async function (door, body, { key, meanwhile }) {
    for (let tries = 0; ; tries += 1) {
      const answer = await once(door, body, key);
      if (answer.status !== 0 && answer.status !== 429 && answer.status < 500) return answer;
      meanwhile(answer);
      const pause = Math.max(answer.wait_ms, Math.min(LONGEST_MS, 700 * 2 ** tries));
      await rest(pause * (0.7 + 0.6 * Math.random()));
    }
  };
})((window.Join = window.Join || {}));
