// The landing: who ranks, the studies with how far they are, and everything that is not ranked yet.
(function (P) {
  "use strict";
  const { el, say, ranking } = P;
  const { server } = ranking;

  function person(again) {
    if (ranking.account) {
      const node = el("p", "pd-r-you");
      node.append(`${say("rank_you")}: `, el("b", "", ranking.account));
      return node;
    }
    const label = el("label", "pd-field pd-r-you");
    const field = el("input", "", undefined, { type: "text", maxlength: 200, autocomplete: "username", value: ranking.who() });
    field.addEventListener("change", () => {
      ranking.setWho(field.value);
      field.value = ranking.who();
      again();
    });
    label.append(el("span", "", say("rank_you")), field, el("span", "pd-note", say("rank_you_help")));
    return label;
  }

  function bar(value, most, words) {
    const node = el("div", "pd-r-how");
    node.append(el("progress", "", undefined, { max: Math.max(most, 1), value, "aria-label": words }), el("span", "pd-number", words));
    return node;
  }

  function chips(study, progress) {
    const hides = study.hidden.length ? study.hidden.map((name) => say("rank_hides", { what: say(`rank_hides_${name}`) })) : [say("rank_hides_nothing")];
    const ballots = study.next_by === "informative" ? study.most_ballots : progress.ballots;
    const facts = [
      say("rank_ballots", { count: ballots, alternatives: study.alternatives }),
      study.overlap === 1 ? say("rank_overlap_one") : say("rank_overlap", { count: study.overlap }),
      ...hides,
    ];
    if (study.two_phases) facts.push(say("rank_phases"));
    if (study.gold_share) facts.push(say("rank_gold", { share: P.share(study.gold_share) }));
    const node = el("ul", "pd-r-chips");
    node.append(...facts.map((fact) => el("li", "", fact)));
    return node;
  }

  async function flags(study) {
    const found = await server.flags(study.id);
    P.dialog(say("rank_flags_title", { name: study.name }), (body) => {
      const list = el("ul", "pd-r-mine");
      for (const one of found) {
        const item = el("li");
        const link = el("a", "pd-r-past", undefined, { href: `?study=${encodeURIComponent(study.id)}&ballot=${encodeURIComponent(one.ballot)}` });
        link.append(el("span", "pd-r-past-query", one.reason ?? ""), el("span", "pd-note", say("rank_by", { who: one.annotator })), P.when(one.changed_at));
        item.append(link);
        list.append(item);
      }
      body.append(list);
    }, { wide: true });
  }

  function close(study, again) {
    P.dialog(say("rank_close_title", { name: study.name }), (body, dialog) => {
      const row = el("div", "pd-row");
      row.append(P.button("pd-primary", say("rank_close_go"), async () => {
        try {
          await server.close(study.id);
          dialog.close();
          again();
        } catch (error) {
          P.failed(error);
        }
      }), P.button("pd-small", say("cancel"), () => dialog.close()));
      body.append(el("p", "", say("rank_close_help")), row);
    });
  }

  function tools(study, progress, again) {
    const own = progress.own[0], node = el("div", "pd-row");
    const open = !study.closed_at;
    const words = open ? say(own.ranked || own.held ? "rank_go_on" : "rank_go") : say("rank_look");
    node.append(el("a", open ? "pd-primary pd-r-go" : "pd-small", words, { href: `?study=${encodeURIComponent(study.id)}`, "aria-label": `${words}: ${study.name}` }));
    if (study.guidelines) node.append(P.button("pd-small", say("rank_guidelines"), () => ranking.guidelines(study)));
    if (progress.flagged) node.append(P.button("pd-small", say(progress.flagged === 1 ? "rank_flags_one" : "rank_flags", { count: progress.flagged }), () => flags(study).catch(P.failed)));
    if (open && P.covers("author")) node.append(P.button("pd-small", say("rank_close_study"), () => close(study, again)));
    return node;
  }

  // What people turned round once they saw cost and time. It is worked out from all of their rankings, so its room is kept until it comes.
  function turned(study) {
    const node = el("p", "pd-note pd-r-turned");
    server.willingness(study.id).then((found) => {
      if (!found.flips.looks) return node.remove();
      node.textContent = found.sentence;
      return node;
    }, () => node.remove());
    return node;
  }

  async function card(study, again) {
    const progress = await server.progress(study.id), own = progress.own[0];
    const node = el("article", "pd-panel pd-r-study", undefined, { "data-study": study.id });
    const head = el("div", "pd-r-studyhead");
    head.append(el("h2", "", study.name));
    if (study.closed_at) head.append(el("span", "pd-note", say("rank_closed_mark")));
    node.append(head);
    if (study.guidelines) node.append(el("p", "pd-r-gist", study.guidelines));
    const most = own.ranked + own.held + own.skipped + (own.left ?? 0);
    node.append(chips(study, progress));
    node.append(bar(own.ranked, most, say("rank_own_of", { ranked: own.ranked, most })));
    node.append(bar(progress.counted, progress.wanted, say("rank_whole_of", { counted: progress.counted, wanted: progress.wanted })));
    if (study.two_phases && progress.counted && P.covers("author")) node.append(turned(study));
    node.append(tools(study, progress, again));
    return node;
  }

  async function everything() {
    const node = el("article", "pd-panel pd-r-study");
    const next = await P.api(`/ballots/next?annotator=${encodeURIComponent(ranking.who())}`);
    node.append(el("h2", "", say("rank_everything")), el("p", "pd-note", say(next ? "rank_everything_hint" : "rank_everything_none")));
    if (next) node.append(el("a", "pd-primary pd-r-go", say("rank_go"), { href: `?ballot=${encodeURIComponent(next.id)}`, "aria-label": `${say("rank_go")}: ${say("rank_everything")}` }));
    return node;
  }

  ranking.studies = async function (box) {
    const again = () => ranking.studies(box).catch(P.failed);
    const studies = await server.studies();
    // Who only ranks gets ballots from studies alone.
    const [rest, ...cards] = await Promise.all([P.covers("author") ? everything() : null, ...studies.map((study) => card(study, again))]);
    const open = cards.filter((_, at) => !studies[at].closed_at), closed = cards.filter((_, at) => studies[at].closed_at);
    const top = el("div", "pd-r-landing-top");
    const made = (study) => {
      P.notice(say("form_made", { name: study.name, count: study.ballots.length || study.most_ballots }));
      again();
    };
    top.append(person(again), ...(P.covers("author") ? [P.button("pd-primary", say("rank_new"), () => ranking.form(made))] : []));
    const grid = el("div", "pd-r-studies");
    grid.append(...open, ...(rest ? [rest] : []));
    box.replaceChildren(top, ...(studies.length ? [] : [P.empty(say("rank_none_title"), say(P.covers("author") ? "rank_none" : "rank_none_asked"))]), grid);
    if (closed.length) {
      const fold = el("details", "pd-fold"), inner = el("div", "pd-r-studies");
      inner.append(...closed);
      fold.append(el("summary", "", say("rank_closed", { count: closed.length })), inner);
      box.append(fold);
    }
  };
})(window.Podium);
