// The calls that a step paid for: who, tokens, dollars, seconds, failed attempts, and their texts on demand.
(function (P) {
  "use strict";
  const { el, say } = P;

  function head(call) {
    const node = el("div", "pd-call-head");
    const made = el("span", "pd-call-name");
    made.append(el("b", "", call.role));
    const rest = [call.alias, call.model].filter(Boolean).join(" · ");
    if (rest) made.append(" ", el("span", "pd-model", rest));
    if (call.simulated) made.append(" ", P.simulated());
    if (call.fallback) made.append(" ", el("span", "pd-note", call.fallback));
    const numbers = el("span", "pd-call-numbers");
    numbers.append(el("span", "pd-number", call.cost), el("span", "pd-number", call.seconds));
    node.append(made, numbers);
    return node;
  }

  function attempts(failed) {
    const fold = el("details", "pd-fold pd-attempts");
    fold.append(el("summary", "", failed.length === 1 ? say("attempts_one") : say("attempts", { count: failed.length })));
    const list = el("ol");
    for (const attempt of failed) list.append(el("li", "pd-note", say("attempt", attempt)));
    fold.append(list);
    return fold;
  }

  // One call. The same for the judge's call, which belongs to no step.
  P.callRow = function (call) {
    const item = el("li", "pd-call");
    const name = [call.role, call.alias, call.model].filter(Boolean).join(", ");
    item.append(head(call));
    const facts = [call.tokens, ...call.notes, call.price].filter(Boolean).join(" · ");
    if (facts) item.append(el("div", "pd-note", facts));
    if (call.attempts.length) item.append(attempts(call.attempts));
    if (call.error) item.append(el("div", "pd-note pd-bad", call.error));
    const folds = [];
    if (call.prompt) folds.push(P.textFold(say("prompt"), say("prompt_of", { who: name }), call.prompt));
    if (call.reply) folds.push(P.textFold(say("raw_reply"), say("reply_of", { who: name }), call.reply));
    if (folds.length) {
      const buttons = el("div", "pd-call-texts");
      buttons.append(...folds.map((fold) => fold.button));
      item.append(buttons, ...folds.map((fold) => fold.panel));
    }
    return item;
  };

  P.callRows = function (calls) {
    const list = el("ul", "pd-calls");
    list.append(...calls.map(P.callRow));
    return list;
  };
})((window.Podium = window.Podium || {}));
