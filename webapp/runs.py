"""Runs belong to the server: each trajectory is a task here, whoever watches. Pages and streams only follow."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from orchestrator.alternatives import Run, new_id
from orchestrator.grade import finding
from orchestrator.pool import TOOL_OF, TOOLS, UnknownAlias
from orchestrator.progress import Progress, Stop
from orchestrator.run import forked
from orchestrator.trajectory import Outcome, StopReason, ToolCall, Trajectory
from storage.errors import StoreClosed, StoreError
from storage.processes.undriven import lay_down
from storage.spending.rules import LOCAL, Payer
from storage.store import Store
from storage.trajectories import State
from webapp.driver import JUDGING_STOPPED, Driver
from webapp.live_run import LiveRun, LiveTrajectory, RunSnapshot
from webapp.live_runs import COALESCE_S, LiveRuns, NotFound
from webapp.operations.membership import watch_membership
from webapp.operations.metrics import Metrics
from webapp.spending import paying, refusals
from webapp.tenure import Tenure
from webapp.workshop import Workshop

logger = logging.getLogger(__name__)


class Runs:
    """Starts, follows, stops, forks and resumes runs."""

    def __init__(self, store: Store, workshop: Callable[[], Workshop], metrics: Metrics) -> None:
        self._store = store
        self._workshop = workshop
        self._metrics = metrics
        self._driver = Driver(store, metrics, self._ended)
        self._live = LiveRuns(store)
        self._tenure = Tenure(store)
        self._when_ended: Callable[[str], Awaitable[object]] | None = None
        watch_membership(metrics, store.membership)
        metrics.watch("podium_trajectories_running", "Trajectories that run in this process", lambda: self.going)

    @property
    def going(self) -> int:
        """Trajectories that run right now."""
        return sum(1 for _ in self._live.driven())

    def when_ended(self, do: Callable[[str], Awaitable[object]]) -> None:
        """Have this done with the id of each run that ends."""
        self._when_ended = do

    async def start(self, run: Run, trajectories: Sequence[Trajectory], payer: Payer = LOCAL) -> LiveRun:
        """Keep a new run and set its trajectories going; it is kept, and its dollars are reserved, before this returns.

        Raises Overspent and RunsStopped.
        """
        workshop = self._workshop()
        for trajectory in trajectories:
            workshop.policy_of(trajectory.policy)
        kept = await self._begin(run, trajectories, payer, workshop)
        live = self._live.show(LiveRun(run, {t.id: LiveTrajectory(t) for t in kept}))
        logger.info("run begun", extra={"run": run.id, "trajectories": len(trajectories), "pool": workshop.pool.name})
        self._set_going(live, list(live.parts.values()), workshop)
        return live

    async def fork(
        self, trajectory_id: str, step: int, call: ToolCall, payer: Payer = LOCAL
    ) -> tuple[LiveRun, Trajectory]:
        """Add an alternative to the run: the same steps before `step`, then `call` instead.

        Raises ValueError where there is no such step or alias, or the policy is not in use here.
        """
        if TOOL_OF.get(call.model) != call.tool:
            raise UnknownAlias(call.model, TOOLS.get(call.tool, tuple(TOOL_OF)))
        origin, workshop = self.trajectory(trajectory_id), self._workshop()
        workshop.policy_of(origin.policy)
        child = forked(origin, step, new_id(), datetime.now(UTC))
        live = self._live.of(origin)
        (child,) = await self._begin(live.run, [child], payer, workshop)
        live = self._live.show(live)
        part = LiveTrajectory(child)
        live.parts[child.id] = part
        self._set_going(live, [part], workshop, call)
        live.ring()
        return live, child

    async def resume(self, trajectory_id: str, payer: Payer = LOCAL) -> LiveRun:
        """Go on behind the last kept step of an interrupted trajectory; nothing happens to any other.

        Raises ValueError where its policy is not in use here, and nothing has happened then, either.
        """
        live, workshop = self._live.of(self.trajectory(trajectory_id)), self._workshop()
        part = live.parts[trajectory_id]
        if part.undriven and self._live.reread(live, part):
            spec = part.trajectory.policy
            workshop.policy_of(spec)
            usd = await self._reopen(live.run.id, trajectory_id, paying(payer, workshop.pool, [spec]))
            live = self._live.show(live)
            part = live.parts[trajectory_id] = LiveTrajectory(self.trajectory(trajectory_id))
            part.keep_to(usd)
            live.problem = None
            self._set_going(live, [part], workshop)
            live.ring()
        return live

    async def stop_all(self, why: str) -> None:
        """End every trajectory that runs in this process, and keep that reason; those that are interrupted stay so."""
        running = list(self._live.driven())
        for part in running:
            part.stopped_for = why
        await asyncio.gather(*(self.cancel(part.trajectory.run or "", part.trajectory.id) for part in running))

    async def cancel(self, run_id: str, trajectory_id: str | None = None) -> RunSnapshot:
        """End one trajectory or all of a run, interrupted ones too; returns when they have ended.

        Raises OwnerSilent where another process drives one and does not answer.
        """
        live = self._live.find(run_id)
        if trajectory_id is not None and trajectory_id not in live.parts:
            raise NotFound(f"run {run_id} has no trajectory {trajectory_id}")
        parts = [part for id, part in live.parts.items() if trajectory_id in (None, id)]
        tasks = [part.task for part in parts if part.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if others := [part.trajectory.id for part in parts if part.where is not None]:
            await self._live.elsewhere.cancel(live, others)
        for part in parts:
            await self._end(live, part)
        return live.snapshot

    async def _end(self, live: LiveRun, part: LiveTrajectory) -> None:
        """Keep the end of a trajectory that was stopped and has no task to do so; an answer that is kept stands."""
        if part.undriven:
            self._tenure.check_free(part.trajectory.id)
            if not self._live.reread(live, part):
                return
            detail = "ended by hand after an interruption"
        elif part.state is State.RUNNING and part.task is not None and part.task.cancelled():
            detail = part.stopped_for  # before its task had begun
        else:
            return
        stop = Progress.behind(part.trajectory).end() or Stop(StopReason.CANCELLED, detail)
        found = finding(stop.answer, part.trajectory.reference)
        outcome = found.outcome if found.decisive else Outcome(reason=JUDGING_STOPPED)
        await self._driver.finish(live, part, stop, outcome)

    def stop(self, trajectory_id: str) -> None:
        """Have a trajectory end as stopped by hand, if it is driven here; does not wait for that."""
        for part in self._live.driven():
            if part.trajectory.id == trajectory_id and part.task is not None:
                part.task.cancel()

    async def disown(self) -> None:
        """Let go of all that runs here, without a word to the database: others may go on with it."""

        def disown(part: LiveTrajectory) -> None:
            part.disowned = True

        self._tenure.give_up()
        for part in await self._live.let_go(disown):
            part.state = State.INTERRUPTED if part.state is State.RUNNING else part.state

    def follow(self, run_id: str, every_s: float = COALESCE_S) -> AsyncIterator[RunSnapshot]:
        """Snapshots of the run: one at once, one after each change (at most each `every_s`), the last when it ended."""
        return self._live.follow(run_id, every_s)

    def snapshot(self, run_id: str) -> RunSnapshot:
        """The run as it is now, or as it was kept; raises NotFound."""
        return self._live.find(run_id).snapshot

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
        self._live.dismiss()

    def leave(self) -> set[asyncio.Task[None]]:
        """Start nothing more, and let each trajectory end behind its step; gives the tasks that still go on."""
        self._driver.closing = True
        return {part.task for part in self._live.driven() if part.task is not None}

    async def close(self) -> None:
        """Let go of everything that runs. It stays kept as running, until the store is closed or opened again."""
        self._driver.closing = True
        await self._live.let_go(lambda _: None)
        await self._live.elsewhere.aclose()

    async def _begin(
        self, run: Run, some: Sequence[Trajectory], payer: Payer, workshop: Workshop
    ) -> tuple[Trajectory, ...]:
        mine, ids = self._present(), [one.id for one in some]
        with refusals(self._metrics), self._tenure.taking(ids):
            kept = await self._store.begin(run, some, paying(payer, workshop.pool, (one.policy for one in some)))
            await self._tenure.check_own(mine, run.id, ids)
        return kept

    async def _reopen(self, run_id: str, trajectory_id: str, payer: Payer) -> Decimal | None:
        mine = self._present()
        with refusals(self._metrics), self._tenure.taking([trajectory_id]):
            if self._store.state(trajectory_id) is State.RUNNING:
                await self._store.write(lambda connection: lay_down(connection, trajectory_id))
            usd = await self._store.reopen(trajectory_id, payer)
            await self._tenure.check_own(mine, run_id, [trajectory_id])
        return usd

    def _present(self) -> str | None:
        """This process, which may begin something. Raises StoreClosed and NotCounted."""
        if self._driver.closing:
            raise StoreClosed("Podium is stopping, and starts nothing more: ask again when it is back")
        return self._tenure.present()

    def _set_going(
        self, live: LiveRun, parts: list[LiveTrajectory], workshop: Workshop, forced: ToolCall | None = None
    ) -> None:
        before: list[asyncio.Task[None]] = []
        for part in parts:
            after = tuple(before) if live.run.one_after_another else ()
            part.task = asyncio.create_task(self._driver.drive(live, part, workshop, forced, after))
            before.append(part.task)

    async def _ended(self, live: LiveRun) -> None:
        try:
            if not await self._live.settle(live):
                return
            if self._when_ended is not None:
                await self._when_ended(live.run.id)
        except StoreError:  # the run itself is kept; what follows from it can be made up for later
            logger.exception("what follows the end of run %s could not be done", live.run.id)


def _no_trajectory(id: str) -> NotFound:
    return NotFound(f"there is no trajectory {id}")
