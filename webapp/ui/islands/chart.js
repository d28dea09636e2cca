// A chart with its sentence and its table. plotly.js comes from this server; Plotly.react keeps zoom and hover.
(function (P) {
  "use strict";
  const { el, say } = P;

  // The server draws in the light look; dark swaps each known colour for its twin.
  function dressed(value) {
    if (typeof value === "string") return P.darkOf[value.toLowerCase()] ?? value;
    if (Array.isArray(value)) return value.map(dressed);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, dressed(part)]));
    }
    return value;
  }

  function table(chart) {
    const fold = el("details", "pd-fold");
    fold.append(el("summary", "", say("table")));
    const node = el("table", "pd-table");
    const head = el("tr");
    for (const column of chart.columns) head.append(el("th", "", column, { scope: "col" }));
    const body = el("tbody");
    for (const row of chart.rows) {
      const line = el("tr");
      for (const cell of row) line.append(el("td", "", cell));
      body.append(line);
    }
    const top = el("thead");
    top.append(head);
    node.append(top, body);
    const wrap = el("div", "pd-scroll");
    wrap.append(node);
    fold.append(wrap);
    return fold;
  }

  // plotly.js is large: it is fetched once, when the first chart is to be drawn, or is certain to be.
  let loading = null;
  function plotly() {
    loading ??= new Promise((resolve, reject) => {
      const tag = el("script", "", undefined, { src: P.home + P.plotlyPath.slice(1) });
      tag.onload = () => resolve(window.Plotly);
      tag.onerror = () => reject(new Error("plotly.js could not be loaded"));
      document.head.append(tag);
    });
    return loading;
  }
  P.loadCharts = plotly;

  // One chart at a time, with a frame between two, so that keys are answered while a page full of them is drawn.
  let turn = Promise.resolve();
  const frame = () => new Promise((resolve) => (document.hidden ? setTimeout(resolve) : requestAnimationFrame(() => setTimeout(resolve))));
  function inTurn(work) {
    turn = turn.then(frame).then(work).catch((failure) => console.error(failure));
    return turn;
  }

  P.chart = function ({ element, props, watch, trigger }) {
    const root = element.querySelector(".pd-chart");
    const parts = { title: el("h3", "pd-chart-title"), summary: el("p", "pd-chart-summary"), box: el("div", "pd-plot"), fold: el("div") };
    let charts = [], shown = null, bound = false, stale = false;

    function take() {
      charts = JSON.parse(props.value || "[]");
      draw();
    }

    function current() {
      return charts.find((chart) => chart.key === P.selection.alternative) || charts[0] || null;
    }

    async function draw() {
      const chart = current();
      if (!chart) {
        shown = null;
        root.replaceChildren();
        return;
      }
      if (!root.contains(parts.box)) root.replaceChildren(parts.title, parts.summary, parts.box, parts.fold);
      shown = chart.key;
      parts.title.textContent = chart.title;
      parts.summary.textContent = chart.summary;
      const open = parts.fold.querySelector("details")?.open;
      parts.fold.replaceChildren(table(chart));
      parts.fold.querySelector("details").open = Boolean(open);
      parts.box.setAttribute("role", "img");
      parts.box.setAttribute("aria-label", `${chart.title}. ${chart.summary}`);
      parts.box.style.minHeight = `${chart.figure.layout.height ?? 0}px`; // plotly.js may take a while
      stale = !root.offsetParent;
      if (stale) return; // in a closed tab: drawn when that opens
      const Plotly = await plotly();
      await inTurn(() => paint(Plotly, chart));
    }

    async function paint(Plotly, chart) {
      if (chart !== current()) return; // another one was chosen meanwhile, and draws itself
      const figure = P.isDark() ? dressed(chart.figure) : chart.figure;
      const layout = { ...figure.layout, template: P.templates[P.isDark() ? "dark" : "light"], uirevision: chart.key, autosize: true };
      await Plotly.react(parts.box, figure.data, layout, { responsive: false, displayModeBar: false });
      highlight();
      if (!bound) {
        bound = true;
        parts.box.on("plotly_click", (event) => click(event.points[0].customdata));
      }
    }

    function click(data) {
      if (!data) return;
      const [alternative, step] = data;
      document.activeElement?.blur();
      P.select({ alternative, step });
      trigger("pointclick", { alternative, step });
    }

    function highlight() {
      if (!parts.box.data) return;
      parts.box.data.forEach((series, at) => {
        if (series.type !== "bar") return;
        const chosen = P.selection.step;
        const faint = series.customdata.map((data) => (chosen === null || data[1] === chosen ? 1 : 0.35));
        window.Plotly.restyle(parts.box, { "marker.opacity": [faint] }, [at]);
      });
    }

    P.onSelect(element, () => {
      const chart = current();
      if (chart && chart.key !== shown) draw();
      else highlight();
    });
    const redraw = () => (element.isConnected ? draw() : document.removeEventListener("podium:theme", redraw));
    document.addEventListener("podium:theme", redraw);
    let width = 0;
    new ResizeObserver(() => {
      if (!root.offsetWidth || (root.offsetWidth === width && !stale)) return;
      width = root.offsetWidth;
      if (stale || !bound) draw();
      else window.Plotly.Plots.resize(parts.box);
    }).observe(root);
    watch("value", take);
    take();
  };
})((window.Podium = window.Podium || {}));
