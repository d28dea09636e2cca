"""A figure with its interval, or the reason why there is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefs.bootstrap import Interval

ENOUGH_RANKINGS: Final = 50
LEAST_UNITS: Final = 5
"""Independent units below which an interval by resampling means nothing."""
RESAMPLES: Final = 1_000
_CHUNK: Final = 4_000_000
_NORMAL: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic with a 95 % interval."""

    value: float | None
    """`None` where there is too little to say; `note` says what is missing."""
    interval: Interval | None
    """`None` where the value is, or where the units are too few to resample."""
    units: int
    """Independent units that it rests on: ballots, or a person's rankings."""
    note: str | None = None


def missing(note: str, units: int = 0) -> Measured:
    """No figure, and why."""
    return Measured(None, None, units, note)


def guarded(measured: Measured, rankings: int) -> Measured:
    """The same; where it rests on fewer than 50 rankings, the note says so."""
    if rankings >= ENOUGH_RANKINGS or measured.value is None:
        return measured
    warning = f"It rests on {rankings} rankings; below {ENOUGH_RANKINGS} treat it as a first impression."
    return replace(measured, note=" ".join(filter(None, (measured.note, warning))))


def resampled_ratio(over: ArrayLike, under: ArrayLike, seed: int = 0) -> Interval | None:
    """Σ over / Σ under with a percentile bootstrap over the units; `None` for fewer than LEAST_UNITS."""
    pair = np.stack([np.asarray(over, np.float64), np.asarray(under, np.float64)], axis=1)
    top, bottom = pair.sum(axis=0)
    if len(pair) < LEAST_UNITS or bottom == 0:
        return None
    sums = resampled_sums(pair, seed)
    sums = sums[sums[:, 1] > 0]
    return percentiles(top / bottom, sums[:, 0] / sums[:, 1])


def resampled_sums(rows: NDArray[np.float64], seed: int = 0, times: int = RESAMPLES) -> NDArray[np.float64]:
    """(units, columns) to (times, columns): column sums of as many units, drawn with replacement."""
    chance = np.random.default_rng([seed, len(rows)])
    at_once = max(1, _CHUNK // max(len(rows), 1))
    even = np.full(len(rows), 1 / len(rows))
    drawn = [
        chance.multinomial(len(rows), even, size=min(at_once, times - done)) @ rows for done in range(0, times, at_once)
    ]
    return np.concatenate(drawn)


def percentiles(value: float, drawn: NDArray[np.float64]) -> Interval:
    """The statistic between the 2.5 % and 97.5 % points; it is never left out."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(value), min(float(low), float(value)), max(float(high), float(value)))


def share(p: float, of: int) -> Interval:
    """Wilson's interval of a share `p` of so many independent units; `of` is at least 1."""
    z2 = _NORMAL**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _NORMAL * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Interval(p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)))


def measured_ratio(over: Sequence[float], under: Sequence[float], nothing: str, seed: int = 0) -> Measured:
    """Σ over / Σ under, a share, over units that have any; missing with that sentence where none has."""
    pairs = [(top, bottom) for top, bottom in zip(over, under, strict=True) if bottom]
    if not pairs:
        return missing(nothing)
    tops, bottoms = zip(*pairs, strict=True)
    interval = resampled_ratio(tops, bottoms, seed)
    if interval is not None and interval.low == interval.high:  # resampling cannot go beyond what was seen
        interval = share(math.fsum(tops) / math.fsum(bottoms), len(pairs))
    note = None if interval else f"{len(pairs)} units are too few for an interval; {LEAST_UNITS} are needed."
    return Measured(math.fsum(tops) / math.fsum(bottoms), interval, len(pairs), note)
