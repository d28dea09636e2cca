"""The noise ceiling: how often two people order the same pair alike, and what that leaves for a model to reach.

If a share π of people prefers one of a pair, two people agree on it with probability π² + (1 − π)², and no model can be
right more often than max(π, 1 − π). With a the agreement over all pairs, the best possible accuracy lies between a
(some pairs certain, the others a toss-up) and (1 + √(2a − 1)) / 2 (all pairs equally hard).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from prefs.agreement.measured import Measured, guarded, measured_ratio
from prefs.agreement.shared_ballot import SharedBallot, alternatives, in_order, positions, preferred, shared_ballots
from prefs.bootstrap import Interval
from prefs.judgement import Judgement


@dataclass(frozen=True, slots=True)
class NoiseCeiling:
    """Agreement of two people, to be shown beside a model's pair accuracy."""

    agreement: Measured
    """Share of pairs of people, same ballot, same pair of alternatives, both strict, that order it alike."""
    comparisons: int
    """Such pairs of people."""

    @property
    def attainable(self) -> Interval | None:
        """Where the accuracy of the best possible model lies: `low` and `high` bound it, `mean` is half-way.

        The bounds leave out that the agreement itself is uncertain.
        """
        a = self.agreement.value
        if a is None:
            return None
        low, high = max(a, 0.5), _all_equally_hard(a)
        return Interval((low + high) / 2, low, high)

    def reading(self, accuracy: float) -> str:
        """A model's pair accuracy beside the ceiling, in words."""
        a, bounds, interval = self.agreement.value, self.attainable, self.agreement.interval
        if a is None or bounds is None:
            return f"{accuracy:.1%}; there is no ceiling to hold it against. {self.agreement.note}"
        beside = f"{accuracy:.1%}, where two people agree in {a:.1%}"
        if accuracy > _all_equally_hard(interval.high if interval else a):
            return f"{beside}: more than people's own noise allows, so look for a leak."
        if accuracy > bounds.low:
            return f"{beside}: as good as people, and at most {bounds.high:.1%} can be reached."
        return f"{beside}: between {bounds.low:.1%} and {bounds.high:.1%} can be reached."


@dataclass(frozen=True, slots=True)
class SelfConsistency:
    """How often a person who ranked the same alternatives twice ordered a pair the same way, both times strictly."""

    annotator: str | None
    """`None` for all together."""
    alike: Measured
    comparisons: int


def noise_ceiling(judgements: Iterable[Judgement], seed: int = 0) -> NoiseCeiling:
    """The interval resamples ballots, with all that everybody said of them. Nobody is compared with himself."""
    ballots = shared_ballots(judgements)
    counts = [_agreements(one) for one in ballots]
    agreement = measured_ratio(
        [float(alike) for alike, _ in counts],
        [float(of) for _, of in counts],
        "No two people put the same pair in an order; show some ballots to two people.",
        seed,
    )
    rankings = sum(len(one.positions) for one, (_, of) in zip(ballots, counts, strict=True) if of)
    return NoiseCeiling(guarded(agreement, rankings), sum(of for _, of in counts))


def self_consistency(judgements: Iterable[Judgement], seed: int = 0) -> tuple[SelfConsistency, ...]:
    """All together first, then everybody who ranked the same alternatives twice. Only successive rankings compare.

    A correction is no repetition: a judgement is what a person says now, so superseded rankings are not among them.
    """
    last: dict[tuple[str, object], dict[str, float]] = {}
    counts: dict[str, list[tuple[int, int]]] = {}
    for one in in_order(judgements):
        key, now = (one.annotator, alternatives(one)), positions(one)
        if key in last:
            pair = SharedBallot(alternatives(one), {"before": last[key], "now": now})
            counts.setdefault(one.annotator, []).append(_agreements(pair))
        last[key] = now
    everybody = [count for of in counts.values() for count in of]
    return (_consistency(None, everybody, seed), *(_consistency(who, of, seed) for who, of in sorted(counts.items())))


def _agreements(ballot: SharedBallot) -> tuple[int, int]:
    """Pairs of people who order a pair alike, and pairs of people who order it at all."""
    signs = preferred(ballot)
    upper = np.triu_indices(signs.shape[1], 1)
    above, below = (signs > 0).sum(axis=0)[upper], (signs < 0).sum(axis=0)[upper]
    alike = (above * (above - 1) + below * (below - 1)) // 2
    both = (above + below) * (above + below - 1) // 2
    return int(alike.sum()), int(both.sum())


def _consistency(annotator: str | None, counts: list[tuple[int, int]], seed: int) -> SelfConsistency:
    alike = measured_ratio(
        [float(same) for same, _ in counts],
        [float(of) for _, of in counts],
        "Nobody ranked the same alternatives twice.",
        seed,
    )
    return SelfConsistency(annotator, guarded(alike, 2 * len(counts)), sum(of for _, of in counts))


def _all_equally_hard(agreement: float) -> float:
    return (1 + math.sqrt(max(2 * agreement - 1, 0.0))) / 2
