// The cost staircase: each step stands on all before it. Its scale is the route's own total, so that one sees where the money went.
(function (P) {
  "use strict";
  const { svg } = P;

  P.stairs = function (player) {
    const chart = P.drawn("st-stairs", draw);

    function draw(root, width, height, font) {
      const alternative = player.alternative(), steps = alternative.steps;
      const total = Number(alternative.total.usd), slots = Math.max(steps.length, 2);
      const foot = font * 1.5, head = font * 1.5, stride = width / slots;
      const y = (usd) => height - foot - (total ? usd / total : 0) * (height - foot - head);
      root.append(svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "st-rail" }));
      const dearest = Math.max(...steps.map((step) => Number(step.usd ?? 0)));
      const every = Math.max(Math.ceil((font * 1.6) / stride), 1);
      steps.forEach((step, at) => {
        if (at % every === 0) root.append(svg("text", { x: (at + 0.5) * stride, y: height - font * 0.25, class: "st-tick" }, at + 1));
        if (at < player.ended()) stair(root, step, { y, stride, font, total, dearest, before: at ? Number(steps[at - 1].so_far.usd) : 0 });
      });
      const done = steps.slice(0, player.ended());
      root.append(svg("path", { d: outline(done, y, stride), class: "st-outline" }));
    }

    function stair(root, step, { y, stride, font, total, dearest, before }) {
      const after = Number(step.so_far.usd), left = step.index * stride + stride * 0.06, wide = stride * 0.88;
      const high = Math.max(y(before) - y(after), 3);
      root.append(svg("rect", { x: left, y: y(before) - high, width: wide, height: high, style: `fill: ${P.stepColour(step)}` }));
      const share = total ? (after - before) / total : 0;
      const said = step.usd === null ? "?" : share >= 0.005 ? `${Math.round(100 * share)} %` : "";
      if (!said || (stride < font * 2.6 && Number(step.usd) !== dearest)) return;
      root.append(svg("text", { x: left + wide / 2, y: y(after) - font * 0.35, class: "st-tick st-strong" }, said));
    }

    function outline(steps, y, stride) {
      let at = `M0,${y(0)}`;
      for (const step of steps) at += ` V${y(Number(step.so_far.usd))} H${(step.index + 1) * stride}`;
      return at;
    }

    return { node: chart.node, show: () => chart.show(player.atEnd() ? player.alternative().money : P.say("stage_title_stairs")) };
  };
})((window.Podium = window.Podium || {}));
