"""Runs belong to the server: each trajectory is a task here, whoever watches. Pages and streams only follow."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

from orchestrator.alternatives import Run, new_id
from orchestrator.grade import finding
from orchestrator.pool import TOOL_OF, TOOLS, UnknownAlias
from orchestrator.progress import Progress, Stop
from orchestrator.run import forked
from orchestrator.trajectory import Outcome, StopReason, ToolCall, Trajectory
from storage.errors import StoreError
from storage.store import Store
from storage.trajectories import State
from webapp.driver import JUDGING_STOPPED, Driver
from webapp.live_run import LiveRun, LiveTrajectory, RunSnapshot
from webapp.operations.metrics import Metrics
from webapp.workshop import Workshop

logger = logging.getLogger(__name__)

COALESCE_S = 0.2
"""Followers get at most one snapshot in this time."""


class NotFound(LookupError):
    """There is no run or trajectory of that id."""


class Runs:
    """Starts, follows, stops, forks and resumes runs."""

    def __init__(self, store: Store, workshop: Callable[[], Workshop], metrics: Metrics) -> None:
        self._store = store
        self._workshop = workshop
        self._driver = Driver(store, metrics, self._ended)
        self._live: dict[str, LiveRun] = {}
        self._dismissed = False
        self._when_ended: Callable[[str], Awaitable[object]] | None = None
        metrics.watch("podium_trajectories_running", "Trajectories that run in this process", lambda: self.going)

    @property
    def going(self) -> int:
        """Trajectories that run right now."""
        return sum(part.task is not None for live in list(self._live.values()) for part in list(live.parts.values()))

    def when_ended(self, do: Callable[[str], Awaitable[object]]) -> None:
        """Have this done with the id of each run that ends."""
        self._when_ended = do

    async def start(self, run: Run, trajectories: Sequence[Trajectory]) -> LiveRun:
        """Keep a new run and set its trajectories going; it is kept before this returns."""
        workshop = self._workshop()
        for trajectory in trajectories:
            workshop.policy_of(trajectory.policy)
        await self._store.begin(run, trajectories)
        live = LiveRun(run, {t.id: LiveTrajectory(t) for t in trajectories})
        self._live[run.id] = live
        logger.info("run begun", extra={"run": run.id, "trajectories": len(trajectories), "pool": workshop.pool.name})
        self._set_going(live, list(live.parts.values()), workshop)
        return live

    async def fork(self, trajectory_id: str, step: int, call: ToolCall) -> tuple[LiveRun, Trajectory]:
        """Add an alternative to the run: the same steps before `step`, then `call` instead.

        Raises ValueError where there is no such step or alias, or the policy is not in use here.
        """
        if TOOL_OF.get(call.model) != call.tool:
            raise UnknownAlias(call.model, TOOLS.get(call.tool, tuple(TOOL_OF)))
        origin, workshop = self.trajectory(trajectory_id), self._workshop()
        workshop.policy_of(origin.policy)
        child = forked(origin, step, new_id(), datetime.now(UTC))
        live = self._loaded(origin)
        await self._store.begin(live.run, [child])
        live = self._shown(live)
        part = LiveTrajectory(child)
        live.parts[child.id] = part
        self._set_going(live, [part], workshop, call)
        live.ring()
        return live, child

    async def resume(self, trajectory_id: str) -> LiveRun:
        """Go on behind the last kept step of an interrupted trajectory; nothing happens to any other.

        Raises ValueError where its policy is not in use here, and nothing has happened then, either.
        """
        live, workshop = self._loaded(self.trajectory(trajectory_id)), self._workshop()
        if live.parts[trajectory_id].state is State.INTERRUPTED:
            workshop.policy_of(live.parts[trajectory_id].trajectory.policy)
            await self._store.reopen(trajectory_id)
            live = self._shown(live)
            part = live.parts[trajectory_id]
            part.state, live.problem = State.RUNNING, None
            self._set_going(live, [part], workshop)
            live.ring()
        return live

    async def cancel(self, run_id: str, trajectory_id: str | None = None) -> RunSnapshot:
        """End one trajectory or all of a run, interrupted ones too; returns when they have ended."""
        live = self._live.get(run_id) or self._kept(run_id)
        if trajectory_id is not None and trajectory_id not in live.parts:
            raise NotFound(f"run {run_id} has no trajectory {trajectory_id}")
        parts = [part for id, part in live.parts.items() if trajectory_id in (None, id)]
        tasks = [part.task for part in parts if part.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for part in parts:
            await self._end(live, part)
        return live.snapshot

    async def _end(self, live: LiveRun, part: LiveTrajectory) -> None:
        """Keep the end of a trajectory that was stopped and has no task to do so; an answer that is kept stands."""
        if part.state is State.INTERRUPTED:
            await self._store.reopen(part.trajectory.id)
            detail = "ended by hand after an interruption"
        elif part.state is State.RUNNING and part.task is not None and part.task.cancelled():
            detail = "stopped by hand"  # before its task had begun
        else:
            return
        stop = Progress.behind(part.trajectory).end() or Stop(StopReason.CANCELLED, detail)
        found = finding(stop.answer, part.trajectory.reference)
        outcome = found.outcome if found.decisive else Outcome(reason=JUDGING_STOPPED)
        await self._driver.finish(live, part, stop, outcome)

    async def follow(self, run_id: str, every_s: float = COALESCE_S) -> AsyncIterator[RunSnapshot]:
        """Snapshots of the run: one at once, one after each change (at most each `every_s`), the last when it ended."""
        live = self._live.get(run_id)
        if live is None:
            yield self.snapshot(run_id)
            return
        while True:
            version, snapshot = live.version, live.snapshot
            yield snapshot
            if snapshot.ended or self._dismissed:
                return
            await live.changed(version)
            await asyncio.sleep(every_s)

    def snapshot(self, run_id: str) -> RunSnapshot:
        """The run as it is now, or as it was kept; raises NotFound."""
        live = self._live.get(run_id)
        return live.snapshot if live is not None else self._kept(run_id).snapshot

    def trajectory(self, trajectory_id: str) -> Trajectory:
        """A trajectory as kept so far; raises NotFound."""
        found = self._store.trajectory(trajectory_id)
        if found is None:
            raise _no_trajectory(trajectory_id)
        return found

    def check(self, trajectory_ids: Iterable[str]) -> None:
        """Raises NotFound for the first that is not kept; none of them is read."""
        for id in trajectory_ids:
            if self._store.state(id) is None:
                raise _no_trajectory(id)

    def dismiss(self) -> None:
        """End every stream of snapshots, because the server is about to stop. Runs go on until `close`."""
        self._dismissed = True
        for live in self._live.values():
            live.ring()

    async def close(self) -> None:
        """Let go of everything that runs. It stays kept as running, so the next start finds it interrupted."""
        self._driver.closing = True
        live, self._live = self._live, {}
        tasks = [part.task for run in live.values() for part in run.parts.values() if part.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _loaded(self, trajectory: Trajectory) -> LiveRun:
        """The run of a kept trajectory; raises NotFound for an imported one, which has no run."""
        if trajectory.run is None:
            raise NotFound(f"trajectory {trajectory.id} was imported and belongs to no run here")
        return self._live.get(trajectory.run) or self._kept(trajectory.run)

    def _shown(self, live: LiveRun) -> LiveRun:
        """The run that is followed from now on: this one, unless somebody else set it going meanwhile."""
        return self._live.setdefault(live.run.id, live)

    def _kept(self, run_id: str) -> LiveRun:
        run = self._store.run(run_id)
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        parts = {
            t.id: LiveTrajectory(t, self._store.state(t.id) or State.INTERRUPTED)
            for t in self._store.trajectories_of(run_id)
        }
        return LiveRun(run, parts)

    def _set_going(
        self, live: LiveRun, parts: list[LiveTrajectory], workshop: Workshop, forced: ToolCall | None = None
    ) -> None:
        before: list[asyncio.Task[None]] = []
        for part in parts:
            after = tuple(before) if live.run.one_after_another else ()
            part.task = asyncio.create_task(self._driver.drive(live, part, workshop, forced, after))
            before.append(part.task)

    async def _ended(self, live: LiveRun) -> None:
        self._live.pop(live.run.id, None)
        try:
            if self._when_ended is not None:
                await self._when_ended(live.run.id)
        except StoreError:  # the run itself is kept; what follows from it can be made up for later
            logger.exception("what follows the end of run %s could not be done", live.run.id)


def _no_trajectory(id: str) -> NotFound:
    return NotFound(f"there is no trajectory {id}")
