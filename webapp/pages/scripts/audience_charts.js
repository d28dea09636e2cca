// What an audience says, drawn: bars of first choices, and for each weight a funnel that narrows as phones rank.
(function (P) {
  "use strict";
  const { el, say } = P;
  const WIDE = 300, HIGH = 100;

  P.qrCode = function (code, title) {
    const node = P.svg("svg", { viewBox: `0 0 ${code.size} ${code.size}`, class: "pd-aud-qr", role: "img", "aria-label": title, "shape-rendering": "crispEdges" });
    node.append(P.svg("rect", { width: code.size, height: code.size, fill: "#ffffff" }), P.svg("path", { d: code.path, fill: "#000000" }));
    return node;
  };

  // One row for each alternative, always in the ballot's order, so that nothing jumps while people look.
  P.firstChoices = function (labels) {
    const list = el("ol", "pd-aud-bars");
    const rows = labels.map((label) => {
      const row = el("li"), bar = el("i"), track = el("span", "pd-aud-track"), figure = el("span", "pd-aud-figure");
      const share = el("span", "", say("audience_first_none")), place = el("span", "pd-aud-place");
      track.append(bar);
      figure.append(share, place);
      row.append(el("b", "pd-aud-label", label), track, figure);
      list.append(row);
      return { row, bar, share, place };
    });
    return {
      element: list,
      show(alternatives, ranked) {
        const most = Math.max(...alternatives.map((one) => one.first));
        alternatives.forEach((one, at) => {
          const { row, bar, share, place } = rows[at];
          bar.style.width = `${100 * one.first}%`;
          row.classList.toggle("pd-aud-leads", ranked > 0 && one.first === most);
          share.textContent = ranked ? one.first_words : say("audience_first_none");
          place.textContent = ranked && one.place ? say("audience_first_place", { place: one.place }) : "";
        });
      },
    };
  };

  const across = (ranked, most) => (most <= 1 ? WIDE : (WIDE * Math.log(ranked)) / Math.log(most));
  const up = (weight) => HIGH * (1 - weight);

  // From the first phone to the last on a logarithmic scale; the last interval is drawn on to the right edge.
  function funnel(name, trail) {
    const points = trail.filter((one) => one.weights[name]).map((one) => ({ at: one.ranked, ...one.weights[name] }));
    if (!points.length) return { band: "", line: "" };
    const most = points.at(-1).at;
    const at = (one) => across(one.at, most).toFixed(1);
    const ends = points.length > 1 ? points : [{ ...points[0], at: 1 }, points[0]];
    if (most <= 1) return { band: `M0 ${up(points[0].high)}H${WIDE}V${up(points[0].low)}H0Z`, line: `M0 ${up(points[0].mean)}H${WIDE}` };
    const highs = ends.map((one) => `${at(one)} ${up(one.high)}`), lows = ends.map((one) => `${at(one)} ${up(one.low)}`).reverse();
    return { band: `M${highs.join("L")}L${lows.join("L")}Z`, line: `M${ends.map((one) => `${at(one)} ${up(one.mean)}`).join("L")}` };
  }

  P.weightFunnels = function (weights) {
    const list = el("ol", "pd-aud-weights");
    const rows = Object.entries(weights).map(([name, weight]) => {
      const row = el("li"), value = el("span", "pd-aud-value", "–"), range = el("span", "pd-aud-range", ""), untold = el("span", "pd-aud-untold", "");
      const picture = P.svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" });
      const band = P.svg("path", { class: "pd-aud-band" }), line = P.svg("path", { class: "pd-aud-line", "vector-effect": "non-scaling-stroke" });
      picture.append(band, line);
      const frame = el("span", "pd-aud-funnel");
      frame.append(picture, el("span", "pd-aud-one", "1"), el("span", "pd-aud-zero", "0"), untold);
      row.append(el("b", "", weight.title), frame, value, range);
      list.append(row);
      return { name, row, band, line, value, range, untold };
    });
    return {
      element: list,
      show(now, trail) {
        for (const { name, row, band, line, value, range, untold } of rows) {
          const one = now[name], told = one.mean !== null, drawn = funnel(name, trail);
          row.classList.toggle("pd-aud-dark", !told);
          band.setAttribute("d", told ? drawn.band : "");
          line.setAttribute("d", told ? drawn.line : "");
          value.textContent = told ? one.mean.toFixed(2) : "–";
          range.textContent = one.range;
          untold.textContent = told ? "" : one.words;
        }
      },
    };
  };
})(window.Podium);
