"""Tables of the processes that run trajectories. The owner of a trajectory is a column of the trajectory itself."""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import BigInteger, Table, Text
from sqlmodel import Field, Index

from storage.tables import TIME, Row


class ProcessRow(Row, table=True):
    """A process that runs trajectories, or did."""

    __tablename__ = "process"
    __table_args__: ClassVar = (Index(None, "ended_at"),)

    id: str = Field(primary_key=True, sa_type=Text)
    host: str = Field(sa_type=Text)
    pid: int = Field(sa_type=BigInteger)
    machine: str | None = Field(default=None, sa_type=Text)
    """Where its number means something: a start of the system and a space of process numbers; null where unknown."""
    born: int | None = Field(default=None, sa_type=BigInteger)
    """When the system started it, in the system's own ticks: numbers are given again, with another moment."""
    address: str | None = Field(default=None, sa_type=Text)
    """Where it serves; null for a command."""
    started_at: datetime = Field(sa_type=TIME)
    beats: int = Field(default=0, sa_type=BigInteger)
    heartbeat_at: datetime = Field(sa_type=TIME)
    """By the clock of the database."""
    ended_at: datetime | None = Field(default=None, sa_type=TIME)
    ending: str | None = Field(default=None, sa_type=Text)
    """`stopped` by itself, or `dead` where another found so; null while it lives."""


class CancelWishRow(Row, table=True):
    """A trajectory that somebody wants to be ended by the process that drives it."""

    __tablename__ = "cancel_wish"

    trajectory_id: str = Field(primary_key=True, sa_type=Text)
    asked_at: datetime = Field(sa_type=TIME)


PROCESS: Final[Table] = Row.metadata.tables["process"]
CANCEL_WISH: Final[Table] = Row.metadata.tables["cancel_wish"]
