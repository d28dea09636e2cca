"""What must not happen in a browser: an error in its console, a request elsewhere, something that moves by itself."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route, WebError

MOST_MOVED = 0.05
"""Cumulative layout shift of one document."""
DESK = "/ui/"
"""Its parts come one after the other, as Gradio draws them, and the steps of a run as they happen: it does move."""
HERE = ("127.0.0.1", "localhost", None)
MOVED = "podium-test: moved"
# Told over the console: this outlives the document, and needs no exception from the page's content policy.
OBSERVER = """(() => {
  const document_id = Math.random();
  const name = (node) =>
    node?.nodeType === 3 ? name(node.parentElement) : node ? `${node.localName}.${node.className}` : "?";
  const tell = (entries) => entries.filter((one) => !one.hadRecentInput).forEach((one) => {
    const nodes = one.sources.map(({ node }) => name(node));
    console.debug("MOVED", JSON.stringify({ page: location.href, document_id, value: one.value, nodes }));
  });
  const observer = new PerformanceObserver((list) => tell(list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  window.tellMoved = () => tell(observer.takeRecords());
})()""".replace("MOVED", MOVED)

LEFT = ("AbortError", "Connection errored out")
"""What Gradio says where somebody leaves the desk while it still loads."""

MakeContext = Callable[..., BrowserContext]
MakePage = Callable[..., Page]


class Watch:
    """Everything that the pages of one context do.

    `allowed` are parts of what a test means to cause: of console errors, and of the names of nodes that move.
    """

    def __init__(self, context: BrowserContext, allowed: Sequence[str] = ()) -> None:
        self.context, self.allowed = context, tuple(allowed)
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.moved: dict[float, list[dict[str, Any]]] = defaultdict(list)
        context.on("console", self._hear)
        context.on("weberror", self._raised)
        context.add_init_script(OBSERVER)
        context.route("**/*", self._pass)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "debug" and message.text.startswith(MOVED):
            told = json.loads(message.text.removeprefix(MOVED))
            allowed = any(part in node for part in self.allowed for node in told["nodes"])
            if not allowed and not urlsplit(told["page"]).path.startswith(DESK):
                self.moved[told["document_id"]].append(told)
        elif message.type == "error":
            self._add(f"{message.text} {message.location}")

    def _raised(self, error: WebError) -> None:
        self._add(str(error.error))

    def _add(self, error: str) -> None:
        if not any(part in error for part in self.allowed):
            self.errors.append(error)

    def _pass(self, route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in HERE:
            route.continue_()
        else:
            self.elsewhere.append(request.url)
            route.abort()

    def listen(self) -> None:
        """Hear what open pages have not told yet."""
        for page in self.context.pages:
            page.evaluate("() => window.tellMoved?.()")

    def check(self) -> None:
        """Fail where something of this happened."""
        assert not self.errors, f"errors in the console: {self.errors}"
        assert not self.elsewhere, f"requests elsewhere: {self.elsewhere}"
        much = [told for told in self.moved.values() if sum(one["value"] for one in told) >= MOST_MOVED]
        assert not much, f"something moves by itself: {json.dumps(much, indent=1)}"
