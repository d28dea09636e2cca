"""Covariances that hold although rankings depend on each other: the clustered sandwich, one-way and two-way.

One annotator's rankings share taste, one ballot's share its candidates. Two-way clustering (Cameron, Gelbach and
Miller 2011) adds the two and takes away what both count: the rankings of one annotator on one ballot. Each part has
the CR1 factor G / (G − 1) · (N − 1) / (N − p); intervals use Student's t with one degree of freedom less than clusters.

A sandwich only sees what it was shown: for a weight that few rankings bear upon, for two that always go together and
for a single cluster it finds next to no variance. No figure is therefore surer than the model itself says it is.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from prefs.fit.result import Clustering, Estimate

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Kind = Literal["auto", "two-way", "annotator", "ballot", "ranking"]

LEAST_ANNOTATORS: Final = 5
"""With fewer, `auto` takes the annotators as given and clusters by ballot: so few say little of people at large."""
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Covariance:
    """Of estimates, and how it was got."""

    matrix: Floats
    """The sandwich."""
    clustering: Clustering
    model: Floats | None = None
    """The inverse of the information, prior included: the least that any variance is. `None` where no model is."""

    @property
    def reach(self) -> float:
        """Half-width of an interval in standard errors."""
        return float(stdtrit(max(self.clustering.clusters - 1, 1), (1 + LEVEL) / 2))

    def estimate(self, mean: float, slope: Floats) -> Estimate:
        """By the delta method: `slope` is the gradient of the figure by the estimates."""
        half = self.reach * math.sqrt(self.variance(slope))
        return Estimate(mean, mean - half, mean + half)

    def variance(self, slope: Floats) -> float:
        """Of the figure with that gradient: by the sandwich or by the model, whichever is greater."""
        least = 0.0 if self.model is None else float(slope @ self.model @ slope)
        return max(float(slope @ self.matrix @ slope), least, 0.0)

    @property
    def cautious(self) -> Floats:
        """A covariance that is nowhere below the sandwich nor below the model."""
        if self.model is None:
            return self.matrix
        values, vectors = np.linalg.eigh((self.model + self.model.T) / 2)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        back = vectors / np.sqrt(np.maximum(values, np.finfo(np.float64).tiny))
        ratios, axes = np.linalg.eigh(back.T @ self.matrix @ back)
        found: Floats = (root @ axes * np.maximum(ratios, 1.0)) @ (root @ axes).T
        return (found + found.T) / 2

    def ratio(self, theta: Floats, over: int, under: int) -> Estimate:
        """One of the estimates `theta` by another, by the delta method."""
        slope = np.zeros(len(theta))
        slope[over] = 1 / theta[under]
        slope[under] -= theta[over] / theta[under] ** 2
        return self.estimate(float(theta[over] / theta[under]), slope)


@dataclass(frozen=True, slots=True)
class Codes:
    """Who ranked what: small whole numbers, one per ranking."""

    annotator: Places
    ballot: Places
    both: Places
    """The same for the rankings of one annotator on one ballot."""

    def where(self, mask: NDArray[np.bool_]) -> "Codes":
        """Of some rankings."""
        return Codes(self.annotator[mask], self.ballot[mask], self.both[mask])


def codes(annotators: Sequence[str], ballots: Sequence[Hashable]) -> Codes:
    """Of rankings by these annotators on these ballots."""
    pairs = list(zip(annotators, ballots, strict=True))
    found = [_numbered(annotators), _numbered(ballots), _numbered(pairs)]
    return Codes(*(np.array(numbers, np.int64) for numbers in found))


def sandwich(scores: Floats, bread: Floats, who: Codes, kind: Kind = "auto") -> Covariance:
    """`scores` are parameters × rankings, `bread` the inverse of the information.

    `auto` is two-way, or by ballot where there are fewer than LEAST_ANNOTATORS annotators.
    """
    people, ballots = _clusters(who.annotator), _clusters(who.ballot)
    if kind == "auto":
        kind = "two-way" if people >= LEAST_ANNOTATORS else "ballot"
    ways = _ways(kind, who)
    influence = bread @ scores
    matrix = sum((sign * _meat(influence, code) for code, sign in ways), np.zeros_like(bread))
    fewest = min(_clusters(code) for code, _ in ways)
    return Covariance(_positive(matrix), Clustering(kind, people, ballots, fewest))


def of_ratio(over: Floats, under: Floats, who: Codes, kind: Kind) -> Estimate | None:
    """Sum of `over` by sum of `under`, one number each per ranking; `None` where there is nothing below.

    The ratio is a share, from 0 to 1, and so is its interval: Wilson's, with as many observations as would give the
    clustered variance. Where nothing varies, as in 5 of 5, each ranking is one observation.
    """
    return _share(over, under, who, kind, most=float(under.sum()))


def of_difference(over: Floats, under: Floats, who: Codes, kind: Kind) -> Estimate | None:
    """The same for what lies between −1 and 1, such as the difference of two shares of the same pairs."""
    share = _share((over + under) / 2, under, who, kind, most=math.inf)
    return None if share is None else Estimate(*(2 * end - 1 for end in (share.mean, share.low, share.high)))


def _share(over: Floats, under: Floats, who: Codes, kind: Kind, most: float) -> Estimate | None:
    """`most` observations at best."""
    if not (total := float(under.sum())):
        return None
    ratio = float(over.sum()) / total
    used = under > 0
    found = sandwich((over - ratio * under)[None, used], np.array([[1 / total]]), who.where(used), kind)
    variance, binomial = found.variance(np.ones(1)), ratio * (1 - ratio)
    worth = min(binomial / variance, most) if variance > 1e-12 * binomial > 0 else float(used.sum())
    return _wilson(ratio, worth, found.reach)


def _wilson(share: float, observations: float, reach: float) -> Estimate:
    weight = reach**2 / observations
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _clusters(code: Places) -> int:
    return int(np.count_nonzero(np.bincount(code)))


def _ways(kind: Kind, who: Codes) -> Sequence[tuple[Places, int]]:
    if kind == "annotator":
        return ((who.annotator, 1),)
    if kind == "ballot":
        return ((who.ballot, 1),)
    if kind == "ranking":
        return ((np.arange(len(who.ballot)), 1),)
    return (who.annotator, 1), (who.ballot, 1), (who.both, -1)


def _meat(influence: Floats, code: Places) -> Floats:
    """Sum over clusters of the outer product of their influence, with the CR1 factor."""
    clusters, rankings, count = _clusters(code), influence.shape[1], len(influence)
    sums = np.stack([np.bincount(code, row) for row in influence])
    factor = clusters / max(clusters - 1, 1) * (rankings - 1) / max(rankings - count, 1)
    found: Floats = factor * sums @ sums.T
    return found


def _positive(matrix: Floats) -> Floats:
    """The nearest matrix without negative variances: two-way sums may have some."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    found: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return found
