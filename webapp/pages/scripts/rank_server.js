// What the page Rank asks of the server, and who is asking.
(function (P) {
  "use strict";
  const ranking = (P.ranking = {});
  const enc = encodeURIComponent;

  // The account's name; without accounts a name that somebody types.
  // Of this page: somebody who gives another name in another tab does not rank under it here.
  const account = document.documentElement.dataset.me ?? null;
  let me = account ?? (P.memory.get("annotator") || "local");
  ranking.account = account;
  ranking.who = () => me;
  ranking.setWho = (name) => P.memory.set("annotator", (me = name.trim() || "local"));

  const asked = (path, values) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
      for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") query.append(name, one);
    }
    return `${path}?${query}`;
  };
  const of = (study, ballot, what) => `/studies/${enc(study)}/assignments/${enc(ballot)}/${what}`;

  // What somebody skipped outside any study is remembered here: only a study has a queue on the server.
  const asideKey = () => `aside:${ranking.who()}`;
  const aside = () => P.memory.get(asideKey()) || [];

  const server = (ranking.server = {
    studies: async () => (await P.api("/studies")).studies,
    study: (id) => P.api(`/studies/${enc(id)}`),
    make: (body) => P.api("/studies", { body }),
    close: (id) => P.api(`/studies/${enc(id)}/close`, { method: "POST" }),
    progress: (id) => P.api(asked(`/studies/${enc(id)}/progress`, { annotator: ranking.who() })),
    willingness: (id) => P.api(`/studies/${enc(id)}/willingness`),
    flags: async (id) => (await P.api(`/studies/${enc(id)}/flags`)).flags,
    view: (ballot, study) => P.api(asked(`/ballots/${enc(ballot)}/view`, { annotator: ranking.who(), study })),

    // {ballot, until} of the next ballot, none of those in `besides`; null where nothing is left.
    async next(study, besides = [], { skipped = false } = {}) {
      const annotator = ranking.who();
      if (!study) {
        const found = await P.api(asked("/ballots/next", { annotator, besides: skipped ? besides : [...besides, ...aside()] }));
        return found && { ballot: found.id, until: null };
      }
      const given = await P.api(asked(`/studies/${enc(study)}/next`, { annotator, besides, skipped: skipped || null }));
      return given && { ballot: given.ballot.id, until: given.assignment.leased_until };
    },

    // A ballot that was put aside, or held, again on lease; null outside studies.
    async take(study, ballot) {
      if (!study) return null;
      const taken = await P.api(of(study, ballot, "take"), { body: { annotator: ranking.who() } });
      return taken.leased_until;
    },

    // Frees what is held but was never looked at. It works while the page closes.
    release(study, ballot, annotator = ranking.who()) {
      if (!study) return;
      const body = JSON.stringify({ annotator });
      const headers = { "Content-Type": "application/json" };
      fetch(`${P.home}api/v1${of(study, ballot, "release")}`, { method: "POST", keepalive: true, headers, body }).catch(() => {});
    },

    async skip(study, ballot) {
      if (!study) return P.memory.set(asideKey(), [...aside().filter((one) => one !== ballot), ballot].slice(-200));
      return P.api(of(study, ballot, "skip"), { body: { annotator: ranking.who() } });
    },
    flag: (study, ballot, reason) => P.api(of(study, ballot, "flag"), { body: { annotator: ranking.who(), reason } }),

    // What this person had of the study: [{ballot, state, …}], the latest first.
    async queue(study) {
      if (!study) return aside().map((ballot) => ({ ballot, state: "skipped" })).reverse();
      const said = await P.api(asked(`/studies/${enc(study)}/queue`, { annotator: ranking.who() }));
      return said.queue || said.assignments || said.ballots || [];
    },
    unskip(ballot) {
      P.memory.set(asideKey(), aside().filter((one) => one !== ballot));
    },
  });
  server.rank = ({ ballot, body, key }) =>
    P.api(`/ballots/${enc(ballot)}/rankings`, { body, headers: { "Idempotency-Key": key } });
})(window.Podium);
