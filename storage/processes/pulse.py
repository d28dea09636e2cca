"""How far runs have come, in one short read, for those who follow what another process drives."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from storage.process_tables import PROCESS
from storage.processes.process import Ending
from storage.tables import STEP, TRAJECTORY
from storage.trajectories import State


@dataclass(frozen=True, slots=True)
class Pulse:
    """A trajectory as far as it is kept."""

    trajectory: str
    run: str
    state: State
    steps: int
    """How many are kept."""
    owner: str | None
    """Id of the process that drives it, or did so last."""
    name: str | None
    """Of that process, such as `web-1:4711`; `None` where it is forgotten."""
    ending: Ending | None
    """How that process ended."""


def pulses(connection: Connection, runs: Collection[str]) -> tuple[Pulse, ...]:
    """Of every trajectory of these runs, oldest first."""
    kept = select(func.coalesce(func.max(STEP.c.index) + 1, 0)).where(STEP.c.trajectory_id == TRAJECTORY.c.id)
    columns = (TRAJECTORY.c.id, TRAJECTORY.c.run_id, TRAJECTORY.c.state, kept.scalar_subquery(), TRAJECTORY.c.owner)
    found = (
        select(*columns, PROCESS.c.host, PROCESS.c.pid, PROCESS.c.ending)
        .join(PROCESS, PROCESS.c.id == TRAJECTORY.c.owner, isouter=True)
        .where(TRAJECTORY.c.run_id.in_(runs))
        .order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)
    )
    return tuple(
        Pulse(
            id,
            run,
            State(state),
            steps,
            owner,
            None if host is None else f"{host}:{pid}",
            None if ending is None else Ending(ending),
        )
        for id, run, state, steps, owner, host, pid, ending in connection.execute(found)
    )
