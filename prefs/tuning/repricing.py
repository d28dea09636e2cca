"""The stored alternatives under other prices: dollars of every call anew from its tokens or seconds.

Pure: whoever calls says what a call would have been quoted. Unknown usage stays unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orchestrator.model_call import ChargeStatus, ModelCall
from orchestrator.pool import Price
from orchestrator.prices import PriceBook, Quote, charge
from prefs.tuning.stored import Routed, Stored

QuoteOf = Callable[[ModelCall], Quote | None]
"""What a call would be charged by; `None` where the new prices say nothing of it: it keeps its charge."""


@dataclass(frozen=True, slots=True)
class Repriced:
    """The same alternatives with other dollars, and how that went, in calls."""

    alternatives: tuple[Stored, ...]
    """In the order given."""
    anew: int
    """Priced by the new prices."""
    kept: int
    """The new prices say nothing of them, or there was nothing to pay for."""
    unknown: int
    """Of which nobody can tell what they would have cost."""


def of_aliases(prices: Mapping[str, Price]) -> QuoteOf:
    """Prices by alias; other calls keep their charge."""

    def quoted(call: ModelCall) -> Quote | None:
        found = prices.get(call.alias or "")
        return None if found is None else Quote(found)

    return quoted


def of_book(book: PriceBook) -> QuoteOf:
    """A price book, by the model's name as of the day of the call; models that it does not name keep their charge."""

    def quoted(call: ModelCall) -> Quote | None:
        found = None if call.model is None else book.price(call.model, call.started_at)
        return None if found is None else Quote(found)

    return quoted


def multiplied(routed: Iterable[Routed], factors: Mapping[str, Decimal]) -> tuple[Stored, ...]:
    """Every alternative with the known dollars of some aliases times a factor each; what is unknown stays unknown.

    Raises ValueError for a factor that is negative or no finite number.
    """
    for alias, factor in factors.items():
        if not factor.is_finite() or factor < 0:
            raise ValueError(f"the price of {alias} can be multiplied by zero or more, not by {factor}")
    return tuple(_times(one, factors) for one in routed)


def _times(one: Routed, factors: Mapping[str, Decimal]) -> Stored:
    more = sum((usd * (factors[alias] - 1) for alias, usd in one.spent.items() if alias in factors), Decimal(0))
    known = max(one.stored.known_usd + more, Decimal(0))
    cost = None if one.stored.unpriced_calls else known
    return replace(one.stored, features=replace(one.stored.features, cost_usd=cost), known_usd=known)


def repriced(alternatives: Iterable[Stored], calls: Mapping[str, Sequence[ModelCall]], quote_of: QuoteOf) -> Repriced:
    """Every alternative with the dollars of its calls anew; `calls` by the id of the alternative.

    Raises ValueError where the calls of an alternative are missing.
    """
    listed = tuple(alternatives)
    counts = {"anew": 0, "kept": 0, "unknown": 0}
    changed = []
    for one in listed:
        if one.id not in calls:
            raise ValueError(f"the calls of trajectory {one.id} are missing, so it cannot be priced anew")
        amounts = []
        for call in calls[one.id]:
            usd, how = recharged(call, quote_of)
            counts["unknown" if usd is None else how] += 1
            amounts.append(usd)
        changed.append(_with_dollars(one, amounts))
    return Repriced(tuple(changed), **counts)


def recharged(call: ModelCall, quote_of: QuoteOf) -> tuple[Decimal | None, str]:
    """The dollars of a call under the new prices, `None` where unknown, and whether they are `anew` or `kept`."""
    found = quote_of(call)
    if found is None or _nothing_used(call):
        return call.charge.usd, "kept"
    by_hour = found.price is not None and found.price.usd_per_gpu_hour is not None
    if not by_hour and any(attempt.usd is None or attempt.usd for attempt in call.attempts):
        return None, "anew"  # what a failed attempt used up is not kept, only what it cost
    again = charge(
        call.usage,
        found.price,
        at=call.started_at,
        latency_s=max(call.latency_s - (call.queued_s or 0.0), 0.0),
        in_flight=call.in_flight,
        estimated=call.charge.status is ChargeStatus.ESTIMATED,
    )
    return again.usd, "anew"


def _nothing_used(call: ModelCall) -> bool:
    """Work of this machine, and calls that were refused: they use no tokens and cost nothing under any prices."""
    return call.usage is None and call.charge.status is ChargeStatus.FREE


def _with_dollars(one: Stored, amounts: Sequence[Decimal | None]) -> Stored:
    known = sum((usd for usd in amounts if usd is not None), Decimal(0))
    unknown = sum(usd is None for usd in amounts)
    cost = None if unknown else known
    return replace(one, features=replace(one.features, cost_usd=cost), known_usd=known, unpriced_calls=unknown)
