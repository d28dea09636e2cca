"""The trajectories of a run, told without reading them."""

from typing import Final

from sqlalchemy import Connection, bindparam, select

from storage.tables import TRAJECTORY
from storage.trajectories import State

_OF_RUN: Final = (
    select(TRAJECTORY.c.id, TRAJECTORY.c.state)
    .where(TRAJECTORY.c.run_id == bindparam("run"))
    .order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)
)


def states_of(connection: Connection, run_id: str) -> dict[str, State]:
    """The states of a run's trajectories by id, oldest first."""
    return {id: State(state) for id, state in connection.execute(_OF_RUN, {"run": run_id})}
