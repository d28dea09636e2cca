"""The end of a trajectory, whatever comes between: stops, slow judges, servers that stop, two who stop at once."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import StopReason, ToolCall, Verdict
from storage.store import Store
from storage.trajectories import State
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import EXPERT
from tests.servers.patience import until
from tests.servers.reply import Refusal, Reply, Stream
from tests.webapp.orchestra_app import OrchestraApp, app_over, following, orchestra_app
from webapp.asking import Asking

JUDGE = """
[judge]
endpoint = "judge"
model = "judge"
price = { input_usd_per_mtok = 1000, output_usd_per_mtok = 1000, source = "test" }
"""
REFERENCE = "The seat of the government of the Commonwealth"
CORRECT = Reply("The two name the same place.\n<verdict>correct</verdict>")
SLOW = Reply('{"verdict": "correct"}', waits_s=60)


@pytest.fixture
async def slow_judge(tmp_path: Path) -> AsyncIterator[OrchestraApp]:
    async with orchestra_app(tmp_path, following(judge=SLOW), JUDGE) as app:
        yield app


def judging(app: OrchestraApp) -> bool:
    return any(asked.model == "judge" for asked in app.server.asked)


async def test_a_stop_while_a_slow_judge_is_asked_ends_the_run_at_once_with_its_answer(
    slow_judge: OrchestraApp,
) -> None:
    live = await slow_judge.services.ask(Asking("Where?", reference=REFERENCE))
    await until(lambda: judging(slow_judge))
    async with asyncio.timeout(2):
        snapshot = await slow_judge.services.runs.cancel(live.run.id)
    (trajectory,) = snapshot.trajectories
    assert snapshot.ended
    assert (trajectory.stop_reason, trajectory.answer) == (StopReason.ANSWERED, "Canberra")
    assert trajectory.outcome.verdict is Verdict.UNGRADED
    assert trajectory.outcome.reason == "judging was stopped by hand"
    assert slow_judge.services.store.trajectory(trajectory.id) == trajectory
    await until(lambda: slow_judge.server.at_work == 0, 1)


async def test_a_server_that_stops_while_judging_judges_again_when_the_trajectory_is_resumed(tmp_path: Path) -> None:
    server = Conformance(following(judge=SLOW))
    async with conforming(server) as there:
        async with app_over(server, there.url, tmp_path, JUDGE) as app:
            live = await app.services.ask(Asking("Where?", reference=REFERENCE))
            await until(lambda: judging(app))
            kept = live.snapshot.trajectories[0]
        server.plan = following(judge=CORRECT)
        async with app_over(server, there.url, tmp_path) as app:
            assert app.services.interrupted == (kept.id,)
            assert app.services.runs.snapshot(live.run.id).trajectories[0] == kept
            asked = server.requests
            trajectory = await app.ended(await app.services.runs.resume(kept.id))
            assert server.requests == asked + 1, "only the judge was asked again"
    assert trajectory.steps == kept.steps
    assert (trajectory.stop_reason, trajectory.outcome.by) == (StopReason.ANSWERED, "judge")
    assert trajectory.outcome.verdict is Verdict.SOLVED


async def test_a_judge_that_fails_leaves_the_answer_ungraded_and_says_who_and_why(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, following(judge=Refusal(400, {"error": "no such model"})), JUDGE) as app:
        trajectory = await app.ran("Where?", reference=REFERENCE)
    assert trajectory.stop_reason is StopReason.ANSWERED
    assert trajectory.outcome.verdict is Verdict.UNGRADED
    assert "judge could not be asked" in str(trajectory.outcome.reason)
    assert "no such model" in str(trajectory.outcome.reason)


async def test_what_a_judge_costs_is_kept_with_its_verdict_and_not_in_the_totals(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, following(judge=CORRECT), JUDGE) as app:
        trajectory = await app.ran("Where?", reference=REFERENCE)
    call = trajectory.outcome.call
    assert call is not None
    assert call.charge.usd is not None
    assert call.charge.usd > trajectory.cost_usd > 0
    assert trajectory.cost_usd == sum(step.cost_usd for step in trajectory.steps)


async def test_without_a_reference_no_judge_is_asked(slow_judge: OrchestraApp) -> None:
    trajectory = await slow_judge.ran("Where?")
    assert trajectory.outcome.verdict is Verdict.UNGRADED
    assert not judging(slow_judge)


async def test_a_run_that_is_stopped_before_it_has_begun_ends_as_stopped(slow_judge: OrchestraApp) -> None:
    live = await slow_judge.services.ask(Asking("Where?"))
    async with asyncio.timeout(2):
        snapshot = await slow_judge.services.runs.cancel(live.run.id)
    assert snapshot.ended
    assert snapshot.trajectories[0].stop_reason is StopReason.CANCELLED
    assert slow_judge.services.store.state(snapshot.trajectories[0].id) is State.FINISHED


def drip(text: str) -> Reply:
    return Reply(f"<think>{text * 200}</think>", stream=Stream(gap_s=0.05))


def dripping() -> Plan:
    def reply(asked: Asked) -> Reply:
        return drip("Let me think. ") if asked.model == MODEL else Reply(EXPERT)

    return reply


@pytest.mark.parametrize("presses", [1, 5])
async def test_however_often_stop_is_pressed_the_run_ends_once_and_whole(presses: int, tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, dripping()) as app:
        live = await app.services.ask(Asking("q"))
        await until(lambda: bool(live.snapshot.writing))
        (part,) = live.parts.values()
        task = part.task
        assert task is not None
        for _ in range(presses):
            task.cancel()
            await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await asyncio.gather(*(app.services.runs.cancel(live.run.id) for _ in range(presses)))
            trajectory = await app.ended(live)
        assert trajectory.stop_reason is StopReason.CANCELLED
        assert [step.error for step in trajectory.steps] == ["cancelled"]
        assert app.services.store.trajectory(trajectory.id) == trajectory
        await until(lambda: app.server.at_work == 0, 2)


class Slow:
    """The store, one operation of which takes so long that the run ends meanwhile."""

    def __init__(self, store: Store, operation: str, meanwhile: Awaitable[object]) -> None:
        self._store = store
        self._operation = operation
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        done = getattr(self._store, name)
        if name != self._operation:
            return done

        async def slowly(*arguments: Any) -> Any:
            kept = await done(*arguments)
            await self._meanwhile
            return kept

        return slowly


async def test_an_alternative_that_is_forked_while_its_run_ends_can_be_followed_and_stopped(
    slow_judge: OrchestraApp,
) -> None:
    runs = slow_judge.services.runs
    live = await slow_judge.services.ask(Asking("Where?", reference=REFERENCE))
    await until(lambda: judging(slow_judge))
    (origin,) = live.parts
    runs._store = Slow(slow_judge.services.store, "begin", runs.cancel(live.run.id))  # type: ignore[assignment]
    _, child = await runs.fork(origin, 0, ToolCall("search", "search-2"))
    async with asyncio.timeout(5):
        snapshot = await runs.cancel(live.run.id)
    assert snapshot.ended
    assert set(snapshot.states) == {origin, child.id}
    assert slow_judge.services.store.state(child.id) is State.FINISHED
    assert runs._live.at_hand == ()


async def test_an_alternative_that_is_resumed_while_the_rest_of_its_run_ends_can_be_followed_and_stopped(
    tmp_path: Path,
) -> None:
    server = Conformance(following(judge=SLOW))
    async with conforming(server) as there:
        async with app_over(server, there.url, tmp_path, JUDGE) as app:
            two = (PreferenceVector(),) * 2
            live = await app.services.ask(Asking("Where?", two, reference=REFERENCE, policy="fixed:answer-1"))
            await until(lambda: sum(asked.model == "judge" for asked in server.asked) == 2)
        async with app_over(server, there.url, tmp_path) as app:
            runs = app.services.runs
            first, second = live.parts
            await runs.resume(first)
            runs._store = Slow(app.services.store, "reopen", runs.cancel(live.run.id, first))  # type: ignore[assignment]
            await runs.resume(second)
            async with asyncio.timeout(5):
                snapshot = await runs.cancel(live.run.id)
            assert {(t.stop_reason, t.answer) for t in snapshot.trajectories} == {(StopReason.ANSWERED, "Canberra")}
            assert runs._live.at_hand == ()


async def test_looking_at_ended_runs_and_resuming_what_has_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path) as app:
        for _ in range(5):
            trajectory = await app.ran()
            answered = await app.http.post(f"/api/v1/trajectories/{trajectory.id}/resume")
            assert answered.status_code == 200
            assert (await app.http.post(f"/api/v1/runs/{trajectory.run}/cancel")).status_code == 200
        assert app.services.runs._live.at_hand == ()


async def test_a_fork_to_an_alias_that_the_pool_does_not_have_is_a_failed_step_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    async with orchestra_app(tmp_path) as app:
        trajectory = await app.ran()
        body = {"step": 1, "call": {"tool": "answer", "model": "answer-math-1"}}
        answered = await app.http.post(f"/api/v1/trajectories/{trajectory.id}/fork", json=body)
        if answered.status_code == 422:
            assert "answer-math-1" in answered.json()["detail"]
            return
        child = answered.json()["id"]
        await until(lambda: app.services.store.state(child) is State.FINISHED)
        kept = app.services.runs.trajectory(child)
        assert "answer-math-1" in str(kept.steps[1].error)
        assert "KeyError" not in str(kept.steps[1].error)


async def test_of_many_runs_at_a_server_of_two_places_each_waits_its_turn_and_one_that_waits_can_be_stopped(
    tmp_path: Path,
) -> None:
    async with orchestra_app(tmp_path, Reply(EXPERT, waits_s=0.02)) as app:
        text = app.pool.read_text()
        await app.rewritten(text.replace("[endpoint.experts]\n", "[endpoint.experts]\nmax_in_flight = 2\n"))
        lives = [await app.services.ask(Asking(f"question {n}", policy="fixed:answer-1")) for n in range(24)]
        await until(lambda: bool(lives[-1].snapshot.at_work))
        last = await app.services.runs.cancel(lives[-1].run.id)
        assert last.trajectories[0].stop_reason is StopReason.CANCELLED
        ended = [await app.ended(live) for live in lives[:-1]]
        assert {t.stop_reason for t in ended} == {StopReason.ANSWERED}
        asked = [int(re.findall(r"question (\d+)", one.prompt)[0]) for one in app.server.asked]
        # The two that are asked at the same time may arrive in any order.
        assert all(abs(place - number) < 2 for place, number in enumerate(asked))
        assert len(asked) == 23
        calls = [call for t in ended for step in t.steps for call in step.calls]
        waits = [call.queued_s or 0.0 for call in calls]
        assert waits[0] < 0.02 < waits[-1]
        assert {call.in_flight for call in calls} <= {1, 2}
