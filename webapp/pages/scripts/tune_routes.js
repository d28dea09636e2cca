// Routes as a flow from step to step, of the winners or of everything.
(function (P) {
  "use strict";
  const { el, say } = P, T = P.tune;

  T.tab("routes", (panel) => {
    const bar = el("fieldset", "pd-row pd-rev-by"), host = P.host(P.chart, "chart", "[]");
    bar.append(el("legend", "", say("tune_routes_of")));
    let of = P.address.get("of") === "all" ? "all" : "winners";
    for (const one of ["winners", "all"]) {
      const label = el("label", "pd-check");
      const radio = el("input", "", undefined, { type: "radio", name: "of", value: one, checked: one === of });
      radio.addEventListener("change", () => {
        of = one;
        P.address.set({ of: of === "all" ? "all" : null });
        ask();
      });
      label.append(radio, say(`tune_routes_${one}`));
      bar.append(label);
    }
    host.element.classList.add("pd-tune-flow");
    panel.append(bar, host.element);
    let drawn = "";
    const ask = T.whenSettled("/tuning/routes", () => ({ ...T.body(), of }), (reply) => {
      const text = JSON.stringify([reply.chart]);
      if (text !== drawn) host.show((drawn = text));
    });
    return { opened: ask, settled: ask };
  });
})(window.Podium);
