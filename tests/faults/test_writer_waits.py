"""The writer waits for a PostgreSQL server that is away, and not for ever."""

import asyncio
import time

import pytest

from storage import outage
from storage.database import check
from storage.errors import StoreUnreachable
from storage.store import Store
from tests.kept import going, run, step
from tests.postgres import serving


async def test_writes_wait_for_a_server_that_is_started_again() -> None:
    with serving() as server:
        with Store.open(f"{server.url}/postgres") as store:
            await store.begin(run(), [going(number) for number in range(20)])
            writes = [asyncio.create_task(store.keep_step(f"t{number}", step(0))) for number in range(10)]
            await asyncio.to_thread(server.stop, "fast")
            writes += [asyncio.create_task(store.keep_step(f"t{number}", step(0))) for number in range(10, 20)]
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)
            await asyncio.gather(*writes)
            assert [len(one.steps) for one in store.trajectories_of("r1")] == [1] * 20
        assert check(f"{server.url}/postgres") == []


async def test_callers_are_told_when_a_server_stays_away_and_the_next_ones_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "PATIENCE_S", 0.5)
    with serving() as server, Store.open(f"{server.url}/postgres") as store:
        await store.begin(run(), [going()])
        await asyncio.to_thread(server.stop, "fast")
        with pytest.raises(StoreUnreachable, match="cannot be opened"):
            await store.keep_step("t1", step(0))
        began = time.monotonic()
        with pytest.raises(StoreUnreachable):
            await store.keep_step("t1", step(0))
        assert time.monotonic() - began < 0.4
        await asyncio.to_thread(server.start)
        await store.keep_step("t1", step(0))
