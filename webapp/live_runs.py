"""The runs that are at hand in this process: those that it drives, and those that somebody here follows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from orchestrator.trajectory import Trajectory
from storage.store import Store
from storage.trajectories import State
from webapp.elsewhere import Elsewhere
from webapp.live_run import LiveRun, LiveTrajectory, RunSnapshot

COALESCE_S: Final = 0.2
"""Followers get at most one snapshot in this time."""


class NotFound(LookupError):
    """There is no run or trajectory of that id."""


class LiveRuns:
    """Finds runs, wherever they are driven, and follows them."""

    def __init__(self, store: Store) -> None:
        self.elsewhere = Elsewhere(store)
        self._store = store
        self._driven: dict[str, LiveRun] = {}
        self._dismissed = False

    @property
    def at_hand(self) -> tuple[str, ...]:
        """The runs of which this process drives something, or gave it up."""
        return tuple(self._driven)

    def driven(self) -> Iterator[LiveTrajectory]:
        """Every trajectory that a task of this process drives."""
        for live in list(self._driven.values()):
            yield from (part for part in list(live.parts.values()) if part.task is not None)

    def show(self, live: LiveRun) -> LiveRun:
        """The run that is followed from now on: this one, unless somebody else set it going meanwhile."""
        return self._driven.setdefault(live.run.id, self.elsewhere.followed(live.run.id) or live)

    async def settle(self, live: LiveRun) -> bool:
        """Nothing of it is driven here any more; gives whether it has ended everywhere."""
        if self.elsewhere.concerned(live):
            await self.elsewhere.refresh(live)
        if live.driven:
            return False
        self._driven.pop(live.run.id, None)
        return live.snapshot.ended

    def find(self, run_id: str) -> LiveRun:
        """The run as it is now in every process, or as it was kept; raises NotFound."""
        live = self._driven.get(run_id)
        if live is None:
            return self._kept(run_id)
        if self.elsewhere.concerned(live):
            self.elsewhere.refresh_now(live)
        return live

    def of(self, trajectory: Trajectory) -> LiveRun:
        """The run of a kept trajectory; raises NotFound for an imported one, which has no run."""
        if trajectory.run is None:
            raise NotFound(f"trajectory {trajectory.id} was imported and belongs to no run here")
        return self.find(trajectory.run)

    async def follow(self, run_id: str, every_s: float = COALESCE_S) -> AsyncIterator[RunSnapshot]:
        """Snapshots of the run: one at once, one after each change (at most each `every_s`), the last when it ended."""
        live = self._driven.get(run_id) or self.elsewhere.followed(run_id) or self._kept(run_id)
        with self.elsewhere.following(live):
            while True:
                version, snapshot = live.version, live.snapshot
                yield snapshot
                if snapshot.ended or self._dismissed:
                    return
                await live.changed(version)
                await asyncio.sleep(every_s)

    def reread(self, live: LiveRun, part: LiveTrajectory) -> bool:
        """Take in what is kept of a trajectory that nothing drives; gives whether it has not ended."""
        part.trajectory = self._store.trajectory(part.trajectory.id) or part.trajectory
        if part.trajectory.stop_reason is None:
            return True
        part.state = State.FINISHED
        live.ring()
        return False

    def dismiss(self) -> None:
        """End every stream of snapshots, because the server is about to stop. Runs go on."""
        self._dismissed = True
        for live in [*self._driven.values(), *self.elsewhere.lives]:
            live.ring()

    async def let_go(self, each: Callable[[LiveTrajectory], None]) -> tuple[LiveTrajectory, ...]:
        """Cancel every task that drives a trajectory, after `each` was done with it, and wait for their ends.

        Their runs are not at hand any more, unless something of them was begun meanwhile.
        """
        parts = tuple(self.driven())
        tasks = [part.task for part in parts if part.task is not None]
        for part in parts:
            each(part)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for part in parts:
            part.task = None
        self._driven = {id: live for id, live in self._driven.items() if live.driven}
        return parts

    def _kept(self, run_id: str) -> LiveRun:
        run = self._store.run(run_id)
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        return LiveRun(run, self.elsewhere.kept(run_id))
