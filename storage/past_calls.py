"""What calls of an alias cost before, and what came behind them: the ground of an estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from storage.column_text import folded, searchable
from storage.pages import Read
from storage.search_tables import NANO, ROUTED_CALL
from storage.tables import TRAJECTORY

MOST: Final = 2_000
"""Calls that are looked at; where there are more, a sample of them, for ids are random."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call, and the course of its trajectory behind it. Dollars are `None` where a price is unknown."""

    policy: str
    cost_usd: Decimal | None
    latency_s: float
    rest_cost_usd: Decimal | None
    rest_latency_s: float


def past_calls(read: Read, alias: str, pool: str, *, simulated: bool, policy: str | None = None) -> Sequence[PastCall]:
    """Calls of the alias under this pool that led to an end, stand-ins' or real ones; those of one policy, if named."""
    call = ROUTED_CALL.c
    wanted = (
        select(TRAJECTORY.c.policy, call.cost_nano, call.latency_s, call.rest_cost_nano, call.rest_latency_s)
        .join_from(ROUTED_CALL, TRAJECTORY, call.trajectory_id == TRAJECTORY.c.id)
        .where(call.alias == folded(alias), TRAJECTORY.c.pool == searchable(pool), call.simulated.is_(simulated))
        .where(~call.shared, ~call.failed, call.answered, call.latency_bucket.is_not(None))
    )
    if policy is not None:
        wanted = wanted.where(TRAJECTORY.c.policy == searchable(policy))
    return [_past_call(row) for row in read(wanted.order_by(call.trajectory_id).limit(MOST))]


def _past_call(row: tuple[Any, ...]) -> PastCall:
    policy, cost, latency_s, rest_cost, rest_latency_s = row
    return PastCall(policy, _usd(cost), latency_s, _usd(rest_cost), rest_latency_s)


def _usd(nano: int | None) -> Decimal | None:
    return None if nano is None else Decimal(nano) / NANO
