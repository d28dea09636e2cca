"""Krippendorff's α with the ordinal difference: the one module that knows the `krippendorff` library.

A unit is one alternative of one set of alternatives; its value is the rank that a person gave it, on a scale from 0
(best) to 1 (last) so that ballots of different sizes can be put together. Ties share their mean rank.
"""

from collections.abc import Iterable, Sequence

import krippendorff
import numpy as np
from numpy.typing import NDArray

from prefs.agreement.measured import (
    LEAST_UNITS,
    Measured,
    guarded,
    missing,
    percentiles,
    resampled_sums,
)
from prefs.agreement.shared_ballot import shared_ballots, table
from prefs.judgement import Judgement

Array = NDArray[np.float64]


def ordinal_alpha(judgements: Iterable[Judgement], seed: int = 0) -> Measured:
    """α over all ballots that two people ranked: 1 is agreement, 0 what chance gives, below 0 contradiction.

    The interval resamples ballots, with all their alternatives.
    """
    tables = [of for one in shared_ballots(judgements) if (of := table(one)) is not None]
    if not tables:
        return missing("No two people ranked two of the same alternatives.")
    placed = [(of - 1) / (of.shape[1] - 1) for of in tables]
    domain = np.unique(np.concatenate([of.ravel() for of in placed]))
    if len(domain) < 2:
        return missing("Everybody tied everything.", len(tables))
    counts = [_counts(of, domain) for of in placed]
    value = library_alpha(np.concatenate(counts))
    interval = None
    if len(counts) >= LEAST_UNITS:
        together = np.array([_coincidences(of).ravel() for of in counts])
        drawn = [_alpha(row.reshape(len(domain), -1)) for row in resampled_sums(together, seed)]
        interval = percentiles(value, np.array([one for one in drawn if one is not None]))
    note = None if interval else f"{len(counts)} ballots are too few for an interval; {LEAST_UNITS} are needed."
    return guarded(Measured(value, interval, len(counts), note), sum(len(of) for of in tables))


def library_alpha(value_counts: NDArray[np.int64]) -> float:
    """The library's α of (units, values) counts, the values in rising order."""
    return float(krippendorff.alpha(value_counts=value_counts, level_of_measurement="ordinal"))


def additive_alpha(value_counts: Sequence[NDArray[np.int64]]) -> float | None:
    """The same from coincidences, which add up over ballots and so can be resampled. `None` where nothing varies."""
    return _alpha(np.sum([_coincidences(of) for of in value_counts], axis=0))


def _counts(placed: Array, domain: Array) -> NDArray[np.int64]:
    return np.asarray((placed.T[:, :, None] == domain).sum(axis=1), dtype=np.int64)


def _coincidences(counts: NDArray[np.int64]) -> Array:
    raters = np.maximum(counts.sum(axis=1), 2) - 1
    pairs = np.einsum("uc,uk,u->ck", counts, counts, 1 / raters)
    return np.asarray(pairs - np.diag((counts / raters[:, None]).sum(axis=0)), dtype=np.float64)


def _alpha(coincidences: Array) -> float | None:
    often = coincidences.sum(axis=1)
    total = often.sum()
    upto = np.cumsum(often) - often / 2
    distance = (upto[:, None] - upto[None, :]) ** 2
    expected = float(often @ distance @ often)
    return None if expected == 0 else float(1 - (total - 1) * (coincidences * distance).sum() / expected)
