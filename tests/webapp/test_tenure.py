"""What a process begins while it gives itself up, and what it owns though nothing in it drives it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.trajectory import StopReason, ToolCall, Trajectory
from storage import trajectories
from storage.errors import StoreConflict, StoreFull
from storage.processes.membership import Membership
from storage.processes.undriven import lay_down
from storage.store import Store
from storage.trajectories import State
from tests.servers.patience import until
from tests.webapp.orchestra_app import OrchestraApp, orchestra_app
from webapp.asking import Asking
from webapp.live_run import LiveRun
from webapp.tenure import NotCounted

ROUTE = "fixed:search-1,answer-1"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    async with orchestra_app(tmp_path) as opened:
        yield opened


async def nobodys(app: OrchestraApp) -> Trajectory:
    """A trajectory that this process began, but whose caller went away before its task was there."""
    asked = Asking("What is the capital?", policy=ROUTE)
    run, some = asked.run(policy=ROUTE, pool=app.services.pool.name, reference=None)
    (kept,) = await app.services.store.begin(run, some)
    return kept


class GivingUp:
    """The store of a process that gives itself up while something begins: before it is committed, or behind that."""

    def __init__(self, app: OrchestraApp, operation: str, *, before: bool, back: bool) -> None:
        self._app = app
        self._operation = operation
        self._before = before
        self._back = back

    def __getattr__(self, name: str) -> Any:
        done = getattr(self._app.services.store, name)
        if name != self._operation:
            return done

        async def slowly(*arguments: Any) -> Any:
            if self._before:
                await self._give_up()
            kept = await done(*arguments)
            if not self._before:
                await self._give_up()
            return kept

        return slowly

    async def _give_up(self) -> None:
        await self._app.services.runs.disown()
        if self._back:
            await asyncio.to_thread(self._app.services.store.membership.enter_again)


async def only_run(store: Store) -> Trajectory:
    """The one trajectory that is kept, once it is marked."""
    store.membership._beat()
    (run,) = store.runs()
    (trajectory,) = store.trajectories_of(run.id)
    return trajectory


@pytest.mark.parametrize("back", [False, True], ids=["and is away", "and is back"])
async def test_a_run_that_begins_while_its_process_gives_itself_up_is_paid_for_by_nobody(
    app: OrchestraApp, back: bool
) -> None:
    runs, store = app.services.runs, app.services.store
    runs._store = GivingUp(app, "begin", before=False, back=back)  # type: ignore[assignment]
    with pytest.raises(NotCounted, match="can be resumed"):
        await app.services.ask(Asking("What is the capital?", policy=ROUTE))
    runs._store = store
    assert runs.going == 0
    assert runs._live.at_hand == ()
    if not back:
        await asyncio.to_thread(store.membership.enter_again)
    kept = await only_run(store)
    assert store.state(kept.id) is State.INTERRUPTED
    assert app.server.requests == 0
    whole = await app.ended(await runs.resume(kept.id))
    assert whole.stop_reason is StopReason.ANSWERED


async def test_a_run_that_begins_under_the_new_id_of_its_process_goes_on(app: OrchestraApp) -> None:
    runs = app.services.runs
    runs._store = GivingUp(app, "begin", before=True, back=True)  # type: ignore[assignment]
    assert (await app.ran(policy=ROUTE)).stop_reason is StopReason.ANSWERED


async def test_a_trajectory_that_is_resumed_while_its_process_gives_itself_up_waits_to_be_resumed_again(
    app: OrchestraApp,
) -> None:
    runs, store = app.services.runs, app.services.store
    kept = await nobodys(app)
    runs._store = GivingUp(app, "reopen", before=False, back=True)  # type: ignore[assignment]
    with pytest.raises(NotCounted):
        await runs.resume(kept.id)
    runs._store = store
    assert (await only_run(store)).id == kept.id
    assert store.state(kept.id) is State.INTERRUPTED
    assert app.server.requests == 0


async def test_a_process_that_may_be_taken_for_dead_starts_nothing(
    app: OrchestraApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    trajectory = await app.ran(policy=ROUTE)
    asked = app.server.requests
    monkeypatch.setattr(Membership, "lost", property(lambda _: True))
    answered = await app.http.post("/api/v1/runs", json={"query": "Where?", "policy": ROUTE})
    assert answered.status_code == 503
    assert "starts nothing until it is back" in answered.json()["detail"]
    with pytest.raises(NotCounted):
        await app.services.runs.fork(trajectory.id, 0, ToolCall("answer", "answer-1"))
    assert app.server.requests == asked
    assert len(app.services.store.runs()) == 1


async def test_what_runs_and_nobody_drives_is_resumed_or_stopped_like_what_was_interrupted(app: OrchestraApp) -> None:
    first, second = [await nobodys(app) for _ in range(2)]
    assert app.services.store.state(first.id) is State.RUNNING
    answered = await app.http.post(f"/api/v1/trajectories/{first.id}/resume")
    assert answered.status_code == 200
    assert (await app.ended(app.services.runs._live.find(first.run or ""))).stop_reason is StopReason.ANSWERED
    (stopped,) = (await app.http.post(f"/api/v1/runs/{second.run}/cancel")).json()["trajectories"]
    assert (stopped["state"], stopped["stop_reason"]) == ("finished", "cancelled")
    assert app.services.store.state(second.id) is State.FINISHED


async def test_of_two_who_resume_what_nobody_drives_one_gets_it(app: OrchestraApp) -> None:
    kept, runs = await nobodys(app), app.services.runs
    tried = await asyncio.gather(runs.resume(kept.id), runs.resume(kept.id), return_exceptions=True)
    assert sum(isinstance(one, StoreConflict) for one in tried) == 1
    (live,) = [one for one in tried if isinstance(one, LiveRun)]
    assert (await app.ended(live)).stop_reason is StopReason.ANSWERED


@pytest.mark.parametrize("resumed", [True, False], ids=["resumed", "stopped"])
async def test_what_could_not_keep_a_step_is_resumed_or_stopped_when_there_is_space(
    app: OrchestraApp, resumed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, store = app.services.runs, app.services.store
    with monkeypatch.context() as full:
        full.setattr(Store, "keep_step", refused)
        live = await app.services.ask(Asking("What is the capital?", policy=ROUTE))
        (before,) = live.snapshot.trajectories
        await until(lambda: live.snapshot.states[before.id] is State.INTERRUPTED)
    assert store.state(before.id) is State.RUNNING
    await (runs.resume(before.id) if resumed else runs.cancel(live.run.id))
    whole = await app.ended(live)
    assert whole.stop_reason is (StopReason.ANSWERED if resumed else StopReason.CANCELLED)
    assert store.trajectory(before.id) == whole


async def test_a_stop_of_an_interrupted_run_that_fails_can_be_tried_again(
    app: OrchestraApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, store = await nobodys(app), app.services.store
    await store.write(lambda connection: lay_down(connection, kept.id))
    with monkeypatch.context() as full:
        full.setattr(trajectories, "finish", refused_at_once)
        with pytest.raises(StoreFull):
            await app.services.runs.cancel(kept.run or "")
    assert store.state(kept.id) is State.INTERRUPTED
    (stopped,) = (await app.services.runs.cancel(kept.run or "")).trajectories
    assert stopped.stop_reason is StopReason.CANCELLED
    assert store.trajectory(kept.id) == stopped


async def refused(*_: object) -> None:
    refused_at_once()


def refused_at_once(*_: object) -> None:
    raise StoreFull("the disk is full")
