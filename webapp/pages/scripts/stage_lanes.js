// The lane chart: steps from left to right, who was called from top to bottom, a bubble for dollars or seconds, the route a line.
(function (P) {
  "use strict";
  const { el, say, svg } = P;
  const WIDEST_SHARED = 12; // steps up to which all alternatives of a run share one scale

  // A figure that draws itself anew when its size changes. draw(root, width, height, font size).
  P.drawn = function (className, draw) {
    const figure = el("figure", `st-figure ${className}`), title = el("figcaption", "st-title");
    const box = el("div", "st-plot"), root = svg("svg", { role: "img", "aria-hidden": null });
    box.append(root);
    figure.append(title, box);
    let size = "";
    const paint = () => {
      const { clientWidth: width, clientHeight: height } = box;
      if (!width || !height) return;
      const font = parseFloat(getComputedStyle(root).fontSize);
      root.setAttribute("viewBox", `0 0 ${width} ${height}`);
      root.replaceChildren();
      draw(root, width, height, font);
    };
    new ResizeObserver(() => {
      const now = `${box.clientWidth} ${box.clientHeight}`;
      if (now === size) return;
      size = now;
      paint();
    }).observe(box);
    document.addEventListener("podium:audience", paint, true); // the panel does not let it bubble; at once, before the old drawing is seen cut off
    return {
      node: figure,
      show(sentence) {
        title.textContent = sentence;
        root.setAttribute("aria-label", sentence);
        paint();
      },
    };
  };

  // Text that is cut where its place ends.
  P.fitted = function (root, text, words, width) {
    root.append(text);
    text.textContent = words;
    let length = words.length;
    while (length > 1 && text.getComputedTextLength() > width) {
      length -= 1;
      text.textContent = `${words.slice(0, length).trimEnd()}…`;
    }
    return text;
  };

  const amount = (step, metric) => (metric === "cost" ? (step.usd === null ? null : Number(step.usd)) : step.latency_s);
  const colour = (step) => `var(--pd-a-${step.who && P.aliases.includes(step.who.alias) ? step.who.alias : "orchestrator"})`;
  P.stepColour = colour;

  function scale(player) {
    const { talk, state } = player;
    const all = talk.alternatives.flatMap((one) => one.steps.map((step) => amount(step, state.metric) ?? 0));
    const counts = talk.alternatives.map((one) => one.steps.length);
    const own = player.alternative().steps.length;
    return { most: Math.max(...all, 1e-12), slots: Math.max(Math.max(...counts) <= WIDEST_SHARED ? Math.max(...counts) : own, 3) };
  }

  function label(root, lane, used, x, y, room, font) {
    const group = svg("g", { class: used ? "st-lane-name" : "st-lane-name st-faint" });
    const swatch = lane.who ? `var(--pd-a-${lane.who.alias})` : "var(--pd-line-2)";
    const shape = lane.who?.shape ?? "round", size = font * 0.8;
    group.append(svg("rect", { x, y: y - size / 2, width: size, height: size, rx: shape === "round" ? size / 2 : 2, fill: swatch }));
    root.append(group);
    const two = lane.model && room.height > font * 2.5;
    const start = x + size + font * 0.45, width = room.width - size - font * 0.6;
    P.fitted(group, svg("text", { x: start, y: y + font * (two ? -0.15 : 0.35), class: "st-strong" }), lane.name, width);
    if (two) P.fitted(group, svg("text", { x: start, y: y + font * 0.98, class: "st-soft" }), lane.model, width);
  }

  function path(points) {
    return points.map(([x, y], at) => {
      if (!at) return `M${x},${y}`;
      const [px, py] = points[at - 1], bend = (x - px) / 2;
      return py === y ? `L${x},${y}` : `C${px + bend},${py} ${x - bend},${y} ${x},${y}`;
    }).join(" ");
  }

  P.laneChart = function (player) {
    const chart = P.drawn("st-lanes", draw);

    function draw(root, width, height, font) {
      const { talk, state } = player, steps = player.alternative().steps;
      const { most, slots } = scale(player);
      const named = Math.max(0, ...talk.lanes.map((lane) => Math.max(lane.name.length, Math.min(lane.model.length, 18))));
      const left = Math.min(width * (width < 500 ? 0.42 : 0.36), font * (1.9 + named * 0.56)), foot = font * 1.5;
      const rise = Math.min((height - foot) / Math.max(talk.lanes.length, 1), font * 7), stride = (width - left - font * 0.5) / slots;
      const top = (height - foot - rise * talk.lanes.length) / 2;
      const x = (step) => left + (step.index + 0.5) * stride, y = (step) => top + (step.lane + 0.5) * rise;
      const widest = Math.min(rise * 0.46, stride * 0.44, font * 2.6), least = Math.min(font * 0.34, widest);
      const used = new Set(steps.map((step) => step.lane));
      talk.lanes.forEach((lane, at) => {
        const middle = top + (at + 0.5) * rise;
        root.append(svg("line", { x1: left, x2: width, y1: middle, y2: middle, class: "st-rail" }));
        label(root, lane, used.has(at), 2, middle, { width: left, height: rise }, font);
      });
      const shown = steps.slice(0, Math.min(state.at, steps.length));
      root.append(svg("path", { d: path(shown.map((step) => [x(step), y(step)])), class: "st-route" }));
      const every = Math.max(Math.ceil((font * 1.6) / stride), 1);
      for (let at = 0; at < slots; at += every) {
        const inside = at < steps.length;
        root.append(svg("text", { x: left + (at + 0.5) * stride, y: height - font * 0.25, class: `st-tick ${inside ? "" : "st-faint"}` }, at + 1));
      }
      const dearest = Math.max(...shown.map((step) => amount(step, state.metric) ?? 0));
      for (const step of shown) {
        const value = amount(step, state.metric), now = step.index === state.at - 1;
        const r = value === null ? font * 0.5 : least + Math.sqrt(value / most) * (widest - least);
        bubble(root, step, { x: x(step), y: y(step), r, now, font, value });
        const told = now || value === dearest || stride > font * 5;
        if (told) words(root, step, { x: x(step), y: y(step), r, font, width, now, top: top + step.lane * rise });
      }
    }

    function bubble(root, step, { x, y, r, now, font, value }) {
      const waits = now && !player.state.back && !player.atEnd();
      const group = svg("g", { class: `st-bubble ${now && !player.atEnd() ? "st-here" : ""} ${waits ? "st-waits" : ""}`, "data-step": step.index });
      if (now && !player.atEnd()) group.append(svg("circle", { cx: x, cy: y, r: r + font * 0.32, class: "st-ring" }));
      const hollow = value === null || step.error;
      group.append(svg("circle", { cx: x, cy: y, r, style: `--c: ${colour(step)}`, class: hollow ? "st-hollow" : "st-full" }));
      if (hollow) group.append(svg("text", { x, y: y + font * 0.35, class: "st-tick st-strong" }, step.error ? "✕" : "?"));
      group.append(svg("title", {}, say("stage_bubble", { number: step.number, who: step.who?.alias ?? say("no_call"), cost: step.cost, seconds: step.seconds })));
      group.addEventListener("click", () => player.go(step.index + 1));
      root.append(group);
    }

    // The amount stands beside its bubble, on the side where there is room.
    function words(root, step, { x, y, r, font, width, now, top }) {
      const text = svg("text", { class: `st-amount ${now ? "st-strong" : ""}` }, player.state.metric === "cost" ? step.cost : step.seconds);
      root.append(text);
      const length = text.getComputedTextLength(), above = y - r - font * (now && !player.atEnd() ? 0.75 : 0.4);
      if (above - font > Math.max(top - font * 0.9, -0.2 * font)) { // never over the sentence above the chart
        text.setAttribute("x", Math.min(Math.max(x, length / 2), width - length / 2));
        text.setAttribute("y", above);
        text.setAttribute("text-anchor", "middle");
      } else {
        const right = x + r + font * 0.75;
        text.setAttribute("x", right + length < width ? right : x - r - font * 0.75 - length);
        text.setAttribute("y", y - font * 0.2);
      }
    }

    return { node: chart.node, show: () => chart.show(player.atEnd() ? player.alternative().route : say("stage_title_lanes")) };
  };
})((window.Podium = window.Podium || {}));
