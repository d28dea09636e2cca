"""A run as it is right now: its trajectories so far, the calls at work, what is being written, and a bell that rings
at each change.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from orchestrator.alternatives import Run
from orchestrator.bill import Heard
from orchestrator.run import Routed
from orchestrator.trajectory import Step, Trajectory
from storage.trajectories import FINAL, State
from webapp.writing import Ear, Writing


@dataclass(frozen=True, slots=True)
class AtWork:
    """The call that a trajectory is waiting for."""

    routed: Routed
    since: datetime


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """Everything that can be shown of a run at one moment."""

    run: Run
    trajectories: tuple[Trajectory, ...]
    states: Mapping[str, State]
    """Trajectory id to where it stands."""
    at_work: Mapping[str, AtWork]
    """Trajectory id to its call at work, where there is one."""
    problem: str | None = None
    """What went wrong with the run as a whole, such as a full disk."""
    writing: Mapping[str, tuple[Writing, ...]] = field(default_factory=dict)
    """Trajectory id to what is being written of its next step: the orchestrator's words first."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Trajectory id to the process that drives it, such as `web-2:4711`, where that is not this one."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Id of an interrupted trajectory to why, where that is known."""

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return State.RUNNING not in self.states.values()

    @property
    def complete(self) -> bool:
        """Whether every trajectory has come to its end, so that they can be compared for good."""
        return not {State.RUNNING, State.INTERRUPTED} & set(self.states.values())


@dataclass(slots=True)
class LiveTrajectory:
    """One trajectory with the task that drives it."""

    trajectory: Trajectory
    state: State = State.RUNNING
    at_work: AtWork | None = None
    task: asyncio.Task[None] | None = None
    stopped_for: str = "stopped by hand"
    """Why it was cancelled, once it is."""
    where: str | None = None
    """The process that drives it, where that is not this one."""
    reason: str | None = None
    """Why it is interrupted, where that is known."""
    disowned: bool = False
    """This process must not drive it any more: what is cancelled now is neither judged nor kept as stopped."""
    _ear: Ear = field(default_factory=Ear)
    _heard_from: asyncio.Task[None] | None = None
    """The task whose models the ear has heard. What an earlier one left unfinished is not shown again."""

    @property
    def undriven(self) -> bool:
        """Whether it has not ended and nothing drives it, neither here nor in another process."""
        return self.task is None and self.where is None and self.state not in FINAL

    def hear(self, heard: Heard) -> None:
        """A model has written a piece more. Ring the run's bell afterwards."""
        if self._heard_from is not self.task:
            self._ear.forget()
            self._heard_from = self.task
        self._ear.hear(heard)

    @property
    def writing(self) -> tuple[Writing, ...]:
        """What is being written of its next step; nothing once it has ended."""
        heard = self.state is State.RUNNING and self._heard_from is self.task
        return self._ear.writings if heard else ()

    def route(self, routed: Routed) -> None:
        """Its next call begins."""
        self.at_work = AtWork(routed, datetime.now(UTC))

    def keep_to(self, usd: Decimal | None) -> None:
        """It may spend that much in all; `None` leaves its limits as they are."""
        if usd is not None:
            limits = replace(self.trajectory.limits, usd=usd)
            self.trajectory = replace(self.trajectory, limits=limits)

    def take(self, step: Step) -> None:
        """A step has been kept; give it as the store did, so that this and the stored one are equal."""
        self.trajectory = replace(self.trajectory, steps=(*self.trajectory.steps, step))
        self.at_work = None
        self._ear.forget()


@dataclass(slots=True)
class LiveRun:
    """A run that somebody may be following."""

    run: Run
    parts: dict[str, LiveTrajectory]
    problem: str | None = None
    version: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wake every follower."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def driven(self) -> bool:
        """Whether this process drives any of it."""
        return any(part.task is not None for part in self.parts.values())

    async def changed(self, since: int) -> None:
        """Return once the version is no longer `since`."""
        while self.version == since:
            await self._changed.wait()

    @property
    def snapshot(self) -> RunSnapshot:
        """The run at this moment."""
        return RunSnapshot(
            self.run,
            tuple(part.trajectory for part in self.parts.values()),
            {id: part.state for id, part in self.parts.items()},
            {id: part.at_work for id, part in self.parts.items() if part.at_work is not None},
            self.problem,
            {id: writing for id, part in self.parts.items() if (writing := part.writing)},
            {id: part.where for id, part in self.parts.items() if part.where is not None},
            {id: part.reason for id, part in self.parts.items() if part.reason is not None},
        )
