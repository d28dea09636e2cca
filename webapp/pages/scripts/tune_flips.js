// Under each slider: where decisions change, between which values nothing does, and the way to the next change.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;
  const BINS = 240;
  const LATER_MS = 250;
  const found = {};
  T.flipsFound = found;

  T.flipTrack = function (name) {
    const track = P.svg("svg", { class: "pd-flips", viewBox: `0 0 ${BINS} 12`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const band = P.svg("path", { class: "pd-flips-still" }), marks = P.svg("path", { class: "pd-flips-marks" });
    track.append(band, marks);
    const foot = el("div", "pd-weight-foot");
    const still = el("span", "pd-weight-still", say("tune_flips_wait"), { id: `still-${name}` });
    const words = T.named(name);
    const go = (way, key, text) => P.button("pd-icon", text, () => T.jump(name, way), { "aria-label": say("tune_flip_of", { direction: say(key), weight: words }), title: say(key) });
    const back = go(-1, "tune_previous_flip", "‹"), on = go(1, "tune_next_flip", "›");
    foot.append(back, still, on);

    function moved(value) {
      const one = found[name];
      if (!one) return;
      const [low, high] = T.stillAround(one.marks, value);
      band.setAttribute("d", `M ${low * BINS} 6 H ${high * BINS}`);
      // Rounded inwards, so that what is said is so.
      const inner = [Math.ceil(low * 1e3 - 1e-6) / 1e3, Math.floor(high * 1e3 + 1e-6) / 1e3];
      if (!one.marks.length) still.textContent = say("tune_still_all");
      else if (low === high) still.textContent = say("tune_threshold_itself", { at: T.number(low) });
      else if (inner[0] < inner[1]) still.textContent = say("tune_still", { low: inner[0], high: inner[1] });
      else still.textContent = say("tune_still", { low: T.number6(low), high: T.number6(high) });
      back.disabled = !one.marks.some(([at]) => at < value);
      on.disabled = !one.marks.some(([at]) => at > value);
    }
    function draw() {
      const counts = new Map();
      for (const [at, count] of found[name].marks) {
        const bin = Math.min(Math.floor(at * BINS), BINS - 1);
        counts.set(bin, (counts.get(bin) || 0) + count);
      }
      const most = Math.max(1, ...counts.values());
      marks.setAttribute("d", [...counts].map(([bin, count]) => `M ${bin + 0.5} 12 V ${12 - 3 - (9 * count) / most}`).join(" "));
      back.title = found[name].below || say("tune_nothing_there");
      on.title = found[name].above || say("tune_nothing_there");
      moved(T.weight(name));
    }
    return { track, foot, moved, draw };
  };

  // The nearest thresholds at or below and at or above a weight.
  T.stillAround = function (marks, value) {
    let low = 0, high = 1;
    for (const [at] of marks) {
      if (at <= value) low = at;
      if (at >= value) {
        high = at;
        break;
      }
    }
    return [low, high];
  };

  // To the other side of the next threshold, at the least weight of six decimals that lies beyond it.
  T.jump = function (name, way) {
    const marks = found[name]?.marks || [], value = T.weight(name);
    T.touch(name);
    const next = way > 0 ? marks.find(([at]) => at > value) : marks.findLast(([at]) => at < value);
    if (!next) {
      P.notice(say("tune_no_flip", { weight: T.named(name) }));
      return;
    }
    const at = next[0] * 1e6;
    const beyond = way > 0 ? Math.floor(at) + 1 : Math.ceil(at) - 1;
    T.move(name, Math.min(Math.max(beyond / 1e6, 0), 1));
    T.settle();
  };

  T.followFlips = function () {
    const names = () => [...T.MAIN, ...(T.aliasesOpen() ? T.known.aliases.map((one) => one.alias) : Object.keys(T.setting.tools))];
    const busy = (yes) => document.body.toggleAttribute("data-flips-busy", yes);
    const ask = T.whenSettled("/tuning/flips", () => ({ ...T.body(), weights: names() }), (reply) => {
      for (const name of names()) {
        found[name] = reply.weights[name] || { marks: [] };
        T.rows.get(name)?.flips.draw();
      }
      T.emit("flips");
    }, busy);
    // Later than the rest: a slider that moves again meanwhile shall not wait for thresholds. Its own stay as they are.
    let waiting = null;
    T.on("settled", () => {
      clearTimeout(waiting);
      waiting = setTimeout(ask, T.flipsFound.cost ? LATER_MS : 0);
    });
  };
})(window.Podium);
