"""Tables to search by: one narrow row for each trajectory, and one for each routed call.

All in them follows from the records (`storage.search_rows`), so that no page has to open these to find or to sum up.
"""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import BigInteger, Table, Text
from sqlmodel import Field, ForeignKey, Index

from storage.tables import TIME, Row

NANO: Final = 1_000_000_000
"""Parts of a dollar that the columns for ranges and order count."""
FIGURES: Final = (
    "started_minute",
    "policy",
    "cost_bucket",
    "latency_bucket",
    "steps",
    "failed_steps",
    "unpriced_calls",
    "simulated",
)
"""Columns that are summed up; an index holds them together, so that no row has to be read for them."""


class ListingRow(Row, table=True):
    """What a trajectory is found by. Totals are null until it has ended, dollars also where a call is unpriced."""

    __tablename__ = "listing"
    __table_args__: ClassVar = (
        Index(None, "started_at", "trajectory_id"),
        Index(None, "cost_nano", "trajectory_id"),
        Index(None, "latency_s", "trajectory_id"),
        Index(None, "steps", "trajectory_id"),
        Index("ix_listing_figures", *FIGURES),
    )

    trajectory_id: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("trajectory.id"),))
    run_id: str | None = Field(index=True, sa_type=Text)
    started_at: datetime = Field(sa_type=TIME)
    started_minute: int = Field(sa_type=BigInteger)
    """Whole minutes since 1970: days and hours of any time zone are groups of them."""
    cost_nano: int | None = Field(default=None, sa_type=BigInteger)
    """Known dollars, rounded to billionths."""
    latency_s: float | None = None
    steps: int | None = None
    failed_steps: int | None = None
    unpriced_calls: int | None = None
    simulated: bool | None = None
    ranked: bool = False
    """Whether somebody has ranked a ballot that shows it."""
    verdict: str = Field(sa_type=Text)
    stop_reason: str | None = Field(default=None, sa_type=Text)
    policy: str = Field(sa_type=Text)
    accuracy: float
    """Weight of P, as are the next three."""
    cost: float
    latency: float
    favoured: str = Field(sa_type=Text)
    """The aliases that P favours, such as `answer-4=1 search-3=0.5`; empty for none."""
    cost_bucket: int | None = None
    """Place on a scale on which each stretch is 0.2 % longer than the one before, as are those of calls."""
    latency_bucket: int | None = None
    forked_from: str | None = Field(default=None, index=True, sa_type=Text)
    words: str = Field(sa_type=Text)
    """Query and answer without regard to case, a line feed between them."""


class RoutedCallRow(Row, table=True):
    """A step's call of an alias, of a trajectory that has ended. The orchestrator's own work is not in it."""

    __tablename__ = "routed_call"
    __table_args__: ClassVar = (
        Index(None, "alias", "trajectory_id"),
        Index("ix_routed_call_cost", "alias", "shared", "cost_bucket"),
        Index("ix_routed_call_latency", "alias", "shared", "latency_bucket", "failed", "simulated"),
    )

    trajectory_id: str = Field(primary_key=True, sa_type=Text, sa_column_args=(ForeignKey("trajectory.id"),))
    index: int = Field(primary_key=True)
    alias: str = Field(sa_type=Text)
    cost_nano: int | None = Field(default=None, sa_type=BigInteger)
    latency_s: float
    rest_cost_nano: int | None = Field(default=None, sa_type=BigInteger)
    """Of all that came behind it in the trajectory, orchestrator included; null where a price is unknown."""
    rest_latency_s: float
    shared: bool
    """Taken over from the trajectory that this one was forked from, and paid for there."""
    failed: bool
    simulated: bool
    answered: bool
    """Whether the trajectory went on to an answer."""
    cost_bucket: int | None = None
    latency_bucket: int | None = None


LISTING: Table = Row.metadata.tables["listing"]
ROUTED_CALL: Table = Row.metadata.tables["routed_call"]
