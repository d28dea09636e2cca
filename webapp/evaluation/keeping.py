"""Keeps the trajectories of an evaluation in the database, where they can be looked at, compared and ranked."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from orchestrator.alternatives import new_id
from orchestrator.trajectory import Trajectory
from storage.spending import ledger
from storage.spending.rules import LOCAL, Payer
from storage.store import Store
from webapp.asking import MOST_ALTERNATIVES
from webapp.evaluation.plan import Job


@dataclass(slots=True)
class Keeping:
    """Trajectories of one task become the alternatives of one run, or of several where they are too many for one."""

    store: Store
    payer: Payer = LOCAL
    kept: int = 0
    _runs: dict[str, tuple[str, int]] = field(init=False, default_factory=dict)
    """Task to its newest run and how many trajectories that one has."""

    async def begin(self, trajectory: Trajectory) -> Trajectory:
        """Reserve what one may spend, and give it with its budget where spending limits apply.

        Raises Overspent, RunsStopped or another StoreError.
        """
        now = trajectory.started_at
        found = await self.store.write(lambda connection: ledger.reserve(connection, [trajectory], self.payer, now))
        return found[0]

    async def broken_off(self, trajectory: Trajectory) -> None:
        """Settle one that is not kept with what it has spent until now."""
        await self.store.write(lambda connection: ledger.settle(connection, trajectory, datetime.now(UTC)))

    async def __call__(self, job: Job, trajectory: Trajectory) -> None:
        """Keep one and settle what it spent; raises StoreError."""
        run, count = self._runs.get(job.task, ("", MOST_ALTERNATIVES))
        if count >= MOST_ALTERNATIVES:
            run, count = new_id(), 0
        self._runs[job.task] = (run, count + 1)
        ended, now = replace(trajectory, run=run), datetime.now(UTC)
        await self.store.write(lambda connection: ledger.add(connection, ended, now))
        self.kept += 1
