"""How much one person may ask of the page at once: events in a second, and streams that are open. Pure ASGI."""

import contextlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.access.user import KEY, SessionUser
from webapp.audience.limits import Limit, household

EVENTS: Final = "/gradio_api/"
"""Whatever is posted below it is an event of the page; each takes a place in its queue."""
STREAMS: Final = ("/events", "/gradio_api/queue/data")
"""How the paths of streams end."""
SESSION_STREAMS: Final = 40
"""Streams that one session may hold open: a tab has one or two."""
ADDRESS_STREAMS: Final = 600
"""The same for an address without a session, behind which many people may be."""
SESSION_EVENTS: Final = (100.0, 20.0)
"""Events of a session: at once, and in each second after that."""
ADDRESS_EVENTS: Final = (400.0, 60.0)
WAIT_S: Final = 5
"""Seconds after which a stream may be tried again."""


class Pressure:
    """Answers 429 with `Retry-After` to whoever asks too much. Behind the doors, so that it knows whose session it is.

    Without a session it counts by address, which is that of the proxy where one does not say whom it speaks for.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        session_events: tuple[float, float] = SESSION_EVENTS,
        address_events: tuple[float, float] = ADDRESS_EVENTS,
        session_streams: int = SESSION_STREAMS,
        address_streams: int = ADDRESS_STREAMS,
    ) -> None:
        self._app = app
        self._events = {True: Limit(*session_events), False: Limit(*address_events)}
        self._most = {True: session_streams, False: address_streams}
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, unless it is too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        key, known = _asker(scope)
        path = str(scope["path"])
        if scope["method"] == "POST" and EVENTS in path:
            wait_s = self._events[known].take(key)
            if wait_s > 0:
                await _slow_down(send, math.ceil(wait_s), "too many events at once; wait a moment and try again")
                return
        if not path.endswith(STREAMS):
            await self._app(scope, receive, send)
        elif self._open[key] >= self._most[known]:
            await _slow_down(send, WAIT_S, f"{self._open[key]:,} streams are open already; close some of Podium's tabs")
        else:
            with self._held(key):
                await self._app(scope, receive, send)

    @contextlib.contextmanager
    def _held(self, key: str) -> Iterator[None]:
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if self._open[key] <= 0:
                del self._open[key]


def _asker(scope: Mapping[str, Any]) -> tuple[str, bool]:
    """Who asks, and whether it is a session that somebody logged in to."""
    user = scope.get(KEY)
    if isinstance(user, SessionUser) and user.session is not None:
        return f"session {user.session}", True
    client = scope.get("client")
    return f"address {household(client[0]) if client else ''}", False


async def _slow_down(send: Send, wait_s: int, detail: str) -> None:
    body = json.dumps({"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": detail}).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(wait_s).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
