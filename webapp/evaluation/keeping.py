"""Keeps the trajectories of an evaluation in the database, where they can be looked at, compared and ranked."""

from dataclasses import dataclass, field, replace

from orchestrator.alternatives import new_id
from orchestrator.trajectory import Trajectory
from storage.store import Store
from webapp.asking import MOST_ALTERNATIVES
from webapp.evaluation.plan import Job


@dataclass(slots=True)
class Keeping:
    """Trajectories of one task become the alternatives of one run, or of several where they are too many for one."""

    store: Store
    kept: int = 0
    _runs: dict[str, tuple[str, int]] = field(init=False, default_factory=dict)
    """Task to its newest run and how many trajectories that one has."""

    async def __call__(self, job: Job, trajectory: Trajectory) -> None:
        """Keep one; raises StoreError."""
        run, count = self._runs.get(job.task, ("", MOST_ALTERNATIVES))
        if count >= MOST_ALTERNATIVES:
            run, count = new_id(), 0
        self._runs[job.task] = (run, count + 1)
        await self.store.add(replace(trajectory, run=run))
        self.kept += 1
