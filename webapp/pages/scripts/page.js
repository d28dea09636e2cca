// What every page has beside the islands: the HTTP interface, notices, the theme and amounts in words.
(function (P) {
  "use strict";
  const { el, say } = P;

  // A problem document of the server, or that there was no answer (status 0).
  P.Problem = class extends Error {
    constructor(status, detail, where) {
      super(detail);
      Object.assign(this, { status, where });
    }
  };

  // JSON from /api/v1, null for "nothing" (204); throws P.Problem.
  P.api = async function (path, { method, body, headers, signal } = {}) {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    let reply;
    try {
      reply = await fetch(`${P.home}api/v1${path}`, {
        method: method || (body === undefined ? "GET" : "POST"), signal,
        headers: { ...json, ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new P.Problem(0, say("unreachable"));
    }
    if (reply.status === 204) return null;
    const said = await reply.json().catch(() => ({}));
    signal?.throwIfAborted();
    if (reply.status === 401) P.loggedOut();
    if (!reply.ok) throw new P.Problem(reply.status, said.detail || reply.statusText, said.where);
    return said;
  };

  // Said once: what this page holds stays, and whoever logs in comes back to it.
  let told = false;
  P.loggedOut = function () {
    if (told) return;
    told = true;
    const here = window.location.pathname.replace(/^.*\//, "/") + window.location.search;
    const go = () => window.location.assign(`${P.home}login?expired=true&next=${encodeURIComponent(here)}`);
    P.notice(say("logged_out"), { bad: true, action: say("log_in"), act: go });
  };
  // Whether whoever looks at this page has that role or one that may more.
  const ROLES = ["viewer", "annotator", "author", "admin"];
  P.role = document.documentElement.dataset.role ?? "admin";
  P.covers = (role) => ROLES.indexOf(P.role) >= ROLES.indexOf(role);

  // Gives an island what Gradio gives it. `on` maps its events to listeners.
  P.host = function (island, name, value, on = {}) {
    const element = el("div", `pd-${name}-frame`);
    element.append(el("div", `pd-${name}`));
    const watchers = [];
    const props = { value };
    island({
      element, props, watch: (_, watcher) => watchers.push(watcher),
      trigger: (event, data) => on[event]?.(data, props.value),
    });
    return {
      element, props,
      show(next) {
        props.value = next;
        watchers.forEach((watcher) => watcher());
      },
    };
  };

  // An open dialog shuts off everything behind it: a notice then is in it, and goes on outside when it closes.
  function notices() {
    const box = document.getElementById("notices"), dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
    if (!dialog) return box;
    let inside = dialog.querySelector(".pd-notices");
    if (!inside) {
      inside = el("div", "pd-notices", undefined, { role: "status", "aria-live": "polite" });
      dialog.append(inside);
      dialog.addEventListener("close", () => box.append(...inside.childNodes));
    }
    return inside;
  }

  // A short message that goes away by itself; one with an action stays longer, a bad one until it is closed.
  P.notice = function (text, { bad = false, action = null, act = null } = {}) {
    const box = notices();
    const node = el("div", `pd-notice ${bad ? "pd-notice-bad" : ""}`, undefined, { role: bad ? "alert" : null });
    node.append(el("span", "", text));
    const gone = () => node.remove();
    if (action) node.append(P.button("pd-small", action, () => { gone(); act(); }));
    node.append(P.button("pd-icon", "×", gone, { "aria-label": say("close") }));
    box.append(node);
    while (box.childElementCount > 3) box.firstElementChild.remove();
    if (!bad) setTimeout(gone, action ? 12_000 : 5_000);
    return gone;
  };
  P.failed = (error) => {
    if (error.name !== "AbortError") P.notice(error.message, { bad: true });
  };

  function tools() {
    const box = document.getElementById("tools");
    if (!box) return;
    box.prepend(P.button("pd-small", `? ${say("keys")}`, () => P.showKeys()), P.themeButton());
  }

  // Amounts as `webapp.views.amounts` writes them; unknown is a dash, never 0.
  P.dollars = function (usd) {
    if (usd === null || usd === undefined) return "–";
    const value = Number(usd);
    if (value === 0) return "$0";
    if (Math.abs(value) < 0.000001) return "< $0.000001";
    const sign = value < 0 ? "−" : "", size = Math.abs(value);
    if (size >= 1) return `${sign}$${size.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
    const decimals = size >= 0.01 ? 4 : Math.min(1 - Math.floor(Math.log10(size)), 7);
    return `${sign}$${size.toFixed(decimals)}`;
  };
  P.duration = function (seconds) {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds === 0) return "0 s";
    if (seconds < 0.0995) return `${Math.max(Math.round(seconds * 1000), 1)} ms`;
    if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
    if (seconds < 59.5) return `${seconds.toFixed(0)} s`;
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  };
  P.share = (part) => (part === null || part === undefined ? "–" : `${(100 * part).toFixed(part > 0.1 || part === 0 ? 0 : 1)} %`);
  P.count = (number) => number.toLocaleString("en-US");

  P.table = function (columns, rows, { caption = null } = {}) {
    const table = el("table", "pd-table");
    if (caption) table.append(el("caption", "pd-note", caption));
    const head = el("tr"), top = el("thead"), body = el("tbody");
    for (const column of columns) head.append(el("th", "", column, { scope: "col" }));
    top.append(head);
    for (const row of rows) {
      const line = el("tr");
      for (const cell of row) {
        const node = el("td");
        node.append(cell instanceof Node ? cell : String(cell ?? "–"));
        line.append(node);
      }
      body.append(line);
    }
    table.append(top, body);
    const wrap = el("div", "pd-scroll", undefined, { tabindex: 0, role: "region", "aria-label": caption || say("table") });
    wrap.append(table);
    return wrap;
  };

  // Draws the page once; what fails is said, with a way to try again.
  P.start = async function (draw) {
    const box = document.getElementById("page");
    tools();
    try {
      await draw(box);
    } catch (error) {
      if (!(error instanceof P.Problem)) throw error;
      const node = P.empty(error.message, "");
      node.append(P.button("pd-small", say("retry"), () => window.location.reload()));
      box.replaceChildren(node);
    } finally {
      box.removeAttribute("aria-busy");
      document.documentElement.dataset.podium = "ready";
    }
  };
})(window.Podium);
