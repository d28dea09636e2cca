"""A server on a free port of loopback, and what it sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Served:
    """An HTTP reply: what is sent, piece by piece."""

    status: int
    pieces: tuple[bytes, ...]
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    waits_s: float = 0.0
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that listens."""

    url: str
    """Without a slash at its end."""
    runner: web.AppRunner

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return int(self.url.rpartition(":")[2])

    @property
    def connections(self) -> int:
        """Sockets that are open at the server's side."""
        return 0 if self.runner.server is None else len(self.runner.server.connections)


Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(handle: Handle) -> AsyncIterator[Listening]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Listening(f"http://127.0.0.1:{runner.addresses[0][1]}", runner)
    finally:
        await runner.cleanup()


async def send(request: web.Request, served: Served) -> web.StreamResponse:
    """Send the reply, piece by piece."""
    await asyncio.sleep(served.waits_s)
    headers = {"Content-Type": served.content_type, **served.headers}
    if len(served.pieces) <= 1 and served.content_type != "text/event-stream":
        return web.Response(status=served.status, body=b"".join(served.pieces), headers=headers)
    response = web.StreamResponse(status=served.status, headers=headers)
    await response.prepare(request)
    for piece in served.pieces:
        await response.write(piece)
        await asyncio.sleep(served.gap_s)
    await response.write_eof()
    return response
