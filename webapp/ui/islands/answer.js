// The answer card: text, verdict by shape and word, who says so, and the source it was read from.
(function (P) {
  "use strict";
  const { el, say } = P;
  const MARKS = { solved: "✓", unsolved: "✕", ungraded: "?" };

  P.verdict = function (answer) {
    const node = el("span", "pd-verdict", undefined, { "data-verdict": answer.verdict });
    node.append(el("b", "", MARKS[answer.verdict], { "aria-hidden": "true" }));
    node.append(el("span", "", answer.verdict_words));
    if (answer.by) node.append(el("span", "pd-by", answer.by));
    if (answer.reason) node.title = answer.reason;
    return node;
  };

  P.source = function (text) {
    const safe = /^https?:\/\//i.test(text);
    const node = el(safe ? "a" : "span", "pd-source", text);
    if (safe) {
      node.href = text;
      node.target = "_blank";
      node.rel = "noopener noreferrer";
    }
    return node;
  };

  // Why a judge model said so, and what asking it cost, apart from the route.
  function judging({ reason, judging: { words, call } }) {
    const node = el("div", "pd-judging");
    if (reason) node.append(el("p", "pd-judged", reason));
    const fold = el("details", "pd-fold");
    const list = el("ul", "pd-calls");
    list.append(P.callRow(call));
    fold.append(el("summary", "", say("how_judged")), el("p", "pd-note", words), list);
    node.append(fold);
    return node;
  }

  P.answerCard = function (answer, state) {
    const card = el("div", "pd-answer", undefined, { role: "group", "aria-label": say("answer"), "data-verdict": answer.verdict });
    const head = el("div", "pd-answer-head");
    head.append(el("span", "pd-kicker", answer.text === null ? say("no_answer") : say("answer")));
    if (answer.text !== null && answer.verdict) head.append(P.verdict(answer));
    if (answer.simulated && !answer.extracted) head.append(P.simulated());
    card.append(head);
    card.append(el("p", answer.text === null ? "pd-answer-none" : "pd-answer-text", answer.text ?? state));
    if (answer.judging) card.append(judging(answer));
    const foot = el("div", "pd-answer-foot");
    if (answer.extracted && answer.source) foot.append(el("span", "pd-kicker", say("extracted")), P.source(answer.source));
    if (answer.reference) foot.append(el("span", "pd-kicker", say("reference")), el("span", "pd-source", answer.reference));
    if (foot.childNodes.length) card.append(foot);
    return card;
  };
})((window.Podium = window.Podium || {}));
