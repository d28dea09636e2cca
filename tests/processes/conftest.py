"""Several real processes on one real PostgreSQL server, over models that are played on loopback."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import served
from tests.postgres import address, serving
from tests.served import Served
from tests.servers.conformance import Asked, Conformance, conforming
from tests.servers.orchestra import EXPERT, pool_toml
from tests.servers.reply import Reply
from tests.storage.conftest import new_database

STARTS_S = 240.0
"""Most seconds until a process listens, also on a busy machine."""
ROUTE = "fixed:search-1,reasoner-1,answer-1"


class Models:
    """The reasoner takes its time while it is held; each other reply takes a little, so that steps come one by one."""

    def __init__(self) -> None:
        self.held = True
        self.holds_s = 120.0
        self.pause_s = 0.0

    def __call__(self, asked: Asked) -> Reply:
        return Reply(EXPERT, waits_s=self.holds_s if self.held and "reasoner" in asked.model else self.pause_s)


@dataclass
class Server(Served):
    """A process that serves."""

    def send(self, by: signal.Signals) -> None:
        self.process.send_signal(by)

    async def run(self, query: str = "What is the capital?", policy: str = ROUTE) -> str:
        made = await self.http.post("/runs", json={"query": query, "policy": policy})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def look(self, run: str) -> dict[str, Any]:
        """The first trajectory of a run."""
        return dict((await self.http.get(f"/runs/{run}")).json()["trajectories"][0])

    async def until(self, run: str, true: Callable[[dict[str, Any]], bool], within_s: float = 60.0) -> dict[str, Any]:
        """The first trajectory once it is so."""
        async with asyncio.timeout(within_s):
            while not true(found := await self.look(run)):  # noqa: ASYNC110 - seen from outside
                await asyncio.sleep(0.1)
        return found

    async def events(self, run: str) -> list[tuple[float, str, str]]:
        """Numbered events of a run to its end: when each came, its id and its name."""
        found, id = [], ""
        async with self.http.stream("GET", f"/runs/{run}/events", timeout=120) as response:
            async for line in response.aiter_lines():
                if line.startswith("id: "):
                    id = line[4:]
                elif line.startswith("event: ") and id:
                    found.append((time.monotonic(), id, line[7:]))
                    id = ""
        return found


@asynccontextmanager
async def listening(*command: str, **environment: str) -> AsyncIterator[Server]:
    """A process that prints its address once it listens."""
    async with served.listening(Server, *command, within_s=STARTS_S, asks_within_s=60, **environment) as server:
        yield server


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
async def played(models: Models) -> AsyncIterator[tuple[Conformance, str]]:
    """The server that plays the models, and its address."""
    server = Conformance(models)
    async with conforming(server) as there:
        yield server, there.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    if named := address():
        yield named
        return
    with serving() as server:
        yield server.url


@pytest.fixture
def database(postgres: str) -> str:
    """The URL of an empty database."""
    return new_database(postgres)


@pytest.fixture
async def servers(database: str, played: tuple[Conformance, str], tmp_path: Path) -> AsyncIterator[tuple[Server, ...]]:
    """Two processes, A and B."""
    pool = tmp_path / "pool.toml"
    pool.write_text(pool_toml(played[1], timeout_s=300))
    async with AsyncExitStack() as stack:
        each = (
            listening("tests/processes/one_server.py", database, str(tmp_path / name), str(pool)) for name in ("a", "b")
        )
        yield tuple(await asyncio.gather(*(stack.enter_async_context(one) for one in each)))
