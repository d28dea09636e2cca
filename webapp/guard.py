"""What every request must pass: another site's page can neither change nor read anything here, and bodies are small.

Every reply leaves with the same rules for browsers, errors too.
"""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 2_000_000
MOST_PARTS: Final = 200_000
"""Of a body: commas, colons and brackets. Two million bytes of empty lists would be twenty times as much in memory."""
BODY_S: Final = 60.0
"""Seconds in which a body must have arrived."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page; Gradio needs inline scripts and eval."""
RULES: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=()",
    ),
)
"""What browsers are told with every reply, beside the Content-Security-Policy."""
_KEPT: Final = frozenset({b"cache-control", b"etag", b"last-modified"})
"""A reply with one of these says itself who may keep it."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: HTTPStatus
    detail: str


class Guard:
    """Pure ASGI, so that streams stay streams."""

    def __init__(
        self,
        app: ASGIApp,
        names: frozenset[str] = frozenset(),
        policy: str = POLICY,
        most_body_bytes: int = MOST_BODY_BYTES,
        body_s: float = BODY_S,
    ) -> None:
        self._app = app
        self._names = names
        self._policy = policy
        self._most = most_body_bytes
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with a problem document, or pass on."""
        if scope["type"] == "websocket":  # Nothing here speaks it, so nothing here checks who asks.
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = _Told(send, self._policy)
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is not None:
            await _refuse(told.send, refusal)
            return
        body = _Measured(receive, told.send, self._most, self._body_s)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if not told.begun:
                await _refuse(told.send, _BROKEN)
            raise

    def _refusal(self, scope: Scope, headers: Headers) -> _Refusal | None:
        if self._names and _host(headers) not in self._names:
            return _Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server is not called by that name; add it to PODIUM_ALLOWED_HOSTS",
            )
        if scope["method"] in SAFE_METHODS:
            return _embedded(headers)
        return _foreign(headers) or _packed(headers) or _too_long(headers, self._most)


_BROKEN: Final = _Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "something went wrong in the server; its log says what",
)
_LAST: Final = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""What a connection cannot be used after: the server closes it, or the rest of a body is still to come."""
_FOREIGN: Final = _Refusal(
    HTTPStatus.FORBIDDEN, "this request comes from another site's page; open Podium's own page instead"
)


def _host(headers: Headers) -> str:
    """The name in the Host header without its port. A page that rebinds its name to this machine sends its own."""
    host = headers.get("host", "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _foreign(headers: Headers) -> _Refusal | None:
    """Why a request that changes something is another page's: also one of another port or name of the same site."""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site") in ("cross-site", "same-site") or (
        origin is not None and origin.partition("://")[2] != headers.get("host")
    ):
        return _FOREIGN
    return None


def _embedded(headers: Headers) -> _Refusal | None:
    """Why a request that reads is another site's, as its image, script or frame; links of others may lead here."""
    follows = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document") == "document"
    return _FOREIGN if headers.get("sec-fetch-site") == "cross-site" and not follows else None


def _packed(headers: Headers) -> _Refusal | None:
    """A packed body could be a thousand times as large as it looks; text is what Gradio reads as JSON, too."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        return _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as it is, without Content-Encoding")
    if headers.get("content-type", "").lower().startswith("text/"):  # What any page can make a browser send.
        return _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json")
    return None


def _too_long(headers: Headers, most: int) -> _Refusal | None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > most:
        return _Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has {int(length[:20]):,} bytes; {most:,} are the most"
        )
    return None


class _Measured:
    """Watches a body arrive: one that is too long, has too many parts or takes too long is answered with an error."""

    def __init__(self, receive: Receive, send: Send, most: int, body_s: float) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._ends_at = asyncio.get_running_loop().time() + body_s
        self._arrived = 0
        self._parts = 0
        self._whole = False
        self._answered = False
        self._refusal: _Refusal | None = None

    async def receive(self) -> Message:
        """The next part of the body; the end of the connection where there is too much of it."""
        if self._refusal is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._ends_at):
                message = await self._receive()
        except TimeoutError:
            self._refusal = _Refusal(HTTPStatus.REQUEST_TIMEOUT, "the body took too long to arrive; send it again")
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        self._measure(message.get("body", b""))
        return message if self._refusal is None else {"type": "http.disconnect"}

    def _measure(self, body: bytes) -> None:
        self._arrived += len(body)
        self._parts += sum(body.count(sign) for sign in (b",", b":", b"[", b"{"))
        if self._arrived > self._most:
            detail = f"the body has more than {self._most:,} bytes, which are the most"
        elif self._parts > MOST_PARTS:
            detail = f"the body has more than {MOST_PARTS:,} commas, colons and brackets, which are the most"
        else:
            return
        self._refusal = _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)

    async def send(self, message: Message) -> None:
        """What the app says, unless it was told of an end that there was not."""
        if self._answered or self._refusal is None:
            self._answered = True
            await self._send(message)
        elif message["type"] == "http.response.start":
            await _refuse(self._send, self._refusal)


class _Told:
    """Sends replies with the rules for browsers, and without leave for other origins: there is none."""

    def __init__(self, send: Send, policy: str) -> None:
        self._send = send
        self._policy = policy
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass on."""
        if message["type"] == "http.response.start":
            self.begun = True
            said = [
                (name, value) for name, value in message["headers"] if not name.lower().startswith(b"access-control-")
            ]
            names = {name.lower() for name, _ in said}
            fresh = () if names & _KEPT else ((b"cache-control", _fresh(said)),)
            policy = (b"content-security-policy", self._policy.encode())
            rules = [(name, value) for name, value in RULES if name not in names]
            message["headers"] = [*said, policy, *rules, *fresh]
        await self._send(message)


def _fresh(headers: list[tuple[bytes, bytes]]) -> bytes:
    """Nobody keeps a reply that says nothing of it; a page may be asked for again and come back as it was."""
    page = any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
    return b"no-cache" if page else b"no-store"


async def _refuse(send: Send, refusal: _Refusal) -> None:
    status = int(refusal.status)
    # Python 3.13 names one status anew; the name of RFC 9110 stands for both.
    title = "Content Too Large" if status == 413 else refusal.status.phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": refusal.detail}
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    if refusal.status in _LAST:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
