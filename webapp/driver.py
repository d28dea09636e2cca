"""Drives a trajectory of a live run to its end. Every step is committed by the store before it is shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.bill import Heard
from orchestrator.progress import Progress, Stop
from orchestrator.run import Routed, events
from orchestrator.trajectory import Outcome, Step, StopReason, ToolCall, Trajectory
from storage.errors import StoreError, told_to_anybody
from storage.processes import undriven
from storage.store import Store
from storage.trajectories import State
from webapp.live_run import LiveRun, LiveTrajectory
from webapp.operations.metrics import Metrics
from webapp.workshop import Workshop

logger = logging.getLogger(__name__)

JUDGING_STOPPED: Final = "judging was stopped by hand"


class Driver:
    """Drives trajectories; each keeps to its end the workshop that it began with."""

    def __init__(self, store: Store, metrics: Metrics, when_ended: Callable[[LiveRun], Awaitable[None]]) -> None:
        self._store = store
        self._metrics = metrics
        self._when_ended = when_ended
        self.closing = False
        """The server is about to stop: what is cancelled now stays kept as running and is found interrupted."""

    async def drive(
        self,
        live: LiveRun,
        part: LiveTrajectory,
        workshop: Workshop,
        forced: ToolCall | None,
        after: Sequence[asyncio.Task[None]],
    ) -> None:
        """Go on behind the steps that the trajectory has, once the tasks `after` are over, and keep its end."""
        try:
            stop = await self._until_stop(live, part, workshop, forced, after)
            outcome = await self._judged(part, workshop, stop)
            await _despite_cancel(self.finish(live, part, stop, outcome))
        except Exception as failure:
            logger.exception("trajectory %s of run %s cannot go on", part.trajectory.id, live.run.id)
            give_up(live, part, failure)
        except asyncio.CancelledError:
            if part.disowned and part.state is State.RUNNING:
                give_up(live, part, Disowned())
            raise

    async def finish(self, live: LiveRun, part: LiveTrajectory, stop: Stop, outcome: Outcome) -> None:
        """Keep the end of a trajectory. One that nothing drives is opened again for it, in the same transaction."""
        ended = replace(
            part.trajectory, stop_reason=stop.reason, stop_detail=stop.detail, answer=stop.answer, outcome=outcome
        )
        if part.undriven:
            now = datetime.now(UTC)
            kept = await self._store.write(lambda connection: undriven.end(connection, ended, now))
        else:
            kept = await self._store.finish(ended)
        part.trajectory, part.state, part.at_work, part.task = kept, State.FINISHED, None, None
        self._metrics.trajectory_ended(kept)
        logger.info("trajectory ended", extra=_told(kept))
        live.ring()
        if not live.driven:
            await self._when_ended(live)

    async def _until_stop(
        self,
        live: LiveRun,
        part: LiveTrajectory,
        workshop: Workshop,
        forced: ToolCall | None,
        after: Sequence[asyncio.Task[None]],
    ) -> Stop:
        try:
            if after:
                await asyncio.wait(after)
            self._leave_if_closing()
            return await self._steps(live, part, workshop, forced)
        except asyncio.CancelledError:
            if self.closing or part.disowned:
                raise
            return Stop(StopReason.CANCELLED, part.stopped_for)

    async def _steps(self, live: LiveRun, part: LiveTrajectory, workshop: Workshop, forced: ToolCall | None) -> Stop:
        def hear(heard: Heard) -> None:
            part.hear(heard)
            live.ring()

        policy = workshop.policy_of(part.trajectory.policy)
        async for event in events(part.trajectory, policy, workshop.tools, forced, hear):
            if isinstance(event, Stop):
                return event
            if isinstance(event, Routed):
                part.route(event)
                live.ring()
            else:
                await _despite_cancel(self._keep(live, part, event))
                if self.closing and (stop := Progress.behind(part.trajectory).end()) is not None:
                    return stop
                self._leave_if_closing()
        raise AssertionError("the loop ends with a Stop")

    def _leave_if_closing(self) -> None:
        """The step is kept; what comes next is for those who resume it."""
        if self.closing:
            raise asyncio.CancelledError

    async def _keep(self, live: LiveRun, part: LiveTrajectory, step: Step) -> None:
        part.take(await self._store.keep_step(part.trajectory.id, step))
        self._metrics.step_kept(step)
        live.ring()

    async def _judged(self, part: LiveTrajectory, workshop: Workshop, stop: Stop) -> Outcome:
        trajectory = part.trajectory
        try:
            return await workshop.judge.judge(trajectory.query, stop.answer, trajectory.reference)
        except asyncio.CancelledError:
            if self.closing or part.disowned:
                raise
            return Outcome(reason=JUDGING_STOPPED)


class Disowned(StoreError):
    """This process was silent for too long, so that others may go on with what it drove."""

    def __init__(self) -> None:
        super().__init__(
            "this server could not reach its database for too long, so it let go of what it ran; resume it when it is "
            "back"
        )


def give_up(live: LiveRun, part: LiveTrajectory, failure: Exception) -> None:
    """Nothing more can be kept: what was acknowledged stays, and the trajectory waits to be resumed."""
    part.state, part.at_work, part.task = State.INTERRUPTED, None, None
    known = isinstance(failure, StoreError)
    live.problem = (
        told_to_anybody(failure) if known else f"something unexpected happened ({type(failure).__name__}); see the log"
    )
    live.ring()


def _told(ended: Trajectory) -> dict[str, Any]:
    """What the log says of its end."""
    return {
        "run": ended.run,
        "trajectory": ended.id,
        "policy": ended.policy,
        "stop_reason": ended.stop_reason,
        "verdict": ended.outcome.verdict,
        "steps": len(ended.steps),
        "cost_usd": ended.cost_usd,
        "unpriced_calls": ended.unpriced_calls,
        "latency_s": round(ended.latency_s, 3),
    }


async def _despite_cancel(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work` however often this task is cancelled meanwhile, then pass the cancellation on."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
