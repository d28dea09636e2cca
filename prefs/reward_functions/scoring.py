"""R(τ) from plain measures: within a group, within reference ranges, or against a baseline.

The same numbers as `prefs.reward`, without any of Podium's types.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import Any, Final, NamedTuple

WEIGHTS: Final = ("accuracy", "cost", "latency")
"""What P weighs beside the aliases."""


class Measures(NamedTuple):
    """M(τ) as positive magnitudes; `None` is unknown."""

    outcome: int | None
    cost_usd: Fraction | None
    latency_s: Fraction
    uses: Mapping[str, int]


class Span(NamedTuple):
    """Least and greatest value of one element."""

    low: Fraction
    high: Fraction

    def placed(self, x: Fraction) -> float:
        """From 0 at `low` to 1 at `high`, clamped; 0 where they are equal."""
        return 0.0 if self.low == self.high else float((self._within(x) - self.low) / (self.high - self.low))

    def spared(self, x: Fraction) -> float:
        """From 1 at `low` to 0 at `high`, clamped; 0 where they are equal."""
        return 0.0 if self.low == self.high else float((self.high - self._within(x)) / (self.high - self.low))

    def _within(self, x: Fraction) -> Fraction:
        return min(max(x, self.low), self.high)


class Spans(NamedTuple):
    """What a rollout is scaled by."""

    some_wrong: bool
    """Whether the outcome tells rollouts apart: one of them is known to be wrong."""
    cost_usd: Span | None
    """`None` where any price is unknown, which leaves cost out."""
    latency_s: Span
    uses: Mapping[str, Span]


def weights(preference: Mapping[str, Any]) -> dict[str, float]:
    """P by name, from {"accuracy", "cost", "latency", "tools": {alias: weight}}; raises ValueError."""
    found = {name: preference.get(name) for name in WEIGHTS}
    found |= {alias: weight for alias, weight in (preference.get("tools") or {}).items() if weight is not None}
    return {name: _weight(name, weight) for name, weight in found.items()}


def _weight(name: str, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= float(weight) <= 1:
        raise ValueError(f"the weight of {name} must be a number from 0 to 1, not {weight!r}")
    return float(weight)


def group_scores(group: Sequence[Measures | None], preference: Mapping[str, float]) -> list[float | None]:
    """R(τ) of the rollouts of one query; `None` where ungraded.

    A member that is `None` made no valid call: it is wrong, and nothing else of it enters the scales.
    """
    known = [found for found in group if found is not None]
    if not known:
        return [0.0] * len(group)
    costs = [found.cost_usd for found in known if found.cost_usd is not None]
    spans = Spans(
        any(found is None or found.outcome == 0 for found in group),
        span(costs) if len(costs) == len(known) else None,
        span(found.latency_s for found in known),
        {alias: span(Fraction(f.uses.get(alias, 0)) for f in known) for alias in preference if alias not in WEIGHTS},
    )
    return [_score(found, spans, preference) for found in group]


def span(column: Iterable[Fraction]) -> Span:
    """Least and greatest of a column that has at least one value."""
    values = list(column)
    return Span(min(values), max(values))


def _score(found: Measures | None, spans: Spans, preference: Mapping[str, float]) -> float | None:
    if found is None:
        return 0.0
    if found.outcome is None:
        return None
    return scaled_reward(found, spans, preference) if found.outcome else 0.0


def scaled_reward(found: Measures, spans: Spans, preference: Mapping[str, float]) -> float:
    """R(τ) if correct, scaled by these spans."""
    scaled = {
        "accuracy": float(spans.some_wrong),
        "cost": spans.cost_usd.spared(found.cost_usd) if spans.cost_usd and found.cost_usd is not None else 0.0,
        "latency": spans.latency_s.spared(found.latency_s),
    }
    scaled |= {alias: spans.uses[alias].placed(Fraction(found.uses.get(alias, 0))) for alias in spans.uses}
    return math.fsum(weight * scaled.get(name, 0.0) for name, weight in preference.items())


def ratio_reward(found: Measures, base: Measures, preference: Mapping[str, float]) -> float:
    """The evaluation form, if correct: ratios to a baseline run. Unknown dollars leave cost out."""
    scaled = {"accuracy": 1.0, "cost": 0.0, "latency": float(base.latency_s / max(Fraction(1), found.latency_s))}
    if found.cost_usd is not None and base.cost_usd is not None:
        scaled["cost"] = float(base.cost_usd / max(Fraction(1), found.cost_usd))
    aliases = [name for name in preference if name not in WEIGHTS]
    scaled |= {alias: found.uses.get(alias, 0) / max(1, base.uses.get(alias, 0)) for alias in aliases}
    return math.fsum(weight * scaled[name] for name, weight in preference.items())
