// The player of a talk: which alternative and which step are shown, and at what pace. It has all it needs and asks for nothing.
(function (P) {
  "use strict";
  const SPEEDS = [0.5, 0.75, 1, 1.5, 2, 4, 8];
  const WORDS_A_SECOND = 2.8; // how fast people read along while somebody speaks

  const wordsIn = (text) => (text || "").split(/\s+/).filter(Boolean).length;
  const between = (low, high, value) => Math.min(high, Math.max(low, value));

  // at: 0 is the question, 1 … n the steps, n + 1 the verdict. A step first calls (back false), then something comes back.
  P.player = function (first, { onChange, remember = true }) {
    let talk = first, timer = null, due = null;
    const state = { place: 0, all: false, at: 0, back: true, playing: false, metric: "cost", speed: 1 };
    const alternative = () => talk.alternatives[state.place];
    const last = () => (alternative()?.steps.length ?? 0) + 1;

    function told() {
      if (remember) {
        const step = state.at >= last() ? null : state.at === 0 ? "start" : state.at - 1;
        try {
          P.address.set({ alternative: state.all ? "all" : alternative()?.id ?? null, step: state.all ? null : step });
        } catch { /* a file's address may not be changed everywhere */ }
      }
      onChange(state);
    }

    function fromAddress() {
      const named = P.address.get("alternative"), step = P.address.get("step");
      const found = talk.alternatives.findIndex((one) => one.id === named || one.label === named);
      state.place = Math.max(0, found);
      state.all = named === "all" && talk.alternatives.length > 1;
      state.at = step === "start" ? 0 : /^\d{1,4}$/.test(step ?? "") ? between(0, last(), Number(step) + 1) : last();
      const speed = P.memory.get("stage-speed"), metric = P.memory.get("stage-metric");
      if (SPEEDS.includes(speed)) state.speed = speed;
      if (metric === "time") state.metric = metric;
    }

    // Seconds that what is shown now stays.
    function pace() {
      if (state.at === 0) return between(2.5, 8, 1.5 + wordsIn(talk.query) / WORDS_A_SECOND);
      const step = alternative().steps[state.at - 1];
      const text = state.back ? step.error || step.gist : step.why;
      return between(1.8, state.back ? 7 : 8, 1.2 + wordsIn(text) / WORDS_A_SECOND);
    }

    function wait(seconds) {
      clearTimeout(timer);
      due = performance.now() + (seconds * 1000) / state.speed;
      timer = setTimeout(onward, (seconds * 1000) / state.speed);
    }

    function onward() {
      if (state.at > 0 && !state.back) state.back = true;
      else {
        state.at += 1;
        state.back = state.at >= last();
      }
      if (state.at >= last()) stop();
      else wait(pace());
      told();
    }

    function stop() {
      clearTimeout(timer);
      timer = due = null;
      state.playing = false;
    }

    function go(at) {
      Object.assign(state, { at: between(0, last(), at), all: false, back: true });
      if (state.playing) {
        if (state.at >= last()) stop();
        else wait(pace());
      }
      told();
    }

    const player = {
      state, alternative, last, go,
      get talk() { return talk; },
      // A run that goes on: what is shown stays, and whoever looks at the end looks at the new end.
      take(next) {
        const atEnd = state.at >= last(), id = alternative()?.id;
        talk = next;
        state.place = Math.max(0, talk.alternatives.findIndex((one) => one.id === id));
        if (atEnd) state.at = last();
        told();
      },
      choose(place) {
        if (!talk.alternatives[place]) return;
        const atEnd = state.at >= last();
        state.place = place;
        go(state.playing ? 0 : atEnd ? last() : state.at);
      },
      overview() {
        if (talk.alternatives.length < 2) return;
        stop();
        state.all = !state.all;
        state.at = last();
        state.back = true;
        told();
      },
      next() {
        if (state.all) return;
        if (state.at >= last()) player.overview();
        else go(state.at + 1);
      },
      previous() {
        if (state.all) player.overview();
        else go(state.at - 1);
      },
      toggle() {
        if (state.playing) stop();
        else {
          if (state.all || state.at >= last()) Object.assign(state, { at: 0, all: false, back: true });
          state.playing = true;
          wait(pace());
        }
        told();
      },
      faster(by) {
        const left = due === null ? null : ((due - performance.now()) / 1000) * state.speed;
        state.speed = SPEEDS[between(0, SPEEDS.length - 1, SPEEDS.indexOf(state.speed) + by)];
        P.memory.set("stage-speed", state.speed);
        if (state.playing) wait(Math.max(0.1, left));
        told();
      },
      measure() {
        state.metric = state.metric === "cost" ? "time" : "cost";
        P.memory.set("stage-metric", state.metric);
        told();
      },
      // How many steps have ended: dollars and seconds count these.
      ended: () => Math.min(alternative()?.steps.length ?? 0, state.back ? state.at : state.at - 1),
      atEnd: () => state.at >= last(),
    };
    fromAddress();
    return player;
  };
})((window.Podium = window.Podium || {}));
