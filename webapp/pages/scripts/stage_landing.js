// What can be shown: recordings first, because they cannot fail, then the newest runs. The keyboard finds and opens all of it.
(function (P) {
  "use strict";
  const { el, say } = P;
  const WAIT_MS = 150;

  function row(address, query, facts, simulated, number) {
    const item = el("li"), link = el("a", "st-pick", undefined, { href: address });
    const text = el("span", "st-pick-text");
    text.append(el("span", "st-pick-query", query), el("span", "st-pick-facts", undefined));
    text.lastChild.append(...facts);
    if (simulated) text.lastChild.append(P.simulated());
    if (number) link.append(el("kbd", "", number, { "aria-hidden": "true" }));
    link.append(text);
    item.append(link);
    return item;
  }

  function showcase(one, at) {
    if (one.query !== null) return row(`?show=${encodeURIComponent(one.name)}`, one.query, [el("span", "", one.facts), el("span", "", one.bundled ? say("stage_bundled") : say("stage_own"))], one.simulated, at < 9 ? at + 1 : null);
    const item = el("li", "st-broken");
    item.append(el("b", "", one.name), el("span", "pd-bad", ` ${one.facts}`));
    return item;
  }

  const run = (one) =>
    row(`?run=${encodeURIComponent(one.run)}`, one.query, [P.when(one.when), el("span", "", one.facts), one.running ? el("b", "", say("stage_running")) : ""], one.simulated, null);

  P.stageLanding = async function (box) {
    const search = el("input", "st-search", undefined, { type: "search", "aria-label": say("stage_search"), placeholder: say("stage_search_hint"), maxlength: 300, autocomplete: "off" });
    const cases = el("ul", "st-picks"), runs = el("ul", "st-picks"), said = el("p", "st-none", undefined, { role: "status" });
    const caseTitle = el("h2", "", say("stage_showcases")), runTitle = el("h2", "", say("stage_runs"));
    const node = el("div", "st-landing");
    node.append(search, caseTitle, cases, runTitle, runs, said);
    box.replaceChildren(node);
    let timer = null, asked = 0;

    async function fill() {
      const mine = (asked += 1), text = search.value.trim();
      const found = await P.api(`/talks?search=${encodeURIComponent(text)}`);
      if (mine !== asked) return;
      P.address.set({ search: text });
      cases.replaceChildren(...found.showcases.map(showcase));
      runs.replaceChildren(...found.runs.map(run));
      caseTitle.hidden = !found.showcases.length;
      said.textContent = found.runs.length ? "" : text ? say("stage_nothing") : say("stage_no_runs");
    }

    const links = () => [...node.querySelectorAll("a.st-pick")];
    function walk(by) {
      const all = links(), at = all.indexOf(document.activeElement);
      if (at + by < 0) search.focus();
      else all[Math.min(all.length - 1, at + by)]?.focus();
    }
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => fill().catch(P.failed), WAIT_MS);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        links()[0]?.focus();
      } else if (event.key === "Enter") links()[0]?.click();
    });
    P.keys([
      { key: "/", words: say("stage_search"), act: () => search.focus() },
      { key: "ArrowDown", shown: ["↓", "↑"], words: say("stage_walk"), act: () => walk(1) },
      { key: "ArrowUp", act: () => walk(-1) },
      { key: "Enter", words: say("stage_open"), when: () => false, act() {} },
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => ({
        key: String(digit), shown: digit === 1 ? ["1", "…", "9"] : null, words: digit === 1 ? say("stage_open_showcase") : null,
        act: () => cases.querySelectorAll("a.st-pick")[digit - 1]?.click(),
      })),
    ]);
    search.value = P.address.get("search") ?? "";
    await fill();
  };
})((window.Podium = window.Podium || {}));
