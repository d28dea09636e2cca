"""Who asked for which run, so that it can be told and deleted with the rest of what is kept of a person."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.privacy_tables import ASKER
from storage.tables import TRAJECTORY
from storage.trajectories import State

_KEEP: Final = {
    "sqlite": sqlite.insert(ASKER).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(ASKER).on_conflict_do_nothing(),
}


def keep(connection: Connection, run_id: str, name: str) -> None:
    """Remember that this person had something run in that run."""
    connection.execute(_KEEP[connection.dialect.name], {"run_id": run_id, "name": name})


def runs_of(connection: Connection, name: str) -> tuple[str, ...]:
    """The runs in which this person, and nobody else, had something run."""
    theirs = select(ASKER.c.run_id).where(ASKER.c.name == name)
    others = set(connection.scalars(select(ASKER.c.run_id).where(ASKER.c.run_id.in_(theirs), ASKER.c.name != name)))
    return tuple(sorted(set(connection.scalars(theirs)) - others))


def rename(connection: Connection, name: str, pseudonym: str) -> None:
    """Call this person something else."""
    connection.execute(update(ASKER).where(ASKER.c.name == name).values(name=pseudonym))


def forget_runs(connection: Connection, run_ids: Iterable[str]) -> None:
    """These runs are deleted."""
    connection.execute(delete(ASKER).where(ASKER.c.run_id.in_(sorted(run_ids))))


def going(connection: Connection, name: str) -> tuple[str, ...]:
    """Those of the runs that only this person asked for in which something runs now."""
    running = select(TRAJECTORY.c.run_id).where(TRAJECTORY.c.state == State.RUNNING.value)
    now = set(connection.scalars(running))
    return tuple(run for run in runs_of(connection, name) if run in now)
