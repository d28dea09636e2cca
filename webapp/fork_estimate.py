"""What calling another alias at a step would cost, before it is spent: from kept calls, else from its price."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from orchestrator.model_call import Usage
from orchestrator.pool import PoolEntry
from orchestrator.prices import charge
from orchestrator.trajectory import Trajectory
from storage.past_calls import PastCall, past_calls

T = TypeVar("T", Decimal, float)
FEWEST: Final = 5
"""Calls under the same policy that are enough to leave those under others aside."""
TYPICAL: Final = Usage(1_000, 300)
"""Tokens of a call nothing is known of."""
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


class Ground(StrEnum):
    """What an estimate rests on."""

    SAME_POLICY = "same policy"
    ANY_POLICY = "any policy"
    PRICE = "price"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Likely:
    """Median and the range that 90 % fall into; `None` where nothing is known. Of a price there is only the median."""

    median: Decimal | float | None = None
    low: Decimal | float | None = None
    high: Decimal | float | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Dollars and seconds."""

    usd: Likely = Likely()
    seconds: Likely = Likely()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a fork is likely to cost; what it takes over from its origin costs nothing again."""

    alias: str
    call: Amounts
    rest: Amounts
    """The course behind the call, orchestrator included."""
    total: Amounts
    ground: Ground
    calls: int
    """How many calls it rests on."""
    unpriced: int
    """Of them without known dollars, which are in none of the amounts."""
    simulated: bool
    reused_steps: int
    reused_usd: Decimal
    """Paid when they ran, and not again."""
    reused_unpriced: int


def estimate(read: Callable[[Any], list[Any]], origin: Trajectory, step: int, entry: PoolEntry) -> Estimate:
    """For calling this entry instead of what was called at `step`; raises ValueError where there is no such step."""
    if not 0 <= step < len(origin.steps):
        raise ValueError(f"trajectory {origin.id} has steps 0 to {len(origin.steps) - 1}; it has no step {step}")
    known = past_calls(read, entry.alias, origin.pool, simulated=entry.simulated, policy=origin.policy)
    ground = Ground.SAME_POLICY
    if len(known) < FEWEST:
        everyone = past_calls(read, entry.alias, origin.pool, simulated=entry.simulated)
        ground, known = (Ground.ANY_POLICY, everyone) if len(everyone) > len(known) else (ground, known)
    if known:
        amounts = _of_calls(known)
    else:
        amounts, ground = _of_price(entry)
    shared = origin.steps[:step]
    return Estimate(
        entry.alias,
        *amounts,
        ground,
        len(known),
        sum(call.cost_usd is None or call.rest_cost_usd is None for call in known),
        entry.simulated,
        step,
        sum((one.cost_usd for one in shared), Decimal(0)),
        sum(one.unpriced_calls for one in shared),
    )


def likely(values: Iterable[T]) -> Likely:
    """Median and 90 % range by nearest rank."""
    found = sorted(values)
    if not found:
        return Likely()
    middle, low, high = (found[max(math.ceil(share * len(found)) - 1, 0)] for share in (MIDDLE, LOW, HIGH))
    return Likely(middle, low, high)


def _of_calls(calls: Sequence[PastCall]) -> tuple[Amounts, Amounts, Amounts]:
    priced = [(one.cost_usd, one.rest_cost_usd) for one in calls]
    whole = [(own, rest) for own, rest in priced if own is not None and rest is not None]
    return (
        Amounts(likely(own for own, _ in priced if own is not None), likely(one.latency_s for one in calls)),
        Amounts(likely(rest for _, rest in priced if rest is not None), likely(one.rest_latency_s for one in calls)),
        Amounts(likely(own + rest for own, rest in whole), likely(one.latency_s + one.rest_latency_s for one in calls)),
    )


def _of_price(entry: PoolEntry) -> tuple[tuple[Amounts, Amounts, Amounts], Ground]:
    """The call alone, by its price and its usual seconds; of the course behind it nothing is known."""
    if entry.price is None:
        own = Amounts(Likely(), Likely(entry.latency_s))
        return (own, Amounts(), Amounts()), Ground.NOTHING
    usd = charge(TYPICAL, entry.price, at=datetime.now(UTC), latency_s=entry.latency_s, in_flight=1).usd
    own = Amounts(Likely(usd), Likely(entry.latency_s))
    return (own, Amounts(), Amounts()), Ground.NOTHING if usd is None else Ground.PRICE
