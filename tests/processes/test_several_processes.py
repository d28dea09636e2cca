"""Two real processes on one PostgreSQL: followed, stopped, killed, frozen, and never two at one trajectory."""

import asyncio
import signal
import time
from typing import Any

from storage.processes.heartbeat import SILENT_S
from storage.store import Store
from tests.processes.conftest import Models, Server
from tests.servers.conformance import Conformance

Servers = tuple[Server, ...]


async def begun(server: Server) -> tuple[str, dict[str, Any]]:
    """A run that waits for its reasoner behind a kept step."""
    run = await server.run()
    return run, await server.until(run, lambda one: len(one["steps"]) == 1)


async def resumed(server: Server, run: str, before: dict[str, Any]) -> dict[str, Any]:
    """The trajectory after it was resumed and has ended: every step once, none lost."""
    answered = await server.http.post(f"/trajectories/{before['id']}/resume")
    assert answered.status_code == 200, answered.text
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


async def test_a_frozen_process_is_fenced_when_it_wakes(
    servers: Servers, models: Models, played: tuple[Conformance, str], database: str
) -> None:
    a, b = servers
    run, before = await begun(a)
    a.send(signal.SIGSTOP)
    other = await b.run("Is somebody there?", "fixed:answer-1")
    await b.until(other, lambda one: one["state"] == "finished", within_s=10)
    since = time.monotonic()
    await b.until(run, lambda one: one["state"] == "interrupted")
    assert SILENT_S - 3 < time.monotonic() - since < SILENT_S + 10
    models.held = False
    whole = await resumed(b, run, before)
    a.send(signal.SIGCONT)
    async with asyncio.timeout(60):
        while not any("this process is back" in line for line in a.said):  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.1)
    assert any("lets go of what it runs" in line for line in a.said)
    assert played[0].at_work == 0, "its task has stopped"
    assert await a.look(run) == await b.look(run) == whole
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
