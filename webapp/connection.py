"""Connections of the server's main listener: how many there may be, and how long half a request may take."""

import asyncio
import contextlib
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 20.0
"""Seconds in which the head of a request must have arrived, from its first byte or from the connection on.

The rest of a body has as long, from its reply on.
"""
KEEP_ALIVE_S: Final = 75
"""Seconds that a connection may be idle between two requests.

Longer than people think over a ballot, and than proxies keep theirs: who sends at the moment at which it is closed gets
no answer, and a program, unlike a browser, does not send a ranking again by itself.
"""
LONGEST_HEAD: Final = 16_384
"""Bytes of one."""
MOST_CONNECTIONS: Final = 2_000
"""At one time; who comes beyond that is told to come again (503)."""
FILES: Final = 4_096
"""Files and connections that the process asks to be allowed; some systems allow 256, too few for a room."""


class Connection(H11Protocol):
    """Is cut where the head of a request, or the rest of a body that is answered, does not arrive in time.

    Without that, it would wait for ever: nobody reads such a body, so nobody else has a clock for it.
    """

    head_s = HEAD_S
    _ends: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock where what it waits for is whole, start it where something new has begun."""
        before = self.conn.their_state
        super().data_received(data)
        if self.conn.their_state is not before:
            self._stop()
        if self.conn.their_state is h11.IDLE or self._body_is_late():
            self._start()

    def on_response_complete(self) -> None:
        """Start the clock where the request goes on after its reply, or half of the next one is there."""
        super().on_response_complete()
        if self._body_is_late() or (self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]):
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        self._stop()
        super().connection_lost(exc)

    def _body_is_late(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE

    def _start(self) -> None:
        if self._ends is None:
            self._ends = self.loop.call_later(self.head_s, self.transport.abort)

    def _stop(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None


def listening() -> dict[str, Any]:
    """Options of uvicorn's `Config` for the main listener."""
    return {
        "http": Connection,
        "ws": "none",
        "timeout_keep_alive": KEEP_ALIVE_S,
        "h11_max_incomplete_event_size": LONGEST_HEAD,
        "limit_concurrency": MOST_CONNECTIONS,
        "server_header": False,
    }


def allow_files() -> None:
    """Ask the system for as many open files as the server may need."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
