"""The second listener of the process: phones of an audience, and nothing of the app."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from webapp.audience.limits import household
from webapp.connection import allow_files
from webapp.phone_app import create_phone_app
from webapp.services import Services

MOST_CONNECTIONS: Final = 1_500
"""At one time; who comes beyond that is told to come again."""
MOST_FROM_ONE: Final = 1_000
"""Of these, from one address: a whole room may have one, and one of many must not take every place."""
KEEP_ALIVE_S: Final = 5
LONGEST_S: Final = 30.0
"""Seconds after which a connection is let go when its request has ended; one that never ends is cut soon after."""
CUT_S: Final = 10.0


@contextlib.asynccontextmanager
async def phones_served(services: Services, listener: socket.socket | None) -> AsyncIterator[None]:
    """Serve phones on this socket, if there is one, until the block ends."""
    if listener is None:
        yield
        return
    allow_files()
    config = uvicorn.Config(
        create_phone_app(services),
        log_level="warning",
        server_header=False,
        lifespan="off",
        ws="none",
        http=_Connection,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([task])


class _Server(uvicorn.Server):
    """Leaves signals to the server of the app."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


class _Connection(H11Protocol):
    """Ends in time, whatever is sent or not sent: half a request would keep its place for ever."""

    _ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, unless the address has taken its share."""
        super().connection_made(transport)
        self.household = household(self.client[0]) if self.client else ""
        if sum(one.household == self.household for one in self.connections) > MOST_FROM_ONE:  # type: ignore[union-attr]
            transport.abort()
        else:
            self._ends = self.loop.call_later(LONGEST_S, self._let_go)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        if self._ends is not None:
            self._ends.cancel()
        super().connection_lost(exc)

    def _let_go(self) -> None:
        self._ends = self.loop.call_later(CUT_S, self.transport.abort)
        self.shutdown()
