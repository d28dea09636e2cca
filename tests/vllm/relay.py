"""A relay between the client and a real vLLM server: it adds fields to requests and keeps them.

What it adds is how a test makes the real server say a text: the client itself stays as it is.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web

Fields = Mapping[str, object]
"""Fields of a request that are added, or take the place of the client's."""
Script = Callable[[int], Fields]
"""The fields for the request of that number, from 0."""
_CHAT = "/v1/chat/completions"


def said(text: str, **more: object) -> Fields:
    """Have the server reply with exactly this text."""
    return one_of([text], **more)


def one_of(texts: Sequence[str], **more: object) -> Fields:
    """Have the server reply with one of these texts, which its weights and the seed choose between."""
    return {"structured_outputs": {"choice": list(texts)}, **more}


def in_turn(replies: Sequence[Fields]) -> Script:
    """These, one a request; the last again and again."""
    return lambda number: replies[min(number, len(replies) - 1)]


@dataclass(slots=True)
class Relay:
    """What went by, in order."""

    root: str
    """Its address without a path."""
    script: Script
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Bodies as the client sent them."""
    streamed: list[bool] = field(default_factory=list)
    """Whether the server answered with a stream of events."""

    @property
    def base_url(self) -> str:
        """What a client takes for the server's address."""
        return f"{self.root}/v1"

    def changed(self, path: str, body: bytes) -> bytes:
        """The body to pass on."""
        if path != _CHAT:
            return body
        sent = json.loads(body)
        self.requests.append(sent)
        return json.dumps({**sent, **self.script(len(self.requests) - 1)}).encode()


@asynccontextmanager
async def relaying(upstream: str, script: Script) -> AsyncIterator[Relay]:
    """A relay on a free port of loopback in front of the server at `upstream`."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(upstream, timeout=timeout, auto_decompress=False) as session:
        relay = Relay("", script)
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", partial(_pass_on, session, relay))
        # A client that hangs up cancels the handler, and so hangs up on the server.
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        relay.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield relay
        finally:
            await runner.cleanup()


async def _pass_on(session: aiohttp.ClientSession, relay: Relay, request: web.Request) -> web.StreamResponse:
    body = relay.changed(request.path, await request.read())
    headers = {name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers}
    async with session.request(request.method, request.path_qs, data=body, headers=headers) as answer:
        if request.path == _CHAT:
            relay.streamed.append(answer.content_type == "text/event-stream")
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]})
        # Leaving here because the client hung up closes the connection to the server, too.
        with suppress(ConnectionResetError):
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
        return response
