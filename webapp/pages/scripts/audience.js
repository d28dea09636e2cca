// The stage's panel about the audience: P.audience(section, runId) fills the section, and follows what phones say.
(function (P) {
  "use strict";
  const { el, say } = P;
  const MINUTES = [10, 30, 60, 120];
  const SENTENCE_MS = 6_000;
  const AGAIN_MS = 4_000;
  const shown = new WeakMap();

  P.audience = async function (section, run) {
    const before = shown.get(section);
    if (before?.run === run) return before.done;
    before?.end();
    const room = { section, run, end: () => {}, done: null };
    shown.set(section, room);
    section.classList.add("pd-aud");
    section.setAttribute("aria-label", say("audience_title"));
    room.done = look(room).catch((error) => {
      shown.delete(section);
      P.failed(error);
    });
    return room.done;
  };

  async function look(room) {
    const found = await P.api(`/audiences?run=${encodeURIComponent(room.run)}&limit=1`);
    const [last] = found.audiences;
    return last ? follow(room, last) : invite(room, found);
  }

  // Before anybody is asked: for how long, and whether the room can reach it at all.
  function invite(room, { room: reached, command }) {
    const box = el("div", "pd-aud-invite"), row = el("div", "pd-row");
    const minutes = el("select");
    for (const n of MINUTES) minutes.append(el("option", "", say("audience_minutes_n", { n }), { value: n, selected: n === 30 }));
    const time = el("label", "pd-field"), hide = el("label", "pd-row"), check = el("input", "", undefined, { type: "checkbox" });
    time.append(el("span", "", say("audience_minutes")), minutes);
    hide.append(check, el("span", "", say("audience_hide")));
    const open = P.button("pd-primary pd-author", say("audience_open"), async () => {
      open.disabled = true;
      try {
        const hidden = check.checked ? ["cost", "latency"] : [];
        follow(room, await P.api("/audiences", { body: { run: room.run, minutes: Number(minutes.value), hidden } }));
      } catch (error) {
        open.disabled = false;
        P.failed(error);
      }
    });
    row.append(time, hide, open);
    box.append(el("h2", "", say("audience_invite")), el("p", "", say("audience_about")), row);
    if (!reached) box.append(closedDoor(command));
    room.section.classList.remove("pd-aud-wide");
    room.section.replaceChildren(box);
  }

  function closedDoor(command) {
    const node = el("div", "pd-aud-door");
    node.append(el("p", "", say("audience_here_only")), el("code", "", command));
    return node;
  }

  function follow(room, audience) {
    const panel = drawn(room, audience);
    room.section.replaceChildren(panel.element);
    if (audience.ranked !== undefined) panel.show(audience);
    let stream = null, later = null;
    // The browser itself comes back after a broken line, but not after an answer that was no stream.
    function listen() {
      stream = new EventSource(`${P.home}api/v1/audiences/${audience.id}/events`);
      stream.addEventListener("standing", (event) => panel.show(JSON.parse(event.data)));
      stream.addEventListener("open", () => panel.lost(false));
      stream.addEventListener("error", () => {
        panel.lost(true);
        if (stream.readyState === EventSource.CLOSED) later = setTimeout(listen, AGAIN_MS);
      });
    }
    listen();
    const clock = setInterval(() => (room.section.isConnected ? panel.tick() : room.end()), 1000);
    room.end = () => {
      clearInterval(clock);
      clearTimeout(later);
      stream.close();
      shown.delete(room.section);
    };
  }

  function drawn(room, audience) {
    const now = { until: audience.until, open: audience.open, told: 0, lost: false };
    const state = el("span", "pd-aud-state"), buttons = el("span", "pd-row"), head = el("div", "pd-aud-head");
    head.append(el("h2", "", say("audience_title")), state, buttons);
    const ranked = el("b", "pd-aud-count", "0"), joined = el("b", "pd-aud-count", "0");
    const sentence = el("p", "pd-aud-sentence", "", { role: "status" });
    const firsts = P.firstChoices(audience.labels), figures = el("div", "pd-aud-table");
    let funnels = null;

    // Gives whether the server did it.
    const change = (path, body) => P.api(`/audiences/${audience.id}/${path}`, { method: "POST", body }).then((standing) => {
      show(standing);
      return true;
    }, (error) => {
      P.failed(error);
      return false;
    });
    const end = async () => {
      if (await change("close")) P.notice(say("audience_ended"), { action: say("undo"), act: () => change("extend", { minutes: Math.max(1, (Date.parse(audience.until) - Date.now()) / 60_000) }) });
    };
    const more = P.button("pd-small pd-author", say("audience_more"), () => change("extend", { minutes: 10 }));
    const close = P.button("pd-small pd-author", say("audience_close"), end);
    const fresh = P.button("pd-small pd-author", say("audience_fresh"), async () => {
      const found = await P.api("/audiences?limit=1").catch(P.failed);
      if (!found) return;
      room.end();
      shown.set(room.section, room);
      invite(room, found);
    });
    buttons.append(more, close, fresh, width(room));

    const side = el("div", "pd-aud-side"), counts = el("div", "pd-aud-counts");
    counts.append(ranked, el("span", "", say("audience_ranked")), joined, el("span", "", say("audience_joined")));
    side.append(P.qrCode(audience.qr, say("audience_scan", { url: audience.join_url })), address(audience.shown_url), counts);
    const weights = panel(say("audience_weights"), say("audience_weights_note")), uncertain = el("p", "pd-note pd-aud-uncertain", "");
    const charts = el("div", "pd-aud-charts"), left = panel(say("audience_first"), say("audience_first_note"));
    left.append(firsts.element);
    charts.append(left, weights);
    const table = el("details", "pd-aud-more");
    table.append(el("summary", "", say("audience_table")), figures);
    const grid = el("div", "pd-aud-grid"), element = el("div", "pd-aud-panel");
    grid.append(side, charts);
    element.append(head, grid);
    if (!audience.room) element.append(closedDoor(audience.command));
    element.append(sentence, table);

    function tick() {
      const left_s = (Date.parse(now.until) - Date.now()) / 1000, open = now.open && left_s > 0;
      state.textContent = now.lost ? say("audience_lost") : open ? say("audience_left", { left: time(left_s) }) : say("audience_over");
      state.dataset.tone = now.lost ? "bad" : open ? "good" : "over";
      more.textContent = say(open ? "audience_more" : "audience_reopen");
      close.hidden = !open;
      fresh.hidden = open;
      element.classList.toggle("pd-aud-closed", !open);
    }

    function show(standing) {
      Object.assign(now, { until: standing.until, open: standing.open });
      audience.until = standing.open ? standing.until : audience.until;
      ranked.textContent = P.count(standing.ranked);
      joined.textContent = P.count(standing.joined);
      element.dataset.ranked = standing.ranked;
      firsts.show(standing.alternatives, standing.ranked);
      if (!funnels) {
        funnels = P.weightFunnels(standing.weights);
        weights.append(funnels.element, uncertain);
      }
      funnels.show(standing.weights, standing.trail);
      uncertain.textContent = standing.doubt ?? "";
      if (Date.now() - now.told > SENTENCE_MS) {
        now.told = Date.now();
        sentence.textContent = standing.sentence;
      }
      if (table.open) figures.replaceChildren(...tables(standing));
      table.ontoggle = () => table.open && figures.replaceChildren(...tables(standing));
      tick();
    }

    tick();
    return { element, show, tick, lost: (lost) => { now.lost = lost; tick(); } };
  }

  // The whole screen while people scan, or a column beside the talk.
  function width(room) {
    const toggle = P.button("pd-small", "", () => {
      P.memory.set("audience-beside", !P.memory.get("audience-beside"));
      set();
      room.section.dispatchEvent(new CustomEvent("podium:audience", { detail: { open: true } })); // the talk has another width
    });
    const set = () => {
      const beside = Boolean(P.memory.get("audience-beside"));
      room.section.classList.toggle("pd-aud-wide", !beside);
      toggle.textContent = say(beside ? "audience_wide" : "audience_beside");
    };
    set();
    return toggle;
  }

  function panel(title, note) {
    const node = el("div", "pd-panel");
    node.append(el("h3", "", title), el("p", "pd-note", note));
    return node;
  }

  // The code stands apart, since that is what somebody types.
  function address(url) {
    const node = el("p", "pd-aud-url"), at = url.lastIndexOf("/") + 1;
    node.append(el("span", "", url.slice(0, at)), el("b", "", url.slice(at)));
    return node;
  }

  const time = (left_s) => `${Math.floor(left_s / 60)}:${String(Math.floor(left_s % 60)).padStart(2, "0")}`;

  function tables(standing) {
    const firsts = standing.alternatives.map((one) => [one.label, one.first_words, one.place]);
    const weights = Object.values(standing.weights).map((one) => [one.title, one.words]);
    return [
      P.table([say("audience_alternative"), say("audience_share"), say("audience_place")], firsts),
      P.table([say("audience_weight"), say("audience_estimate")], weights),
    ];
  }
})(window.Podium);
