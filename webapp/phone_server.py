"""The second listener of the process: phones of an audience, and nothing of the app."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

import uvicorn

from webapp.phone_app import create_phone_app
from webapp.services import Services

MOST_CONNECTIONS: Final = 1_500
"""At one time; who comes beyond that is told to come again."""
KEEP_ALIVE_S: Final = 5
FILES: Final = 4_096
"""Files and connections that the process asks to be allowed; some systems allow 256, too few for a room."""


@contextlib.asynccontextmanager
async def phones_served(services: Services, listener: socket.socket | None) -> AsyncIterator[None]:
    """Serve phones on this socket, if there is one, until the block ends."""
    if listener is None:
        yield
        return
    _allow_files()
    config = uvicorn.Config(
        create_phone_app(services),
        log_level="warning",
        server_header=False,
        lifespan="off",
        ws="none",
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


def _allow_files() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
