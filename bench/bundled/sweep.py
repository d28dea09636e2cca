"""What one weight of Balanced does when it is moved from 0 to 1: dollars for cost, seconds for latency."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from bench.bundled.episodes import Episodes
from bench.bundled.setting import ORACLE
from orchestrator.preference import PRESETS, PreferenceVector
from prefs.bootstrap import Interval

Weight = Literal["cost", "latency"]
POINTS: Final = (0.0, 0.5, 1.0)
BALANCED: Final = "Balanced"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Totals over the tasks at the points: dollars where cost is moved, seconds where latency is."""

    weight: Weight
    policy: str
    totals: tuple[Interval, ...]
    solved: tuple[Interval | None, ...]
    steps: tuple[Interval, ...]
    """Change of the total from each point to the next, task by task."""
    span: Interval
    """Total at 0 less total at 1."""
    of_oracle: Interval | None
    """The span as a share of the oracle's; `None` where the oracle has none."""

    @property
    def falls(self) -> bool:
        """Whether no step surely rises, and the total at 1 is below that at 0."""
        return all(step.low <= 0 for step in self.steps) and self.span.mean > 0


def swept(weight: Weight) -> Mapping[str, PreferenceVector]:
    """The preferences of a sweep by name; the middle one is Balanced itself."""
    balanced = PRESETS[BALANCED]
    if weight == "cost":
        return {_name(weight, point): replace(balanced, cost=point) for point in POINTS}
    return {_name(weight, point): replace(balanced, latency=point) for point in POINTS}


def sweep(episodes: Episodes, weight: Weight, policy: str) -> Sweep:
    """Of one policy."""
    resamples = episodes.resamples
    columns = [_column(episodes, weight, policy, name) for name in swept(weight)]
    oracle = [_column(episodes, weight, ORACLE, name) for name in swept(weight)]
    size = len(columns[0])
    solved = [[one.solved for one in episodes.measured(policy, name)] for name in swept(weight)]
    steps = [resamples.difference(after, before) for before, after in pairwise(columns)]
    return Sweep(
        weight,
        policy,
        tuple(_known(resamples.mean(column)).times(size) for column in columns),
        tuple(resamples.mean(column) for column in solved),
        tuple(_known(step).times(size) for step in steps),
        _known(resamples.difference(columns[0], columns[-1])).times(size),
        resamples.ratio(_less(columns[0], columns[-1]), _less(oracle[0], oracle[-1])),
    )


def _column(episodes: Episodes, weight: Weight, policy: str, name: str) -> list[float]:
    own = episodes.measured(policy, name)
    return [float(one.cost_usd) if weight == "cost" else one.latency_s for one in own]


def _less(one: list[float], other: list[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]


def _known(interval: Interval | None) -> Interval:
    if interval is None:
        raise ValueError("nothing was tried, so there is nothing to compare")
    return interval


def _name(weight: Weight, point: float) -> str:
    return BALANCED if point == PRESETS[BALANCED].cost else f"{weight} {point:g}"
