"""How well scores predict which of two trajectories people put above, and how sure they may be of it."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prefs.agreement.measured import share
from prefs.bootstrap import Interval, Resamples
from prefs.neural.pairs import Pair, same

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of similar confidence."""

    confidence: float
    """Mean probability that the model gives the side it prefers; from 0.5."""
    right: Interval
    """Share in which people preferred that side, too."""
    pairs: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence beside the share that came true, in bins of equal numbers of pairs."""

    bins: tuple[Bin, ...]
    error: float
    """Expected calibration error: the mean of |confidence − share right| over the pairs."""


def pair_accuracy(pairs: Sequence[Pair], margins: Sequence[float], seed: int = 0) -> Interval:
    """Share of pairs with a positive margin; a margin of 0 counts half. Interval by a bootstrap over queries.

    Where no resample differs, as with one query or without a mistake, the interval is Wilson's, over the queries.
    `margins` are score of the better − score of the worse. Raises ValueError for none, or for one that is no number.
    """
    clusters = _Clusters(pairs, seed)
    found = clusters.share([_right(margin) for margin in margins])
    if found is None:
        raise ValueError("there is no pair to measure with")
    if found.low == found.high:
        return share(found.mean, clusters.queries)
    return found


def gain(pairs: Sequence[Pair], one: Sequence[float], other: Sequence[float], seed: int = 0) -> Interval:
    """Pair accuracy of the margins `one` − that of `other` on the same pairs, paired in every resample.

    One query alone cannot be resampled: the interval leaves as much room as Wilson's does for a share of 0.
    """
    clusters = _Clusters(pairs, seed)
    found = clusters.share([_right(a) - _right(b) for a, b in zip(one, other, strict=True)])
    if found is None:
        raise ValueError("there is no pair to measure with")
    if clusters.queries == 1:
        room = share(0.0, clusters.queries).high
        return Interval(found.mean, max(-1.0, found.mean - room), min(1.0, found.mean + room))
    return found


def calibration(pairs: Sequence[Pair], margins: Sequence[float], seed: int = 0, bins: int = BINS) -> Calibration:
    """Of the Bradley–Terry probability σ(margin), which TRL's loss fits."""
    order = sorted(range(len(pairs)), key=lambda place: (abs(margins[place]), place))
    size = max(1, math.ceil(len(order) / bins))
    made = tuple(_bin(order[start : start + size], pairs, margins, seed) for start in range(0, len(order), size))
    error = math.fsum(one.pairs * abs(one.confidence - one.right.mean) for one in made) / max(1, len(pairs))
    return Calibration(made, error)


def _bin(places: Sequence[int], pairs: Sequence[Pair], margins: Sequence[float], seed: int) -> Bin:
    of_bin, theirs = [pairs[place] for place in places], [margins[place] for place in places]
    sure = math.fsum(1 / (1 + math.exp(-min(abs(margin), 700.0))) for margin in theirs) / len(theirs)
    return Bin(sure, pair_accuracy(of_bin, theirs, seed), len(of_bin))


def _right(margin: float) -> float:
    if not math.isfinite(margin):
        raise ValueError(f"a margin of {margin} says that the scores are no finite numbers; train with a lower --rate")
    return 0.5 if margin == 0 else float(margin > 0)


class _Clusters:
    """Pairs by query, drawn together: what one query's pairs say is not said independently."""

    def __init__(self, pairs: Sequence[Pair], seed: int) -> None:
        by_query: dict[str, list[int]] = defaultdict(list)
        for place, pair in enumerate(pairs):
            by_query[same(pair.query)].append(place)
        self._places = [by_query[query] for query in sorted(by_query)]
        self.queries = len(self._places)
        self._resamples = Resamples(len(self._places), seed)

    def share(self, values: Sequence[float]) -> Interval | None:
        sums = [math.fsum(values[place] for place in places) for places in self._places]
        return self._resamples.ratio(sums, [float(len(places)) for places in self._places])
