"""A proxy that stands before a model server and breaks what passes through it, the same way for the same seed."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.servers.fault import LIGHT, Fault
from tests.servers.spoiling import Client, serve

Choose = Callable[[bytes, int], Fault]
"""From a request's body and how often it came before to what goes wrong."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Chooses by the seed and the request's body alone, so the order in which requests come does not matter."""

    seed: int
    share: float
    """Of the requests that get a fault."""
    faults: Sequence[Fault] = LIGHT

    def __call__(self, body: bytes, before: int) -> Fault:
        """The fault of a request that came `before` times already; a storm meets it several times."""
        chance = random.Random(f"{self.seed}:{hashlib.sha256(body).hexdigest()}")
        if chance.random() >= self.share:
            return Fault.NONE
        fault, storm = chance.choice(self.faults), chance.choice((1, 1, 2, 5))
        return fault if before < storm else Fault.NONE


class FaultProxy:
    """Passes requests on to a server on loopback and spoils the replies; `open` and `injected` tell what went on."""

    def __init__(self, upstream_port: int, choose: Choose, *, drip_s: float = 0.02) -> None:
        self.port = 0
        self.open = 0
        """Connections of clients that are open now."""
        self.most_open = 0
        self.injected: Counter[Fault] = Counter()
        self._upstream = upstream_port
        self._choose = choose
        self._drip_s = drip_s
        self._seen: Counter[bytes] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it goes away."""
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            # A client that goes away in the midst of anything is what this proxy is for.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    head, body = await _request(reader)
                    fault = self._choose(body, self._times(body))
                    self.injected[fault] += 1
                    await serve(fault, (head, body), Client(reader, writer), self._upstream, self._drip_s)
        except asyncio.CancelledError:
            return  # `close` was called
        finally:
            self._tasks.discard(task)
            self.open -= 1
            writer.close()

    async def close(self) -> None:
        """Leave every client alone."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _times(self, body: bytes) -> int:
        """How often this request came before."""
        digest = hashlib.sha256(body).digest()
        self._seen[digest] += 1
        return self._seen[digest] - 1


async def _request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head, await reader.readexactly(length)


@asynccontextmanager
async def proxying(upstream_port: int, choose: Choose, *, drip_s: float = 0.02) -> AsyncIterator[FaultProxy]:
    """The proxy on a free port of 127.0.0.1 until the block ends."""
    proxy = FaultProxy(upstream_port, choose, drip_s=drip_s)
    server = await asyncio.start_server(proxy.connection, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
