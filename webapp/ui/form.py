"""The controls of the run tab, read with distrust into something that can be asked."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Limits
from webapp.asking import DEFAULT_LIMITS, Asking, varied
from webapp.views import words

MOST_DIGITS = 12
"""Of a whole number that is typed; a longer one would keep the server busy."""


def preference(accuracy: Any, cost: Any, latency: Any, favoured: Any) -> PreferenceVector:
    """The person's own preference vector; raises ValueError."""
    weights = favoured.get("weights") if isinstance(favoured, Mapping) else None
    tools = {str(alias): weight for alias, weight in (weights or {}).items() if weight}
    return PreferenceVector(accuracy, cost, latency, tools)


def preferences(mine: PreferenceVector, count: Any, vary: Any, local: Sequence[str]) -> tuple[PreferenceVector, ...]:
    """One preference vector for each alternative; raises ValueError."""
    wanted = whole(count, words.ALTERNATIVES) or 1
    if vary == words.VARY_SEEDS:
        return (mine,) * wanted
    return varied(mine, wanted, local)


def limits(turns: Any, usd: Any, seconds: Any) -> Limits:
    """The limits; an empty box is no limit, and the default for turns. Raises ValueError."""
    dollars = decimal(usd, words.LIMIT_USD)
    time = decimal(seconds, words.LIMIT_SECONDS)
    most_turns = whole(turns, words.LIMIT_TURNS)
    return Limits(
        turns=DEFAULT_LIMITS.turns if most_turns is None else most_turns,
        usd=dollars,
        seconds=None if time is None else float(time),
    )


def asking(
    query: Any, wanted: tuple[PreferenceVector, ...], stops: Limits, *, seed: Any, reference: Any, one_by_one: Any
) -> Asking:
    """What to run; raises ValueError with a message for the person."""
    return Asking(
        query=str(query or ""),
        preferences=wanted,
        seed=whole(seed, words.SEED) or 0,
        reference=str(reference).strip() or None if reference else None,
        limits=stops,
        one_after_another=bool(one_by_one),
    )


def whole(value: Any, name: str) -> int | None:
    """A whole number, or `None` for an empty box; raises ValueError."""
    number = decimal(value, name)
    if number is None:
        return None
    if abs(number.adjusted()) > MOST_DIGITS or number != number.to_integral_value():
        raise ValueError(words.NOT_A_WHOLE_NUMBER.format(name=name, value=str(value)[:40]))
    return int(number)


def decimal(value: Any, name: str) -> Decimal | None:
    """A finite number, or `None` for an empty box; raises ValueError."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(words.NOT_A_NUMBER.format(name=name, value=str(value)[:40]))
    return number
