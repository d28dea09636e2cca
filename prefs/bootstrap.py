"""Percentile bootstrap over tasks (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13).

A task is drawn with everything that was tried on it, since alternatives of one task depend on each other. All
statistics of all policies share the drawn tasks, so that differences between policies are paired.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RESAMPLES: Final = 2_000
LEVEL: Final = 0.95
"""Share of resamples between the two ends of an interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic of the sample between the ends of its bootstrap interval."""

    mean: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        """The same statistic in another unit; the factor is not negative."""
        return Interval(self.mean * factor, self.low * factor, self.high * factor)


class Resamples:
    """Draws of `size` places out of `size`, with replacement; the same for the same seed."""

    def __init__(self, size: int, seed: int = 0, times: int = RESAMPLES) -> None:
        if size < 0 or times < 1:
            raise ValueError(f"a bootstrap needs a sample and at least one resample, not {size} and {times}")
        chance = random.Random(f"bootstrap {seed}")
        self.size = size
        self._draws = tuple(tuple(chance.choices(range(size), k=size)) for _ in range(times)) if size else ()

    def mean(self, values: Sequence[float | None]) -> Interval | None:
        """Of the values that are known; `None` where none is."""
        return self.ratio(
            [0.0 if value is None else value for value in values], [float(value is not None) for value in values]
        )

    def ratio(self, over: Sequence[float], under: Sequence[float]) -> Interval | None:
        """Sum of `over` by sum of `under`; `None` where that is 0. Resamples in which it is 0 are left out."""
        self._check(over, under)
        if not (bottom := math.fsum(under)):
            return None
        found = [top / low for top, low in zip(self._sums(over), self._sums(under), strict=True) if low]
        return _interval(math.fsum(over) / bottom, found)

    def difference(self, one: Sequence[float | None], other: Sequence[float | None]) -> Interval | None:
        """Mean of `one` − `other`, task by task, over the tasks where both are known."""
        self._check(one, other)
        return self.mean([None if a is None or b is None else a - b for a, b in zip(one, other, strict=True)])

    def _sums(self, values: Sequence[float]) -> list[float]:
        if len(set(values)) == 1:
            return [values[0] * self.size] * len(self._draws)
        return [math.fsum(map(values.__getitem__, draw)) for draw in self._draws]

    def _check(self, *columns: Sequence[object]) -> None:
        if any(len(column) != self.size for column in columns):
            raise ValueError(f"there must be a value for each of the {self.size} tasks, `None` where it is unknown")


def _interval(statistic: float, found: list[float]) -> Interval:
    """The interval never leaves the statistic out, however few resamples there are."""
    found.sort()
    low, high = (_quantile(found, share) for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(statistic, min(low, statistic), max(high, statistic))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest of the ordered values, by proportion."""
    at = share * (len(ordered) - 1)
    lower = math.floor(at)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (at - lower)
