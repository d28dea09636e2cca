"""Finished trajectories of one query under one policy, to compare another route of the same query with."""

from sqlalchemy import Connection, select

from orchestrator.trajectory import StopReason, Trajectory
from storage.column_text import searchable
from storage.reader import Reader
from storage.tables import TRAJECTORY
from storage.trajectories import FINAL, find


def newest_answered(store: Reader, query: str, policy: str, pool: str) -> Trajectory | None:
    """The newest trajectory that answered this query under this policy with this pool; raises StoreError."""
    wanted = (
        select(TRAJECTORY.c.id)
        .where(
            TRAJECTORY.c.query == searchable(query),
            TRAJECTORY.c.policy == searchable(policy),
            TRAJECTORY.c.pool == searchable(pool),
            TRAJECTORY.c.state.in_([state.value for state in FINAL]),
            TRAJECTORY.c.stop_reason == StopReason.ANSWERED.value,
        )
        .order_by(TRAJECTORY.c.started_at.desc(), TRAJECTORY.c.id.desc())
        .limit(1)
    )

    def read(connection: Connection) -> Trajectory | None:
        found = connection.execute(wanted).scalar()
        return None if found is None else find(connection, found)

    return store.read(read)
