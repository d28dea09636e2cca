"""The process that drives a trajectory. Steps and ends by anybody else are refused, also of one who comes back late.

What a store writes, it writes as the process that it came as; the connection knows it, so that the claim is made in the
transaction in which a trajectory begins or is opened again.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Text, bindparam, or_, select

from storage.errors import StoreConflict
from storage.process_tables import PROCESS
from storage.tables import TRAJECTORY

_OPTION: Final = "podium_owner"
OWN: Final[ColumnElement[bool]] = or_(
    TRAJECTORY.c.owner.is_(None), TRAJECTORY.c.owner == bindparam("writer", type_=Text())
)
"""Whether the trajectory belongs to the process `writer`, or to none."""


class StoreFenced(StoreConflict):
    """Another process has taken the trajectory over, or this one was declared dead."""


@dataclass(slots=True)
class Owner:
    """The process that a store writes as."""

    id: str | None = None
    """`None` before it came: such a store claims nothing."""


def owned(engine: Engine, owner: Owner) -> Engine:
    """The same engine for what this owner does."""
    return engine.execution_options(**{_OPTION: owner})


def writer_of(connection: Connection) -> str | None:
    """The process that writes."""
    found = connection.get_execution_options().get(_OPTION)
    return found.id if isinstance(found, Owner) else None


def refuse(trajectory_id: str) -> StoreFenced:
    """What a process is told that does not own a trajectory any more."""
    return StoreFenced(
        f"trajectory {trajectory_id} is not this process's any more: it was silent for too long, and others may go on "
        "with it; nothing of this was kept"
    )


def belongs(connection: Connection, trajectory_id: str, writer: str | None) -> bool:
    """Whether this process, or none, drives a trajectory."""
    own = select(TRAJECTORY.c.id).where(TRAJECTORY.c.id == trajectory_id, OWN)
    return connection.execute(own, {"writer": writer}).scalar() is not None


def check_counted(connection: Connection) -> None:
    """Raises StoreFenced where the writer was declared dead, and others may be at its trajectories.

    On SQLite all processes are on one machine, where a frozen one is not taken for dead.
    """
    writer = writer_of(connection)
    if writer is None or connection.dialect.name == "sqlite":
        return
    ending = select(PROCESS.c.ending).where(PROCESS.c.id == writer)
    if connection.execute(ending).scalar() is not None:
        raise StoreFenced(
            "this process was silent for so long that the others took it for dead; it comes back within seconds: try "
            "again then"
        )
