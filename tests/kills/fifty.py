"""Fifty clients at work on two studies, whatever happens to the server meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import aiohttp

from storage.spending import limits
from storage.spending.rules import Limit, Period, Scope
from storage.store import Store
from storage.studies import Studies
from tests.kills.record import Record
from tests.kills.served import Served
from tests.kills.world import World
from tests.kills.writers import LEASERS, everybody
from tests.studies import ballots, study
from tests.webapp.exported import keep_trajectories

STUDY, ASIDES = "ranked", "aside"
SEED: Final = 20261123
LIMIT_USD: Final = Decimal(100_000)


async def prepare(database: str) -> None:
    """Two studies, one to rank and one whose ballots are only put aside; and a limit, so that spending is counted."""
    with Store.open(database) as store:
        limit = Limit(Scope.EVERYBODY, Period.DAY, LIMIT_USD)
        await store.write(lambda connection: limits.keep(connection, limit, "local", datetime.now(UTC)))
        for id, prefix, many, overlap in ((STUDY, "b", 150, 20), (ASIDES, "a", 60, LEASERS)):
            shown = ballots(many, prefix)
            for one in shown:
                await keep_trajectories(store, one)
            made = study(id=id, overlap=overlap, next_by="random", lease_s=1800.0)
            await Studies(store).create(made, shown)


@asynccontextmanager
async def fifty(served: Served, record: Record, *, away: bool = False) -> AsyncIterator[World]:
    """Fifty clients at work; in the end each sends again what had no answer, and the record is complete."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        world = World(served, record, http, SEED, away)
        clients = asyncio.gather(*everybody(world, STUDY, ASIDES))
        try:
            yield world
            world.over.set()
            async with asyncio.timeout(180):
                await clients
        except BaseException:
            print(record.told(), *record.faults[:10], served.log.read_text()[-5000:], sep="\n")
            raise
        finally:
            clients.cancel()


async def more(record: Record, number: int, late_s: float = 60.0) -> None:
    """Return once so many rankings and steps more were acknowledged: a random moment, however slow the machine is."""
    wanted = record.acknowledged + number
    async with asyncio.timeout(late_s):
        while record.acknowledged < wanted:  # noqa: ASYNC110 - every client adds to it
            await asyncio.sleep(0.002)
