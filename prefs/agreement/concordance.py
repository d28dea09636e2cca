"""Kendall's W with the correction for ties (Kendall and Gibbons, Rank Correlation Methods, chapter 6).

With d the deviations of a person's ranks from their mean, W = |Σ d|² / (m Σ |d|²) over m people: the usual formula with
its tie correction, since |d|² = (n³ − n − T) / 12. Over several ballots numerators and denominators are added up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.agreement.chances import chi_squared_tail
from prefs.agreement.measured import LEAST_UNITS, RESAMPLES, Measured, guarded, missing, percentiles, resampled_ratio
from prefs.agreement.shared_ballot import Alternatives, shared_ballots, table
from prefs.judgement import Judgement

Array = NDArray[np.float64]

PERMUTATIONS: Final = 2_000
NOBODY_TWICE: Final = "No two people ranked two of the same alternatives."


@dataclass(frozen=True, slots=True)
class Concordance:
    """W from 0 to 1 (all order things the same). Where people order independently it is `by_chance`, not 0."""

    w: Measured
    people: int
    alternatives: int
    """Of one ballot; over all ballots, the most that any has."""
    chi_squared: float | None
    """m (n − 1) W, Friedman's statistic."""
    freedom: int
    p: float | None
    """Probability of such a χ² by chance; rough below about seven people."""
    by_chance: float | None
    """Expected W of people who order independently: 1 by their number, a half for two."""


@dataclass(frozen=True, slots=True)
class BallotConcordance:
    """The W of one set of alternatives."""

    alternatives: Alternatives
    concordance: Concordance


@dataclass(frozen=True, slots=True)
class Concordances:
    """W of every ballot that two people ranked, and over all of them."""

    overall: Concordance
    ballots: tuple[BallotConcordance, ...]
    left_out: int
    """Ballots without two people who ranked two of the same alternatives."""


def concordances(judgements: Iterable[Judgement], seed: int = 0) -> Concordances:
    """Kendall's W. The overall interval resamples ballots, a single ballot's resamples people."""
    shared = shared_ballots(judgements)
    tables = [(one, of) for one in shared if (of := table(one)) is not None]
    found = tuple(BallotConcordance(one.alternatives, concordance(of, seed)) for one, of in tables)
    return Concordances(_overall([of for _, of in tables], seed), found, len(shared) - len(tables))


def concordance(ranks: Array, seed: int = 0) -> Concordance:
    """W of one (people, alternatives) table of mid-ranks. Raises ValueError for less than 2 × 2."""
    people, count = ranks.shape
    if people < 2 or count < 2:
        raise ValueError("concordance needs at least two people and two alternatives")
    top, bottom = _parts(ranks)
    if bottom == 0:
        return Concordance(missing("Everybody tied everything.", people), people, count, None, count - 1, None, None)
    chi = people * (count - 1) * top / bottom
    tail = chi_squared_tail(chi, count - 1)
    w = _with_people_resampled(ranks, top / bottom, seed)
    return Concordance(w, people, count, chi, count - 1, tail, 1 / people)


def permutation_p(ranks: Array, seed: int = 0, times: int = PERMUTATIONS) -> float | None:
    """Share of tables with each person's ranks shuffled that agree as much, the table itself included: for few people.

    `None` where everybody tied everything.
    """
    top, bottom = _parts(ranks)
    if bottom == 0:
        return None
    chance = np.random.default_rng(seed)
    shuffled = chance.permuted(np.broadcast_to(ranks, (times, *ranks.shape)), axis=2)
    tops = ((shuffled.sum(axis=1) - ranks.sum() / ranks.shape[1]) ** 2).sum(axis=1)
    return float((1 + (tops >= top * (1 - 1e-9)).sum()) / (1 + times))


def _parts(ranks: Array) -> tuple[float, float]:
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    return float((deviations.sum(axis=0) ** 2).sum()), float(len(ranks) * (deviations**2).sum())


def _overall(tables: Sequence[Array], seed: int) -> Concordance:
    parts = [(of.shape, *_parts(of)) for of in tables]
    usable = [(shape, top, bottom) for shape, top, bottom in parts if bottom > 0]
    people = max((shape[0] for shape, _, _ in usable), default=0)
    count = max((shape[1] for shape, _, _ in usable), default=0)
    if not usable:
        return Concordance(missing(NOBODY_TWICE), people, count, None, 0, None, None)
    tops, bottoms = [top for _, top, _ in usable], [bottom for _, _, bottom in usable]
    chi = sum(m * (n - 1) * top / bottom for (m, n), top, bottom in usable)
    freedom = sum(n - 1 for (_, n), _, _ in usable)
    interval = resampled_ratio(tops, bottoms, seed)
    note = None if interval else f"{len(usable)} ballots are too few for an interval; {LEAST_UNITS} are needed."
    w = Measured(sum(tops) / sum(bottoms), interval, len(usable), note)
    w = guarded(w, sum(m for (m, _), _, _ in usable))
    by_chance = sum(bottom / m for (m, _), _, bottom in usable) / sum(bottoms)
    return Concordance(w, people, count, chi, freedom, chi_squared_tail(chi, freedom), by_chance)


def _with_people_resampled(ranks: Array, w: float, seed: int) -> Measured:
    """A person drawn twice agrees with himself, so only pairs of different people count in a resample."""
    people = len(ranks)
    if people < LEAST_UNITS:
        note = f"{people} people are too few for an interval; {LEAST_UNITS} are needed."
        return guarded(Measured(w, None, people, note), people)
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    products = deviations @ deviations.T
    norms = np.diag(products)
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    pairs = people**2 - (drawn**2).sum(axis=1)
    across = np.einsum("rj,jk,rk->r", drawn, products, drawn) - drawn**2 @ norms
    usable = (pairs > 0) & (drawn @ norms > 0)
    own = (drawn @ norms)[usable] / people
    values = (own + (people - 1) * across[usable] / pairs[usable]) / (people * own)
    return guarded(Measured(w, percentiles(w, np.clip(values, 0.0, 1.0)), people), people)
