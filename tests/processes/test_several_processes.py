"""Two real processes on one PostgreSQL: followed, stopped, killed, frozen, and never two at one trajectory."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, text

from storage.database import open_engine
from storage.processes.heartbeat import SILENT_S
from storage.store import Store
from storage.tables import TRAJECTORY
from tests.processes.conftest import Models, Server
from tests.servers.conformance import Conformance
from tests.servers.patience import until

Servers = tuple[Server, ...]


async def begun(server: Server) -> tuple[str, dict[str, Any]]:
    """A run that waits for its reasoner behind a kept step."""
    run = await server.run()
    return run, await server.until(run, lambda one: len(one["steps"]) == 1)


async def resumed(server: Server, run: str, before: dict[str, Any]) -> dict[str, Any]:
    """The trajectory after it was resumed and has ended: every step once, none lost."""
    answered = await server.http.post(f"/trajectories/{before['id']}/resume")
    assert answered.status_code == 200, answered.text
    return await gone_on(server, run, before)


async def gone_on(server: Server, run: str, before: dict[str, Any]) -> dict[str, Any]:
    """The trajectory once it has ended behind those steps."""
    whole = await server.until(run, lambda one: one["state"] == "finished")
    assert whole["stop_reason"] == "answered"
    assert whole["steps"][: len(before["steps"])] == before["steps"]
    assert [step["index"] for step in whole["steps"]] == list(range(len(whole["steps"])))
    return whole


async def test_a_run_is_followed_at_the_other_process_with_the_same_events_and_a_small_lag(
    servers: Servers, models: Models
) -> None:
    a, b = servers
    models.held, models.pause_s = False, 0.4
    lags = []
    for number in range(4):
        run = await a.run(f"Question {number}?", "fixed:search-1,search-1,search-1,answer-1")
        here, there = await asyncio.gather(a.events(run), b.events(run))
        assert [event[1:] for event in here] == [event[1:] for event in there]
        lags += [behind[0] - first[0] for first, behind in zip(here, there, strict=True)]
    lags.sort()
    p95 = lags[int(0.95 * (len(lags) - 1))]
    print(f"lag of {len(lags)} events: median {lags[len(lags) // 2] * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")
    assert p95 < 1.0, "far beyond what polling explains, also on a busy machine"


async def test_a_run_is_stopped_at_the_other_process(servers: Servers, played: tuple[Conformance, str]) -> None:
    a, b = servers
    run, _ = await begun(a)
    since = time.monotonic()
    stopped = (await b.http.post(f"/runs/{run}/cancel")).json()
    assert stopped["trajectories"][0]["stop_reason"] == "cancelled"
    assert time.monotonic() - since < 5
    assert played[0].at_work == 0


async def test_what_a_killed_process_drove_is_marked_and_goes_on_at_the_other(servers: Servers, models: Models) -> None:
    a, b = servers
    run, before = await begun(a)
    assert (await b.look(run))["where"] is not None
    since = time.monotonic()
    a.send(signal.SIGKILL)
    await a.process.wait()
    left = await b.until(run, lambda one: one["state"] == "interrupted")
    assert time.monotonic() - since < SILENT_S + 6
    assert left["interrupted_by"].endswith(" ended")
    models.held = False
    await resumed(b, run, before)
    known = (await b.http.get("/processes")).json()["processes"]
    assert [one["state"] for one in known if not one["here"]] == ["dead"]


@contextmanager
def kept_waiting(database: str, trajectory: str) -> Iterator[Callable[[], bool]]:
    """Whoever writes to this trajectory has to wait; tells whether somebody does."""
    engine = open_engine(database)
    try:
        with engine.connect() as holding, engine.connect() as looking:
            holding.execute(select(TRAJECTORY.c.id).where(TRAJECTORY.c.id == trajectory).with_for_update())
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            yield lambda: bool(looking.execute(waiting).scalar_one())
    finally:
        engine.dispose()


async def test_a_frozen_process_is_fenced_when_it_wakes(
    servers: Servers, models: Models, played: tuple[Conformance, str], database: str
) -> None:
    """It is frozen while it keeps a step, and tries again when it wakes: that step must not get into what B drives."""
    a, b = servers
    models.holds_s = 2.0
    run, before = await begun(a)
    with kept_waiting(database, before["id"]) as somebody_waits:
        await until(somebody_waits, 30)
        a.send(signal.SIGSTOP)
    other = await b.run("Is somebody there?", "fixed:answer-1")
    await b.until(other, lambda one: one["state"] == "finished", within_s=10)
    since = time.monotonic()
    await b.until(run, lambda one: one["state"] == "interrupted")
    assert SILENT_S - 3 < time.monotonic() - since < SILENT_S + 10
    models.holds_s = 30.0
    assert (await b.http.post(f"/trajectories/{before['id']}/resume")).status_code == 200
    await until(lambda: played[0].at_work == 1)
    a.send(signal.SIGCONT)
    await until(lambda: any("this process is back" in line for line in a.said), 25)
    assert any("lets go of what it runs" in line for line in a.said)
    there = await b.look(run)
    assert (there["state"], there["steps"]) == ("running", before["steps"]), "nothing of A's got in"
    models.held = False
    whole = await gone_on(b, run, before)
    assert played[0].at_work == 0, "the task of A has stopped"
    assert await a.look(run) == whole
    again = await a.run()
    await b.until(again, lambda one: one["state"] == "finished")
    with Store.open(database) as store:
        assert store.trajectory(before["id"]) is not None
        assert [one.process.ending for one in store.membership.known()].count(None) == 2


async def test_a_process_that_is_asked_to_stop_hands_over_at_once(servers: Servers, models: Models) -> None:
    a, b = servers
    run, before = await begun(a)
    a.send(signal.SIGTERM)
    async with asyncio.timeout(60):
        await a.process.wait()
    left = await b.look(run)
    assert left["state"] == "interrupted"
    assert left["interrupted_by"].endswith(" was stopped")
    assert left["steps"][:1] == before["steps"]
    models.held = False
    await resumed(b, run, left)
