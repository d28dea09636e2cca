// "Call this instead": what is offered at a step, what it is likely to cost beyond what is paid already, and its course.
(function (P) {
  "use strict";
  const { el, say, runs } = P;

  P.runsFork = async function (id, view, step) {
    let offers;
    try {
      offers = await P.api(`/trajectories/${encodeURIComponent(id)}/fork/offers?step=${step}`);
    } catch (error) {
      return P.failed(error);
    }
    P.dialog(say("runs_fork_title", { number: step + 1 }), (body, dialog) => fill(body, dialog, { id, view, step, offers }), { wide: true });
  };

  function fill(body, dialog, { id, view, step, offers }) {
    body.classList.add("runs-fork-body");
    const row = view.trajectory.rows[step];
    body.append(el("p", "", offers.called ? say("runs_fork_called", { alias: offers.called }) : say("runs_fork_no_call"), { id: "fork-about" }));
    if (offers.problem) {
      body.append(el("p", "pd-bad", offers.problem, { role: "alert" }));
      return;
    }
    const estimate = el("div", "runs-estimate", undefined, { role: "status", "aria-live": "polite" });
    estimate.append(el("p", "pd-note", say("runs_fork_choose")));
    const go = P.button("pd-primary", say("runs_fork_go"), start, { disabled: true });
    const list = el("div", "runs-offers");
    let call = null, known = null, asked = 0, first = true;
    for (const { tool, aliases } of offers.tools) {
      if (!aliases.length) continue;
      const group = el("fieldset", "runs-boxes");
      group.append(el("legend", "", say(`runs_tool_${tool}`)));
      for (const who of aliases) group.append(offer(tool, who));
      list.append(group);
    }
    const foot = el("div", "pd-row runs-fork-foot");
    foot.append(go, P.button("pd-small", say("cancel"), () => dialog.close()));
    body.append(list, estimate, foot);

    function offer(tool, who) {
      const label = el("label", "runs-offer");
      const pick = el("input", "", undefined, { type: "radio", name: "fork-alias", value: who.alias, autofocus: first });
      first = false;
      pick.addEventListener("change", () => reckon({ tool, model: who.alias }));
      const text = el("span", "runs-offer-text");
      text.append(el("b", "", who.alias), el("span", "pd-model", who.model || ""));
      label.append(pick, P.badge(who), text);
      if (who.simulated) label.append(P.simulated());
      if (who.alias === offers.called) label.append(el("span", "pd-note", say("runs_called_here")));
      return label;
    }

    async function reckon(chosen) {
      const mine = (asked += 1);
      call = chosen;
      go.disabled = true;
      estimate.setAttribute("data-stale", "");
      try {
        const found = await P.api(`/trajectories/${encodeURIComponent(id)}/fork/estimate`, { body: { step, call } });
        if (mine !== asked) return;
        known = found;
        estimate.replaceChildren(...estimated(found));
        go.disabled = false;
        go.textContent = say("runs_fork_go_alias", { alias: chosen.model });
      } catch (error) {
        if (mine === asked) estimate.replaceChildren(el("p", "pd-bad", error.message));
      } finally {
        estimate.removeAttribute("data-stale");
      }
    }

    async function start() {
      go.disabled = true;
      try {
        const child = await P.api(`/trajectories/${encodeURIComponent(id)}/fork`, { body: { step, call } });
        P.memory.set(`fork:${child.id}`, { words: known.words });
        follow(body, dialog, child, known, row);
      } catch (error) {
        go.disabled = false;
        P.failed(error);
      }
    }
  }

  function estimated(found) {
    const said = el("p", "runs-extra");
    said.append(el("b", "", found.words));
    if (found.simulated) said.append(" ", P.simulated());
    const rows = ["call", "rest", "total"].map((key) => [say(`runs_est_${key}`), found[key].cost_words, found[key].seconds_words]);
    return [said, el("p", "", found.reused.words), P.table(["", say("cost"), say("time")], rows, { caption: say("runs_basis", { words: found.basis.words }) })];
  }

  // The fork as it goes on; closing the dialog does not stop it.
  function follow(body, dialog, child, known, row) {
    const list = el("ol", "runs-course", undefined, { "aria-label": say("runs_course") });
    const said = el("p", "runs-extra", undefined, { role: "status", "aria-live": "polite" });
    said.append(el("b", "", say("runs_fork_running")));
    const open = runs.link(el("a", "pd-small", say("runs_fork_open")), `?trajectory=${encodeURIComponent(child.id)}&step=${row.index}`);
    open.addEventListener("click", () => dialog.close());
    const foot = el("div", "pd-row");
    const stop = P.button("pd-small", say("runs_stop"), () => P.api(`/runs/${child.run}/cancel`, { body: { trajectory: child.id } }).catch(P.failed));
    foot.append(open, stop, P.button("pd-small", say("close"), () => dialog.close()));
    body.replaceChildren(said, el("p", "pd-note", say("runs_estimated", { words: known.words })), list, foot);
    open.focus();
    const events = new EventSource(`${P.home}api/v1/runs/${encodeURIComponent(child.run)}/events`);
    const mine = (listener) => (event) => {
      const data = JSON.parse(event.data);
      if ((data.trajectory || data.id) === child.id) listener(data);
    };
    events.addEventListener("routed", mine((data) => line(data.index, data.call.model, say("runs_at_work"))));
    events.addEventListener("step", mine((data) => {
      if (data.index < row.index) return;
      line(data.index, data.call ? data.call.model : say("no_call"), data.error || data.observation?.text || "", `${P.dollars(data.cost_usd)}${data.unpriced_calls ? " + ?" : ""} · ${P.duration(data.latency_s)}`);
    }));
    events.addEventListener("stopped", mine(ended));
    events.addEventListener("ended", () => finish());
    dialog.addEventListener("close", () => events.close());

    function line(index, alias, text, numbers) {
      let item = list.querySelector(`[data-step="${Number(index)}"]`);
      if (!item) {
        item = el("li", "runs-course-step", undefined, { "data-step": index });
        list.append(item);
      }
      item.replaceChildren(el("b", "", `${index + 1} · ${alias}`), el("span", "runs-answer", text), el("span", "pd-number", numbers || "…"));
    }

    let over = false;
    async function ended(record) {
      if (over) return;
      over = true;
      events.close();
      stop.remove();
      try {
        const spent = await P.api(`/trajectories/${encodeURIComponent(child.id)}/spent`);
        said.firstChild.textContent = say("runs_fork_spent", { cost: spent.cost, seconds: spent.seconds });
        said.append(" ", el("span", "", record?.answer ?? spent.answer ?? say("no_answer")));
      } catch (error) {
        P.failed(error);
      }
      document.dispatchEvent(new CustomEvent("podium:forked"));
    }
    const finish = () => ended(null);
  }
})(window.Podium);
