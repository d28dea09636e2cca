"""Tables of what may be spent, of what is reserved and spent, and of the kill switch."""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import BigInteger, Table, Text
from sqlmodel import Field, Index

from storage.tables import TIME, Row

COUNTED: Final = ("settled", "counted_micro", "counted_rest", "unpriced_calls")
"""Columns that are added up; an index holds them together, so that no row has to be read for them."""


class SpendLimitRow(Row, table=True):
    """A limit that somebody has set."""

    __tablename__ = "spend_limit"

    scope: str = Field(primary_key=True, sa_type=Text)
    subject: str = Field(primary_key=True, sa_type=Text)
    period: str = Field(primary_key=True, sa_type=Text)
    usd: str = Field(sa_type=Text)
    """Exact decimal dollars."""
    set_at: datetime = Field(sa_type=TIME)
    set_by: str = Field(sa_type=Text)


class ReservationRow(Row, table=True):
    """What one course of a trajectory may spend, and once that is over, what it has spent."""

    __tablename__ = "reservation"
    __table_args__: ClassVar = (
        Index("ix_reservation_day", "day", "payer", *COUNTED),
        Index("ix_reservation_payer", "payer", *COUNTED),
        Index("ix_reservation_study", "study_id", "day", *COUNTED),
        Index("ix_reservation_settled", "settled", "reserved_at"),
    )

    trajectory_id: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(primary_key=True)
    """0, 1, … of the same trajectory: it reserves again where it goes on after it was settled."""
    payer: str = Field(sa_type=Text)
    study_id: str | None = Field(default=None, sa_type=Text)
    day: str = Field(sa_type=Text)
    """In UTC, when it was reserved."""
    reserved_at: datetime = Field(sa_type=TIME)
    reserved_usd: str = Field(sa_type=Text)
    """Exact decimal dollars, as all that follow."""
    stop_usd: str | None = Field(default=None, sa_type=Text)
    """The trajectory's own limit of dollars that keeps it within the reservation."""
    before_usd: str = Field(sa_type=Text)
    """Real dollars of the steps that it had when it reserved."""
    before_unpriced: int = 0
    settled: bool = False
    settled_at: datetime | None = Field(default=None, sa_type=TIME)
    spent_usd: str | None = Field(default=None, sa_type=Text)
    unpriced_calls: int = 0
    counted_micro: int = Field(sa_type=BigInteger)
    """Whole millionths of a dollar that count against limits: spent ones where it is settled, else reserved ones."""
    counted_rest: int = Field(sa_type=BigInteger)
    """The rest of these dollars, in millionths of a millionth. Both are summed up by the database without rounding."""


class KillSwitchRow(Row, table=True):
    """There is one row while it is on."""

    __tablename__ = "kill_switch"

    id: int = Field(primary_key=True)
    reason: str = Field(sa_type=Text)
    turned_on_at: datetime = Field(sa_type=TIME)
    turned_on_by: str = Field(sa_type=Text)


SPEND_LIMIT: Final[Table] = Row.metadata.tables["spend_limit"]
RESERVATION: Final[Table] = Row.metadata.tables["reservation"]
KILL_SWITCH: Final[Table] = Row.metadata.tables["kill_switch"]
