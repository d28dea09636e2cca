"""Strengths: log-odds of items against each other, around mean 0, with how sure they are."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, t

from prefs.bootstrap import LEVEL, Interval
from prefs.strengths.connection import NoEstimate
from prefs.strengths.newton import Likelihood, Matrix, Optimum, Vector, covariance, maximise

RESAMPLES: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Strengths:
    """Natural-log strengths of the items, mean 0, in the order of `names`."""

    names: tuple[str, ...]
    values: Vector
    covariance: Matrix | None
    """Of `values`; `None` where it was not asked for or only one cluster was seen."""
    ties: tuple[tuple[int, float], ...]
    """How readily that many items tie: group size and log δ (Davidson–Luce). Empty where the model has no ties."""
    log_likelihood: float
    prior_sd: float | None
    """Standard deviation of the normal prior; `None` where there was none."""
    clusters: int | None
    """How many clusters the covariance sums over; `None` where each observation counts by itself."""
    rounds: int
    """Newton steps taken."""

    def of(self, name: str) -> float:
        """The strength of that item; raises KeyError."""
        return float(self.values[self._place(name)])

    def interval(self, name: str, level: float = LEVEL) -> Interval | None:
        """Of that item's strength; raises KeyError."""
        at = self._place(name)
        found = self.ends(level)
        return None if found is None else Interval(float(self.values[at]), float(found[0][at]), float(found[1][at]))

    def difference(self, one: str, other: str, level: float = LEVEL) -> Interval | None:
        """Of the strength of `one` − that of `other`."""
        if self.covariance is None:
            return None
        a, b = self._place(one), self._place(other)
        variance = float(self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b])
        apart, reach = float(self.values[a] - self.values[b]), self._reach(level) * max(variance, 0.0) ** 0.5
        return Interval(apart, apart - reach, apart + reach)

    def probability(self, one: str, other: str) -> float:
        """That `one` is preferred to `other`, given that they do not tie."""
        return float(expit(self.of(one) - self.of(other)))

    def ends(self, level: float = LEVEL) -> tuple[Vector, Vector] | None:
        """The lower and upper ends of all intervals."""
        if self.covariance is None:
            return None
        reach = self._reach(level) * np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return self.values - reach, self.values + reach

    def _reach(self, level: float) -> float:
        """Standard errors on either side. Student's t where clusters are counted, since few clusters tell little."""
        share = (1 + level) / 2
        return float(norm.ppf(share) if self.clusters is None else t.ppf(share, self.clusters - 1))

    def _place(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(f"{name!r} is not among the items compared") from None


def estimated(
    names: tuple[str, ...],
    likelihood: Likelihood,
    sizes: tuple[int, ...],
    prior_sd: float | None,
    clusters: NDArray[np.intp] | None,
    *,
    intervals: bool,
    start: Vector | None = None,
) -> Strengths:
    """The best strengths under the likelihood and their sandwich. `sizes`: of the groups that tie."""
    if prior_sd is not None and not 0 < prior_sd < np.inf:
        raise ValueError(f"the prior's standard deviation must be above 0 and finite, not {prior_sd}")
    best = maximise(likelihood, prior_sd, start)
    spread = covariance(likelihood, best, prior_sd, clusters) if intervals else None
    return of_optimum(names, best, sizes, prior_sd, spread, None if clusters is None else int(clusters.max()) + 1)


def of_optimum(
    names: tuple[str, ...],
    best: Optimum,
    sizes: tuple[int, ...],
    prior_sd: float | None,
    spread: Matrix | None,
    clusters: int | None,
) -> Strengths:
    """What was found, by name."""
    items = len(names)
    ties = tuple((size, float(value)) for size, value in zip(sizes, best.parameters[items:], strict=True))
    block = None if spread is None else spread[:items, :items]
    return Strengths(names, best.parameters[:items], block, ties, best.value, prior_sd, clusters, best.rounds)


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Strengths of resampled data, one row for each resample that has an estimate."""

    names: tuple[str, ...]
    values: Matrix
    without: int
    """Resamples that have no estimate, because some item always won or was left out."""

    def ends(self, level: float = LEVEL) -> tuple[Vector, Vector]:
        """The lower and upper ends of the percentile intervals."""
        low, high = np.quantile(self.values, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high


def resampled(
    strengths: Strengths,
    likelihood: Likelihood,
    observations: int,
    clusters: NDArray[np.intp] | None,
    *,
    times: int = RESAMPLES,
    seed: int = 0,
) -> Resampled:
    """Bootstrap over whole clusters, or over observations where there are none. The same for the same seed."""
    chance = np.random.default_rng(seed)
    units = observations if clusters is None else int(clusters.max()) + 1
    start = np.concatenate([strengths.values, [value for _, value in strengths.ties]])
    found: list[Vector] = []
    for _ in range(times):
        drawn = np.bincount(chance.integers(0, units, units), minlength=units).astype(np.float64)
        weights = drawn if clusters is None else drawn[clusters]
        try:
            best = maximise(likelihood.weighted(weights), strengths.prior_sd, start)
        except NoEstimate:
            continue
        found.append(best.parameters[: len(strengths.names)])
    if not found:
        raise NoEstimate("no resample has an estimate; give a prior (`prior_sd`)")
    return Resampled(strengths.names, np.array(found), times - len(found))
