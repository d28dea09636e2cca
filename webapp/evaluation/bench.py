"""Runs the trajectories of a plan: so many at a time, within the budget, until they are done or somebody stops it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from orchestrator.alternatives import new_id
from orchestrator.model_call import known_dollars
from orchestrator.policy import Policy
from orchestrator.progress import Stop
from orchestrator.rehearsal.tasks import Task
from orchestrator.run import events
from orchestrator.trajectory import Step, Trajectory
from storage.spending.rules import Overspent
from storage.spending.switch import RunsStopped
from webapp.evaluation.plan import Job, Plan
from webapp.workshop import Workshop

Keep = Callable[[Job, Trajectory], Awaitable[None]]
"""Told of each finished trajectory."""


class Purse(Protocol):
    """Reserves what trajectories may spend; what they spent is settled by whoever keeps them."""

    async def begin(self, trajectory: Trajectory) -> Trajectory:
        """The trajectory as it must run; raises Overspent or RunsStopped."""

    async def broken_off(self, trajectory: Trajectory) -> None:
        """It does not go on, and is not kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an evaluation has come."""

    done: int
    total: int
    """Trajectories."""
    usd: Decimal
    """Known dollars spent, a judge's included."""
    unpriced_calls: int
    elapsed_s: float

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest will take at this pace; `None` before the first is done."""
        return self.elapsed_s / self.done * (self.total - self.done) if self.done else None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of a plan."""

    plan: Plan
    trajectories: Mapping[Job, Trajectory]
    """Those that ended, without their texts."""
    standing: Standing
    stopped: str | None = None
    """Why it ended early, in words; `None` where everything is done."""
    by_hand: bool = False
    """Whether somebody stopped it."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks that every policy tried to the end of every alternative."""
        missing = {job.task for job in self.plan.jobs if job not in self.trajectories}
        return tuple(task for task in self.plan.tasks if task.id not in missing)


@dataclass(slots=True)
class Bench:
    """Works one plan off. `policies` are by SPEC, the baseline among them."""

    plan: Plan
    workshop: Workshop
    policies: Mapping[str, Policy]
    keep: Keep | None = None
    on_progress: Callable[[Standing], None] | None = None
    purse: Purse | None = None
    stopped_for: str | None = None
    """Why it is stopped, told before that; without it, somebody stops it by hand."""
    _tasks: dict[str, Task] = field(init=False)
    _ended: dict[Job, Trajectory] = field(init=False, default_factory=dict)
    _usd: Decimal = field(init=False, default=Decimal(0))
    _unpriced: int = field(init=False, default=0)
    _total: int = field(init=False, default=0)
    _began: float = field(init=False, default=0.0)
    _stopped: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tasks = {task.id: task for task in self.plan.tasks}
        self._total = sum(1 for _ in self.plan.jobs)

    async def run(self, stop: asyncio.Event | None = None) -> Evaluated:
        """Everything, or what is done when `stop` is set: what is under way then is broken off and not counted."""
        self._began = time.monotonic()
        by_hand = False
        jobs = self.plan.jobs
        workers = [asyncio.create_task(self._work(jobs)) for _ in range(self.plan.concurrency)]
        stopping = asyncio.create_task((stop or asyncio.Event()).wait())
        everything = asyncio.gather(*workers)
        either: list[asyncio.Future[Any]] = [everything, stopping]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if everything.done():
                everything.result()
            else:
                self._stopped, by_hand = self.stopped_for or "stopped by hand", self.stopped_for is None
        finally:
            for task in (stopping, *workers):
                task.cancel()
            await asyncio.gather(stopping, everything, *workers, return_exceptions=True)
        return Evaluated(self.plan, dict(self._ended), self._standing(), self._stopped, by_hand)

    async def _work(self, jobs: Iterator[Job]) -> None:
        budget = self.plan.budget_usd
        for job in jobs:
            if budget is not None and self._usd >= budget:
                self._stopped = f"the budget of ${budget} is spent"
                return
            try:
                trajectory = await self._tried(job)
            except (Overspent, RunsStopped) as refused:
                self._stopped = str(refused)
                return
            self._ended[job] = without_texts(trajectory)
            if self.keep is not None:
                await self.keep(job, trajectory)
            if self.on_progress is not None:
                self.on_progress(self._standing())
            await asyncio.sleep(0)  # stand-ins that wait for nothing would never let a stop be heard

    async def _tried(self, job: Job) -> Trajectory:
        """The trajectory of one job, judged."""
        task = self._tasks[job.task]
        begun = Trajectory(
            id=new_id(),
            query=task.question,
            preference=self.plan.preferences[job.preference],
            policy=job.policy,
            pool=self.workshop.pool.name,
            seed=self.plan.seed_of(job),
            started_at=datetime.now(UTC),
            reference=task.reference,
            limits=self.plan.limits,
        )
        if self.purse is None:
            return await self._course(begun, task, [])
        begun, steps = await self.purse.begin(begun), list[Step]()
        try:
            return await self._course(begun, task, steps)
        except BaseException:
            await self.purse.broken_off(replace(begun, steps=tuple(steps)))
            raise

    async def _course(self, begun: Trajectory, task: Task, steps: list[Step]) -> Trajectory:
        """Run it to its end; `steps` are those that it has paid for until then."""
        stop: Stop | None = None
        async for event in events(begun, self.policies[begun.policy], self.workshop.tools):
            if isinstance(event, Step):
                steps.append(event)
                self._pay(event.cost_usd, event.unpriced_calls)
            elif isinstance(event, Stop):
                stop = event
        if stop is None:
            raise AssertionError("the loop ends with a Stop")
        outcome = await self.workshop.judge.judge(task.question, stop.answer, task.reference)
        if outcome.call is not None:
            self._pay(known_dollars([outcome.call]), int(outcome.call.charge.usd is None))
        return replace(
            begun,
            steps=tuple(steps),
            stop_reason=stop.reason,
            stop_detail=stop.detail,
            answer=stop.answer,
            outcome=outcome,
        )

    def _pay(self, usd: Decimal, unpriced_calls: int) -> None:
        self._usd += usd
        self._unpriced += unpriced_calls

    def _standing(self) -> Standing:
        return Standing(len(self._ended), self._total, self._usd, self._unpriced, time.monotonic() - self._began)


def without_texts(trajectory: Trajectory) -> Trajectory:
    """The same without thoughts, observations, prompts and replies, which no figure needs and which fill memory."""
    return replace(
        trajectory,
        outcome=replace(trajectory.outcome, call=None),
        steps=tuple(
            replace(
                step,
                thought="",
                observation=None,
                calls=tuple(replace(call, prompt=None, reply=None, attempts=()) for call in step.calls),
            )
            for step in trajectory.steps
        ),
    )
