"""A run as it is right now: its trajectories so far, the calls at work, and a bell that rings at each change."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from orchestrator.alternatives import Run
from orchestrator.run import Routed
from orchestrator.trajectory import Step, Trajectory
from storage.trajectories import State


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

    def route(self, routed: Routed) -> None:
        """Its next call begins."""
        self.at_work = AtWork(routed, datetime.now(UTC))

    def take(self, step: Step) -> None:
        """A step has been kept."""
        self.trajectory = replace(self.trajectory, steps=(*self.trajectory.steps, step))
        self.at_work = None


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
        )
