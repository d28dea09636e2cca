// One line on the orchestrator's server, notices, and the licence of its model. Asked of the HTTP interface while
// somebody looks, past Gradio's queue.
(function (P) {
  "use strict";
  const { el, say } = P;
  const EVERY_MS = 3000, AFTER_A_FAILURE_MS = 10000;
  const HIDDEN = "hidden-notices", LICENCES = "licences-understood";

  P.serving = function ({ element, props, watch }) {
    const root = element.querySelector(".pd-serving");
    const line = serverLine();
    const notices = el("div", "pd-notices", undefined, { role: "status" });
    const licence = el("section", "pd-licence", undefined, { hidden: true, "aria-labelledby": "licence-title" });
    let timer = null, asking = null, gone = false;

    function take() {
      const view = props.value;
      if (view) line.begin(view.model);
      root.replaceChildren(line.node, line.said, notices, licence);
      fold();
      if (view) ask();
    }

    // Where there is nothing to say, no gap says so.
    function fold() {
      const silent = line.node.hidden && licence.hidden && !notices.children.length;
      root.parentElement.classList.toggle("pd-nothing", silent);
    }

    // A hidden page asks nothing; a page that is shown again asks at once.
    function ask() {
      clearTimeout(timer);
      if (!props.value || document.visibilityState !== "visible" || asking) return;
      asking = fetch(props.value.address, { cache: "no-store", headers: { Accept: "application/json" } })
        .then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error(`HTTP ${reply.status}`))))
        .then((now) => { show(now); return EVERY_MS; }, () => AFTER_A_FAILURE_MS)
        .then((wait) => {
          asking = null;
          line.node.classList.toggle("pd-stale", wait === AFTER_A_FAILURE_MS);
          gone = !element.isConnected;
          if (!gone) timer = setTimeout(ask, wait);
        });
    }
    document.addEventListener("visibilitychange", () => { if (!gone) ask(); });

    function show(now) {
      line.show((now.servers || []).find((server) => server.of_policy));
      showNotices(now.notices || []);
      showLicence(now.licence);
      fold();
    }

    function showNotices(texts) {
      // What is over may be told again when it comes back.
      const hidden = (P.memory.get(HIDDEN) || []).filter((text) => texts.includes(text));
      P.memory.set(HIDDEN, hidden);
      const shown = texts.filter((text) => !hidden.includes(text));
      if (shown.join("\n") === [...notices.children].map((item) => item.firstChild.textContent).join("\n")) return;
      notices.replaceChildren(...shown.map((text) => {
        const item = el("div", "pd-notice");
        const hide = () => { P.memory.set(HIDDEN, [...(P.memory.get(HIDDEN) || []), text]); item.remove(); fold(); };
        item.append(el("span", "", text), P.button("pd-small", "×", hide, { "aria-label": say("notice_hide"), title: say("notice_hide") }));
        return item;
      }));
    }

    function showLicence(terms) {
      const understood = P.memory.get(LICENCES) || [];
      const shown = terms && !understood.includes(terms.model);
      if (shown === !licence.hidden && (!shown || licence.dataset.model === terms.model)) return;
      licence.hidden = !shown;
      if (!shown) return;
      licence.dataset.model = terms.model;
      const words = el("p");
      const link = el("a", "pd-source", terms.address.replace(/^https:\/\//, ""), { href: terms.address, target: "_blank", rel: "noopener noreferrer" });
      words.append(el("span", "", `${terms.text} `), link, ".");
      const close = () => { P.memory.set(LICENCES, [...understood, terms.model]); licence.hidden = true; fold(); };
      licence.replaceChildren(el("h2", "", terms.title, { id: "licence-title" }), words, P.button("pd-small", say("licence_understood"), close));
    }

    watch("value", take);
    take();
  };

  function serverLine() {
    const node = el("p", "pd-server", undefined, { hidden: true });
    const said = el("span", "pd-quiet", undefined, { "aria-live": "polite" });
    const name = el("b", "pd-server-name"), state = el("span", "pd-server-state"), problem = el("span", "pd-server-problem");
    const numbers = {
      running: number("running", say("serving_running"), say("serving_running_title")),
      waiting: number("waiting", say("serving_waiting"), say("serving_waiting_title")),
      prefix: number("prefix", say("serving_prefix")),
      tokens: number("tokens", say("serving_tokens")),
    };
    const paused = el("span", "pd-server-state pd-bad", say("serving_paused"), { hidden: true });
    node.append(name, state, problem, ...Object.values(numbers).map((one) => one.node), paused);
    let was = null;

    // Its nodes stay and its numbers keep their width, so that nothing moves when they change.
    function number(key, unit, title) {
      const part = el("span", "pd-server-part", undefined, { "data-part": key, hidden: true, title });
      const value = el("span", "pd-number");
      part.append(value, ` ${unit}`);
      return { node: part, set(text, title) {
        part.hidden = text === null;
        value.textContent = text === null ? "" : text;
        if (title) part.title = title;
      } };
    }

    function begin(model) {
      node.hidden = !model;
      name.textContent = model || "";
      state.textContent = say("serving_looking");
    }

    function show(server) {
      node.hidden = !server || !server.state || server.state === "no metrics";
      if (node.hidden) return;
      const slow = server.state === "slow", up = slow || server.state === "up", metrics = server.metrics || {}, rates = server.rates || {};
      node.dataset.state = server.state;
      name.textContent = server.model;
      name.title = say("serving_model", { address: server.base_url });
      state.textContent = slow ? say("serving_slow") : up ? "" : say("serving_unreachable");
      state.title = server.problem || "";
      problem.textContent = up ? "" : server.problem || "";
      numbers.running.set(up ? whole(metrics.running) : null);
      numbers.waiting.set(up ? whole(metrics.waiting) : null);
      const cache = { now: share(rates.prefix_hit_rate), used: share(metrics.cache_used) };
      numbers.prefix.set(up ? percent(metrics.prefix_hit_rate) : null, say("serving_prefix_title", cache));
      const pace = { read: whole(rates.prompt_tokens_per_s) ?? say("unknown"), first: seconds(rates.first_token_s) };
      const written = known(metrics.generation_tokens) ? whole(rates.generation_tokens_per_s) ?? "–" : null;
      numbers.tokens.set(up ? written : null, say("serving_tokens_title", pace));
      const breaker = server.breaker;
      paused.hidden = !breaker || breaker.state === "closed";
      if (!paused.hidden) paused.title = say("serving_paused_title", { seconds: Math.ceil(breaker.wait_s), error: breaker.last_error || say("unknown") });
      if (was !== null && was !== up) said.textContent = say(up ? "serving_back" : "serving_unreachable");
      was = up;
    }

    return { node, said, begin, show };
  }

  const known = (value) => value !== null && value !== undefined;
  const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : null);
  const percent = (value) => (known(value) ? String(Math.round(100 * value)) : null);
  const seconds = (value) => (known(value) ? `${value.toFixed(2)} s` : say("unknown"));
  const share = (value) => (known(value) ? `${percent(value)} %` : say("unknown"));
})((window.Podium = window.Podium || {}));
