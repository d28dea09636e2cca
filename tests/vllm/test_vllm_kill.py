"""The server is killed in the middle of a run and started again: nothing kept is lost, and the next run works."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.trajectory import Limits, StopReason, ToolCall, Trajectory
from storage.database import check
from storage.trajectories import State
from tests.vllm.asking import QUERY, RUNNING, seconds_until
from tests.vllm.server import CPU_FLAGS, Server, serving
from webapp.asking import Asking
from webapp.live_run import RunSnapshot
from webapp.services import Services, open_services
from webapp.settings import Settings

# Replies of random weights end only by chance; this ends each after half a second or so.
SHORT_REPLIES = (*CPU_FLAGS, '--override-generation-config={"max_new_tokens": 250}')
TURNS = 12
ENDED_WITHIN_S = 60.0


@pytest.fixture
def doomed(vllm_python: Path, checkpoint: Path, tmp_path: Path) -> Iterator[Server]:
    """A server for this module to kill."""
    with serving(vllm_python, checkpoint, tmp_path / "log", SHORT_REPLIES) as running:
        yield running


async def test_a_run_outlives_its_server_and_the_next_one_works(
    doomed: Server, vllm_python: Path, checkpoint: Path, tmp_path: Path, measure: Callable[[str, object], None]
) -> None:
    settings = Settings(data_dir=tmp_path / "data", pace=0.0, policy=doomed.spec)
    async with open_services(settings) as services:
        live = await services.ask(Asking(QUERY, limits=Limits(turns=TURNS)))
        seen = await until_steps(services, live.run.id, 2)
        await seconds_until(doomed.root, RUNNING, 1)
        doomed.kill()
        began = time.monotonic()
        failed = await ended(services, live.run.id)
        measure("a run whose server was killed ends after", f"{time.monotonic() - began:.1f} s")
        assert_failed_with_everything(failed, seen)
    assert check(settings.database) == []

    async with open_services(settings) as services:
        assert services.interrupted == ()
        assert services.store.trajectory(failed.id) == failed
        again = await ended(services, (await services.ask(Asking(QUERY))).run.id)
        assert again.stop_reason is StopReason.FAILED
        assert "is the server running?" in again.stop_detail

        with serving(vllm_python, checkpoint, tmp_path / "log", SHORT_REPLIES, port=doomed.port):
            live = await services.ask(Asking(QUERY, limits=Limits(turns=3)))
            assert_worked(await ended(services, live.run.id), turns=3)
            live, child = await services.runs.fork(failed.id, len(failed.steps) - 1, ToolCall("search", "search-1"))
            await ended(services, live.run.id)
            forked = services.runs.trajectory(child.id)
            assert forked.steps[: len(failed.steps) - 1] == failed.steps[:-1]
            assert_worked(forked, TURNS)


def assert_failed_with_everything(failed: Trajectory, seen: RunSnapshot) -> None:
    assert failed.stop_reason is StopReason.FAILED
    assert "127.0.0.1" in failed.stop_detail
    shown = seen.trajectories[0].steps
    assert failed.steps[: len(shown)] == shown
    for step in failed.steps[:-1]:
        assert step.calls[0].usage.output_tokens > 0
    (last,) = failed.steps[-1].calls
    assert last.error
    assert last.usage is None
    assert len(last.attempts) >= 1, "a lost connection is tried again before the run gives up"


def assert_worked(trajectory: Trajectory, turns: int) -> None:
    assert trajectory.stop_reason in (StopReason.TURNS, StopReason.ANSWERED), trajectory.stop_detail
    assert len(trajectory.steps) == turns
    assert all(call.usage is not None for call in trajectory.calls if call.role == "orchestrator")


async def until_steps(services: Services, run: str, count: int) -> RunSnapshot:
    """The run once that many of its steps are kept."""
    async with asyncio.timeout(ENDED_WITHIN_S):
        async for snapshot in services.runs.follow(run, every_s=0.02):
            assert not snapshot.ended, snapshot.trajectories[0].stop_detail
            if len(snapshot.trajectories[0].steps) >= count:
                return snapshot
    raise AssertionError("the run ended too soon")


async def ended(services: Services, run: str) -> Trajectory:
    """The first trajectory of the run, once the whole run has ended."""
    async with asyncio.timeout(ENDED_WITHIN_S):
        async for snapshot in services.runs.follow(run):
            if snapshot.ended:
                assert set(snapshot.states.values()) == {State.FINISHED}
                return snapshot.trajectories[0]
    raise AssertionError("the run did not end")
