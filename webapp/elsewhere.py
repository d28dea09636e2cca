"""Runs that another process drives: followed by reading what it keeps, stopped by leaving it a wish.

One task of this process looks for all its followers. docs/decisions/0024-several-processes.md says why it polls.
"""

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from orchestrator.trajectory import Trajectory
from storage.errors import StoreError
from storage.processes import wishes
from storage.processes.process import Ending
from storage.processes.pulse import Pulse, pulses
from storage.store import Store
from storage.trajectories import FINAL, State
from webapp.live_run import LiveRun, LiveTrajectory

logger = logging.getLogger(__name__)

POLL_S: Final = 0.15
"""Between two looks at runs that somebody follows."""
ANSWER_S: Final = 20.0
"""How long a process has time to end what it is asked to end; a dead one is found out sooner."""


class OwnerSilent(StoreError):
    """The process that drives a trajectory does not do what it was asked."""


@dataclass(slots=True)
class _Followed:
    live: LiveRun
    followers: int = 0


@dataclass(frozen=True, slots=True)
class _News:
    live: LiveRun
    pulse: Pulse
    trajectory: Trajectory | None
    """As it is kept, where it is another one than is known here."""


class Elsewhere:
    """Follows and stops what other processes drive."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followed: dict[str, _Followed] = {}
        self._task: asyncio.Task[None] | None = None

    def followed(self, run_id: str) -> LiveRun | None:
        """The run, where somebody here follows it."""
        found = self._followed.get(run_id)
        return None if found is None else found.live

    @property
    def lives(self) -> list[LiveRun]:
        """Every run that somebody here follows."""
        return [entry.live for entry in self._followed.values()]

    @contextmanager
    def following(self, live: LiveRun) -> Iterator[None]:
        """Keep a run up to date with what other processes do, while somebody follows it."""
        entry = self._followed.setdefault(live.run.id, _Followed(live))
        entry.followers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            entry.followers -= 1
            if not entry.followers and self._followed.get(live.run.id) is entry:
                del self._followed[live.run.id]

    def concerned(self, live: LiveRun) -> bool:
        """Whether another process may be adding to this run."""
        strange = any(part.state is State.RUNNING and part.task is None for part in live.parts.values())
        return strange or self._store.membership.company

    def kept(self, run_id: str) -> dict[str, LiveTrajectory]:
        """The run's trajectories as they are kept now, oldest first. Raises StoreError."""
        now = {pulse.trajectory: pulse for pulse in self._store.read(lambda connection: pulses(connection, [run_id]))}
        parts = {}
        for trajectory in self._store.trajectories_of(run_id):
            part = parts[trajectory.id] = LiveTrajectory(trajectory, State.INTERRUPTED)
            if trajectory.id in now:
                self._stand(part, now[trajectory.id])
        return parts

    def refresh_now(self, live: LiveRun) -> None:
        """Take in what other processes kept. Reads a few rows. Raises StoreError."""
        self._take(self._news([live]))

    async def refresh(self, live: LiveRun) -> None:
        """The same, beside whatever else is done."""
        self._take(await asyncio.to_thread(self._news, [live]))

    async def cancel(self, live: LiveRun, ids: Collection[str]) -> None:
        """Have these ended by the processes that drive them; returns when they do not run any more.

        Raises OwnerSilent where they still do after ANSWER_S.
        """
        await self._store.write(lambda connection: wishes.ask(connection, ids))
        late = asyncio.get_running_loop().time() + ANSWER_S
        while running := [live.parts[id] for id in ids if live.parts[id].state is State.RUNNING]:
            if asyncio.get_running_loop().time() > late:
                names = ", ".join(sorted({part.where or "unknown" for part in running}))
                raise OwnerSilent(
                    f"the process that drives this ({names}) does not answer; it ends this when it does, and what it "
                    "drives is marked as interrupted when it is dead: look again in a minute"
                )
            await asyncio.sleep(POLL_S)
            await self.refresh(live)

    async def aclose(self) -> None:
        """Look no longer."""
        self._followed.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _poll(self) -> None:
        while self._followed:
            await asyncio.sleep(POLL_S)
            lives = [entry.live for entry in self._followed.values() if self.concerned(entry.live)]
            if not lives:
                continue
            try:
                self._take(await asyncio.to_thread(self._news, lives))
            except StoreError as error:
                logger.warning("runs of other processes cannot be followed at the moment: %s", error)
                await asyncio.sleep(1)

    def _news(self, lives: Sequence[LiveRun]) -> list[_News]:
        """In a thread: what other processes have kept that is not known here."""
        by_run = {live.run.id: live for live in lives}
        found = self._store.read(lambda connection: pulses(connection, list(by_run)))
        news = []
        for pulse in found:
            live = by_run[pulse.run]
            part = live.parts.get(pulse.trajectory)
            if not self._strange(part, pulse):
                continue
            if part is None or len(part.trajectory.steps) != pulse.steps or pulse.state in FINAL:
                news.append(_News(live, pulse, self._store.trajectory(pulse.trajectory)))
            elif (part.state, part.where) != (pulse.state, self._where(pulse)):
                news.append(_News(live, pulse, None))
        return news

    def _strange(self, part: LiveTrajectory | None, pulse: Pulse) -> bool:
        """Whether what is kept says more than this process knows by itself. An end is known for good."""
        if pulse.owner is not None and pulse.owner == self._store.membership.id:
            return False
        return part is None or (part.task is None and part.state not in FINAL)

    def _take(self, news: Sequence[_News]) -> None:
        for one in news:
            part = one.live.parts.get(one.pulse.trajectory)
            if not self._strange(part, one.pulse):  # It was resumed or forked here meanwhile.
                continue
            if part is None:
                if one.trajectory is None:
                    continue
                part = one.live.parts[one.pulse.trajectory] = LiveTrajectory(one.trajectory)
            if one.trajectory is not None:
                part.trajectory = one.trajectory
            if part.state is State.INTERRUPTED and one.pulse.state is State.RUNNING:
                one.live.problem = None
            self._stand(part, one.pulse)
            one.live.ring()

    def _stand(self, part: LiveTrajectory, pulse: Pulse) -> None:
        part.state, part.where, part.reason = pulse.state, self._where(pulse), _reason(pulse)
        part.at_work = None

    def _where(self, pulse: Pulse) -> str | None:
        foreign = pulse.state is State.RUNNING and pulse.owner not in (None, self._store.membership.id)
        return pulse.name or "unknown" if foreign else None


def _reason(pulse: Pulse) -> str | None:
    """Why it is interrupted."""
    if pulse.state is not State.INTERRUPTED or pulse.ending is None:
        return None
    how = "was stopped" if pulse.ending is Ending.STOPPED else "ended"
    return f"its process {pulse.name} {how}"
