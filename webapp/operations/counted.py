"""Counts replies on their way out. Pure ASGI, so that streams stay streams."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.operations.metrics import Metrics

ELSEWHERE: Final = "elsewhere"
"""The route of what is served by mounted applications and of addresses that lead nowhere."""
API: Final = "/api/v1"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counted:
    """Tells `metrics` when a reply begins: a stream is not slow because it lasts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                self._metrics.replied(method, _route(scope), message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)


def _route(scope: Scope) -> str:
    """The address with names in the place of ids, as in the description of the interface."""
    path = getattr(scope.get("route"), "path_format", None)
    if not isinstance(path, str):
        return ELSEWHERE
    # Some versions of FastAPI name the prefix of the router, others do not.
    return API + path if scope["path"].startswith(API) and not path.startswith(API) else path
