"""How far each annotator agrees with the others: Kendall's τ-b against their consensus, without his own say.

The consensus orders alternatives by their mean rank with the others. Where they ranked only parts, the mean is over
the comparisons that were made, which is the same for whole rankings.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefs.agreement.measured import LEAST_UNITS, Measured, guarded, missing, percentiles, resampled_sums
from prefs.agreement.shared_ballot import compared, preferred, shared_ballots
from prefs.judgement import Judgement

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """One person against the consensus of the others."""

    annotator: str
    tau: Measured
    """τ-b over the pairs of all ballots together, from −1 to 1; the interval resamples ballots."""


def leave_one_out(judgements: Iterable[Judgement], seed: int = 0) -> tuple[AnnotatorAgreement, ...]:
    """Everybody who ranked, by name."""
    rows: dict[str, list[Array]] = {}
    for ballot in shared_ballots(judgements):
        signs, both = preferred(ballot), compared(ballot)
        for place, person in enumerate(ballot.positions):
            of = rows.setdefault(person, [])
            if len(signs) > 1:
                of.append(_against_others(signs, both, place))
    return tuple(AnnotatorAgreement(person, _tau(of, seed)) for person, of in sorted(rows.items()))


def tau_b(one: Array, other: Array) -> float | None:
    """τ-b of two rows of ranks; `None` where either ties everything."""
    parts = _parts(np.sign(one[None, :] - one[:, None]), np.sign(other[None, :] - other[:, None]))
    return float(parts[0] / np.sqrt(parts[1] * parts[2])) if parts[1] * parts[2] > 0 else None


def _against_others(signs: NDArray[np.int64], both: NDArray[np.int64], place: int) -> Array:
    """Concordant less discordant pairs, pairs that he orders, pairs that the others order."""
    others = np.arange(len(signs)) != place
    comparisons = both[others].sum(axis=(0, 2))
    score = np.divide(
        signs[others].sum(axis=(0, 2)), comparisons, out=np.full(len(comparisons), np.nan), where=comparisons > 0
    )
    gap = score[:, None] - score[None, :]
    consensus = np.where(np.abs(gap) > 1e-9, np.sign(gap), 0.0)
    usable = (both[place] > 0) & ~np.isnan(gap)
    return _parts(np.where(usable, signs[place], 0.0), np.where(usable, consensus, 0.0))


def _parts(one: Array, other: Array) -> Array:
    """Sums over unordered pairs of the product, and of how often each orders them."""
    return np.array([(one * other).sum(), np.abs(one).sum(), np.abs(other).sum()]) / 2


def _tau(rows: list[Array], seed: int) -> Measured:
    if not rows:
        return missing("Nobody else ranked the same alternatives.")
    table = np.array(rows)
    total = table.sum(axis=0)
    if total[1] * total[2] == 0:
        return missing("Either this person or the others tied everything.", len(rows))
    value = float(total[0] / np.sqrt(total[1] * total[2]))
    if len(rows) < LEAST_UNITS:
        note = f"{len(rows)} ballots are too few for an interval; {LEAST_UNITS} are needed."
        return guarded(Measured(value, None, len(rows), note), len(rows))
    drawn = resampled_sums(table, seed)
    drawn = drawn[drawn[:, 1] * drawn[:, 2] > 0]
    interval = percentiles(value, drawn[:, 0] / np.sqrt(drawn[:, 1] * drawn[:, 2]))
    return guarded(Measured(value, interval, len(rows)), len(rows))
