"""What every request must pass: another site's page cannot change anything here, and bodies have a size."""

import json

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 2_000_000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page; Gradio needs inline scripts and eval."""


class Guard:
    """Pure ASGI, so that streams stay streams."""

    def __init__(
        self,
        app: ASGIApp,
        names: frozenset[str] = frozenset(),
        policy: str = POLICY,
        most_body_bytes: int = MOST_BODY_BYTES,
    ) -> None:
        self._app = app
        self._names = names
        self._policy = policy
        self._most = most_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with a problem document, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._names and _host(headers) not in self._names:
            await _refuse(send, 421, "this server is not called by that name; add it to PODIUM_ALLOWED_HOSTS")
            return
        if scope["method"] not in SAFE_METHODS:
            refusal = _foreign(headers) or _too_long(headers, self._most)
            if refusal is not None:
                await _refuse(send, *refusal)
                return
        body = _Measured(receive, _guarded(send, self._policy), self._most)
        await self._app(scope, body.receive, body.send)


def _host(headers: Headers) -> str:
    """The name in the Host header without its port. A page that rebinds its name to this machine sends its own."""
    host = headers.get("host", "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _foreign(headers: Headers) -> tuple[int, str] | None:
    origin = headers.get("origin")
    if headers.get("sec-fetch-site") == "cross-site" or (
        origin is not None and origin.partition("://")[2] != headers.get("host")
    ):
        return 403, "this request comes from another site's page; open Podium's own page instead"
    return None


def _too_long(headers: Headers, most: int) -> tuple[int, str] | None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        return 413, f"the body has {int(length):,} bytes; {most:,} are the most"
    return None


class _Measured:
    """Counts what really arrives, for bodies that do not say how long they are; too long a one is answered with 413."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._arrived = 0
        self._answered = False

    async def receive(self) -> Message:
        """The next part of the body; the end of the connection where there is too much of it."""
        message = await self._receive()
        self._arrived += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self._arrived > self._most else message

    async def send(self, message: Message) -> None:
        """What the app says, unless it was told of an end that there was not."""
        if self._answered or self._arrived <= self._most:
            self._answered = True
            await self._send(message)
        elif message["type"] == "http.response.start":
            await _refuse(self._send, 413, f"the body has more than {self._most:,} bytes, which are the most")


def _guarded(send: Send, policy: str) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message["headers"],
                (b"content-security-policy", policy.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"same-origin"),
            ]
        await send(message)

    return guarded


async def _refuse(send: Send, status: int, detail: str) -> None:
    title = {403: "Forbidden", 413: "Content Too Large", 421: "Misdirected Request"}[status]
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
