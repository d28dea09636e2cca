// A leave-behind: the talk, then every step of every alternative. All of it is in this file.
(function (P) {
  "use strict";
  const { el, say } = P;
  const talk = JSON.parse(document.getElementById("talk").textContent);

  function alternative(one) {
    const section = el("section", "lb-alternative"), head = el("h2", ""), list = el("ol", "pd-steps");
    head.append(el("span", "pd-label", one.label), ` ${one.name}`);
    section.append(head, el("p", "pd-note", `${one.state_words} · ${one.total.cost} · ${one.total.seconds} · ${one.models.join(", ")}`));
    section.append(el("p", "pd-note", one.preference), P.answerText(one));
    list.append(...one.steps.map((row) => P.stepRow(row, { pool: [] })));
    section.append(list);
    return section;
  }

  P.answerText = (one) => {
    const node = el("p", "lb-answer", one.answer ?? one.state_words);
    node.prepend(P.stageVerdict(one.verdict), " ");
    return node;
  };

  P.setDark(matchMedia("(prefers-color-scheme: dark)").matches);
  P.talk(document.getElementById("page"), talk);
  const notes = [say("leave_recorded", { asked: talk.asked }), talk.policy, say("leave_no_request")];
  if (talk.simulated) notes.push(say("leave_simulated"));
  notes.push(talk.redacted === 1 ? say("leave_redacted_one") : talk.redacted ? say("leave_redacted", { count: talk.redacted }) : say("leave_redacted_none"));
  const rest = document.getElementById("rest"), about = el("ul", "lb-notes");
  about.append(...notes.map((words) => el("li", "", words)));
  rest.append(el("h2", "", say("leave_steps")), ...talk.alternatives.map(alternative), el("h2", "", say("leave_about")), about);
  document.documentElement.dataset.podium = "ready";
})((window.Podium = window.Podium || {}));
