"""Stored alternatives, built by plain functions, drawn by hypothesis, and a plain reading of R(τ) to hold against."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.features import Features, weights
from prefs.tuning.packed import Rule, Ungraded
from prefs.tuning.stored import Stored

ALIASES = ("answer-1", "answer-2", "search-1")


def alternative(
    id: str,
    query: str = "q",
    usd: str | None = "0.01",
    seconds: float = 1.0,
    outcome: int | None = 1,
    uses: Mapping[str, int] | None = None,
    **changes: Any,
) -> Stored:
    """One stored alternative; `usd=None` has one unpriced call beside $0.001."""
    cost = None if usd is None else Decimal(usd)
    measured = Features(outcome, cost, seconds, uses or {"answer-1": 1})
    return Stored(id, query, measured, Decimal("0.001") if cost is None else cost, int(cost is None), **changes)


WEIGHTS = st.integers(0, 1_000_000).map(lambda units: units / 1_000_000)
COARSE = st.integers(0, 4).map(lambda quarter: quarter / 4)
"""Weights that often make ties."""
DOLLARS = st.integers(0, 12).map(lambda cents: f"0.0{cents:02}") | st.decimals(0, 1000, places=9).map(str)
SECONDS = st.integers(0, 8).map(float) | st.floats(0, 1e4)


def preferences(each: st.SearchStrategy[float] = WEIGHTS | COARSE) -> st.SearchStrategy[PreferenceVector]:
    """P with or without aliases."""
    return st.builds(PreferenceVector, each, each, each, st.dictionaries(st.sampled_from(ALIASES), each, max_size=2))


@st.composite
def several(
    draw: st.DrawFn, outcomes: Sequence[int | None] = (1, 1, 0, None), *, unpriced: bool = True, queries: int = 4
) -> list[Stored]:
    """Alternatives of a few queries."""
    found = []
    for query in range(draw(st.integers(1, queries))):
        for number in range(draw(st.integers(1, 5))):
            usd = draw(DOLLARS)
            found.append(
                alternative(
                    f"{query}-{number}",
                    f"query {query}",
                    None if unpriced and draw(st.integers(0, 9)) == 0 else usd,
                    draw(SECONDS),
                    draw(st.sampled_from(outcomes)),
                    draw(st.dictionaries(st.sampled_from(ALIASES), st.integers(1, 3), min_size=1, max_size=3)),
                    simulated=draw(st.booleans()),
                )
            )
    return found


RULES = st.builds(Rule, st.booleans(), st.sampled_from(Ungraded))


def worths(shown: Sequence[Stored], p: PreferenceVector, rule: Rule) -> list[Fraction | None]:
    """What each alternative of one query is worth, by the formula and exactly; `None` where it does not compete."""
    columns: dict[str, list[Fraction | None]] = {
        "cost": [None if one.features.cost_usd is None else -Fraction(one.features.cost_usd) for one in shown],
        "latency": [-Fraction(one.features.latency_s) for one in shown],
        **{alias: [Fraction(one.features.uses.get(alias, 0)) for one in shown] for alias in ALIASES},
    }
    some_wrong = any(one.features.outcome == 0 for one in shown)
    found: list[Fraction | None] = []
    for place, one in enumerate(shown):
        outcome = one.features.outcome
        scaled = {name: _scaled(column, place) for name, column in columns.items()}
        scaled["accuracy"] = Fraction(some_wrong and outcome != 0)
        worth = sum(
            (Fraction(weight) * scaled.get(name, Fraction(0)) for name, weight in weights(p).items()), Fraction(0)
        )
        if outcome is None and rule.ungraded is Ungraded.LEFT_OUT:
            found.append(None)
        else:
            found.append(Fraction(0) if outcome == 0 and rule.gated else worth)
    return found


def _scaled(column: Sequence[Fraction | None], place: int) -> Fraction:
    known = [value for value in column if value is not None]
    value = column[place]
    if value is None or len(known) < len(column) or max(known) == min(known):
        return Fraction(0)
    return (value - min(known)) / (max(known) - min(known))
