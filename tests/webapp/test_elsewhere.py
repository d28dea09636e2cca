"""Two processes on one database, here as two apps: what one drives, the other follows, stops, forks and takes over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.trajectory import StopReason, ToolCall
from storage.trajectories import State
from tests.servers.conformance import Asked, Conformance, conforming
from tests.servers.orchestra import EXPERT
from tests.servers.patience import until
from tests.servers.reply import Reply
from tests.webapp.orchestra_app import OrchestraApp, app_over
from webapp import elsewhere
from webapp.asking import Asking
from webapp.elsewhere import OwnerSilent
from webapp.live_run import LiveRun

ROUTE = "fixed:search-1,reasoner-1,answer-1"


class Models:
    """The reasoner takes its time while it is held."""

    def __init__(self) -> None:
        self.held = True

    def __call__(self, asked: Asked) -> Reply:
        return Reply(EXPERT, waits_s=60.0 if self.held and "reasoner" in asked.model else 0.0)


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
async def server(models: Models) -> AsyncIterator[tuple[Conformance, str]]:
    serving = Conformance(models)
    async with conforming(serving) as there:
        yield serving, there.url


@pytest.fixture
async def first(server: tuple[Conformance, str], tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    async with app_over(*server, tmp_path) as app:
        yield app


@pytest.fixture
async def second(first: OrchestraApp, server: tuple[Conformance, str], tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    async with app_over(*server, tmp_path) as app:
        app.services.store.membership._beat()
        first.services.store.membership._beat()
        yield app


async def begun(app: OrchestraApp) -> LiveRun:
    """A run whose reasoner works behind a kept step."""
    live = await app.services.ask(Asking("What is the capital?", policy=ROUTE))
    await until(lambda: len(live.snapshot.trajectories[0].steps) == 1 and app.server.at_work > 0)
    return live


async def shown(app: OrchestraApp, run: str) -> dict[str, Any]:
    (trajectory,) = (await app.http.get(f"/api/v1/runs/{run}")).json()["trajectories"]
    return dict(trajectory)


async def told(app: OrchestraApp, run: str) -> list[str]:
    """The numbered events of a run, to its end."""
    text = (await app.http.get(f"/api/v1/runs/{run}/events", timeout=30)).text
    return [block for block in text.split("\n\n") if block.startswith("id:")]


async def test_a_run_is_followed_in_a_process_that_does_not_drive_it(
    first: OrchestraApp, second: OrchestraApp, models: Models
) -> None:
    live = await begun(first)
    other = await shown(second, live.run.id)
    assert (other["state"], len(other["steps"])) == ("running", 1)
    assert other["where"] == first.services.store.membership.known()[0].process.name
    assert (await shown(first, live.run.id))["where"] is None
    followers = [asyncio.create_task(told(app, live.run.id)) for app in (first, second, second)]
    await until(lambda: second.services.runs._live.elsewhere.followed(live.run.id) is not None)
    await first.services.runs.cancel(live.run.id)
    here, there, again = await asyncio.gather(*followers)
    assert here == there == again
    assert [event.splitlines()[1] for event in there] == ["event: step", "event: step", "event: stopped"]
    assert second.services.runs._live.elsewhere.lives == []
    looking = second.services.runs._live.elsewhere._task
    assert looking is not None
    await until(looking.done)


async def test_a_run_is_stopped_from_a_process_that_does_not_drive_it(
    first: OrchestraApp, second: OrchestraApp
) -> None:
    live = await begun(first)
    async with asyncio.timeout(5):
        stopped = (await second.http.post(f"/api/v1/runs/{live.run.id}/cancel")).json()
    assert [one["stop_reason"] for one in stopped["trajectories"]] == [StopReason.CANCELLED]
    assert first.server.at_work == 0, "nothing is paid for any more"
    assert live.snapshot.trajectories == second.services.runs.snapshot(live.run.id).trajectories


async def test_an_owner_that_does_not_answer_is_named(
    first: OrchestraApp, second: OrchestraApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await begun(first)
    monkeypatch.setattr(elsewhere, "ANSWER_S", 0.2)
    monkeypatch.setattr(type(first.services.runs), "stop", lambda *_: None)
    answered = await second.http.post(f"/api/v1/runs/{live.run.id}/cancel")
    assert answered.status_code == 503
    name = first.services.store.membership.known()[0].process.name
    assert f"({name}) does not answer" in answered.json()["detail"]
    with pytest.raises(OwnerSilent):
        await second.services.runs.cancel(live.run.id)


async def test_a_fork_made_elsewhere_joins_the_run_and_its_ballot(
    first: OrchestraApp, second: OrchestraApp, models: Models
) -> None:
    live = await begun(first)
    (origin,) = live.snapshot.trajectories
    models.held = False
    _, child = await second.services.runs.fork(origin.id, 0, ToolCall("answer", "answer-1"))
    async with asyncio.timeout(10):
        async for snapshot in second.services.runs.follow(live.run.id):
            if snapshot.states[child.id] is State.FINISHED:
                break
    assert snapshot.states[origin.id] is State.RUNNING
    assert set(first.services.runs.snapshot(live.run.id).states) == {origin.id, child.id}
    assert second.services.runs._live.at_hand == ()
    await first.services.runs.cancel(live.run.id)
    ballots = await asyncio.gather(*(app.services.ballots.of_run(live.run.id) for app in (first, second)))
    assert ballots[0] is not None
    assert ballots[0] == ballots[1] == first.services.store.ballot_of(live.run.id)


async def test_what_a_process_lets_go_of_is_resumed_in_another(
    first: OrchestraApp, second: OrchestraApp, models: Models
) -> None:
    live = await begun(first)
    (before,) = live.snapshot.trajectories
    follower = asyncio.create_task(told(second, live.run.id))
    await first.services.runs.disown()
    assert first.server.at_work == 0
    assert live.snapshot.states[before.id] is State.INTERRUPTED
    await asyncio.to_thread(first.services.store.membership.enter_again)
    second.services.store.membership._beat()
    assert {event.splitlines()[1] for event in await follower} == {"event: step"}
    left = await shown(second, live.run.id)
    assert left["state"] == "interrupted"
    assert left["interrupted_by"].startswith("its process ")
    models.held = False
    whole = await second.ended(await second.services.runs.resume(before.id))
    assert whole.steps[:1] == before.steps
    assert [step.index for step in whole.steps] == list(range(len(whole.steps)))
    assert first.services.runs.snapshot(live.run.id).trajectories == (whole,)


async def test_a_process_that_was_lost_stops_what_it_runs_and_comes_back(
    first: OrchestraApp, second: OrchestraApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await begun(first)
    mine = first.services.store.membership
    before = mine.id
    monkeypatch.setattr(type(mine), "lost", property(lambda self: self is mine and self.id == before))
    await until(lambda: mine.id != before, 10)
    assert first.server.at_work == 0
    second.services.store.membership._beat()
    assert (await shown(second, live.run.id))["state"] == "interrupted"
    assert first.services.runs.going == 0


async def test_processes_are_told_of(first: OrchestraApp, second: OrchestraApp) -> None:
    await begun(first)
    known = (await second.http.get("/api/v1/processes")).json()["processes"]
    assert [(one["state"], one["running"], one["here"]) for one in known] == [("alive", 1, False), ("alive", 0, True)]
    assert isinstance(second.http, httpx.AsyncClient)
