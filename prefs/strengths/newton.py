"""Damped Newton for concave log-likelihoods of strengths, and the sandwich around what it finds.

Sandwich: Huber 1967, White 1982; clustered with the factor G / (G − 1) of Liang and Zeger 1986.
"""

from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import dpotrs
from scipy.sparse import csr_array

from prefs.strengths.connection import NoEstimate

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
MOST_ROUNDS: Final = 100
FINE: Final = 1e-5
"""A step this small is the last: the error after it is of the order of its square."""
LONGEST_STEP: Final = 4.0
FLAT: Final = 1e-7
"""Information below this is none: one observation of any chance that matters holds more."""
SMALL: Final = 256
UNTHREADED: Final = 7
"""Right sides that OpenBLAS solves for in one thread. For a small matrix, waking more takes far longer than the work,
where the machine is busy."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The log-likelihood at one place, its gradient and its information (minus the Hessian)."""

    value: float
    gradient: Vector
    information: Matrix


class Likelihood(Protocol):
    """Concave in its parameters: `items` strengths, then what ties need. Moving all strengths alike changes nothing."""

    items: int
    size: int

    def at(self, parameters: Vector) -> Point:
        """The log-likelihood there."""

    def meat(self, parameters: Vector, clusters: NDArray[np.intp] | None) -> Matrix:
        """Sum over clusters (over observations where there are none) of the outer square of the summed scores."""

    def weighted(self, weights: Vector) -> Self:
        """The same with each observation counted that often."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best parameters; the strengths among them have mean 0."""

    parameters: Vector
    value: float
    information: Matrix
    rounds: int


def maximise(likelihood: Likelihood, prior_sd: float | None = None, start: Vector | None = None) -> Optimum:
    """The best parameters under a normal prior of that standard deviation around 0; `None` is no prior.

    Raises NoEstimate where nothing finite is best, or more than one place is.
    """
    ridge = 0.0 if prior_sd is None else prior_sd**-2
    here = np.zeros(likelihood.size) if start is None else start.copy()
    point = likelihood.at(here)
    for rounds in range(1, MOST_ROUNDS + 1):
        step = _step(likelihood, point, here, ridge)
        length = float(np.abs(step).max())
        if length > LONGEST_STEP:
            step *= LONGEST_STEP / length
        here, point = _forward(likelihood, point, here, step, ridge)
        if length <= FINE:
            here[: likelihood.items] -= here[: likelihood.items].mean()
            return Optimum(here, point.value, point.information, rounds)
    raise NoEstimate(f"no best strengths after {MOST_ROUNDS} steps; give a prior (`prior_sd`)")


def covariance(
    likelihood: Likelihood, optimum: Optimum, prior_sd: float | None, clusters: NDArray[np.intp] | None
) -> Matrix | None:
    """Of the parameters, strengths around their mean; `None` where a single cluster leaves nothing to estimate from.

    With a prior it is the mean square error over strengths drawn from that prior: items that the data do not link
    are as far apart as the prior lets them be.
    """
    meat = likelihood.meat(optimum.parameters, clusters)
    if clusters is not None:
        count = int(clusters.max()) + 1
        if count < 2:
            return None
        meat *= count / (count - 1)
    ridge = 0.0 if prior_sd is None else prior_sd**-2
    meat[np.diag_indices_from(meat)] += ridge
    factor, _ = _factor(likelihood, optimum.information, ridge)
    found = _solved(factor, _solved(factor, meat).T)
    items = likelihood.items
    found[:items] -= found[:items].mean(axis=0)
    found[:, :items] -= found[:, :items].mean(axis=1, keepdims=True)
    return found


def squares(scores: csr_array, weights: Vector | None, clusters: NDArray[np.intp] | None) -> Matrix:
    """The meat of a sandwich from one row of scores for each observation."""
    if clusters is not None:
        rows = np.arange(len(clusters))
        ones = np.ones(len(clusters)) if weights is None else weights
        scores = csr_array((ones, (clusters, rows)), shape=(int(clusters.max()) + 1, len(clusters))) @ scores
        weights = None
    left = scores if weights is None else scores.multiply(weights[:, None]).tocsr()
    return np.asarray((left.T @ scores).toarray(), dtype=np.float64)


def _solved(upper: Matrix, right: Matrix) -> Matrix:
    """The inverse of what was factored, times `right`."""
    if len(upper) > SMALL:
        return np.asarray(dpotrs(upper, right)[0], dtype=np.float64)
    slices = (right[:, at : at + UNTHREADED] for at in range(0, len(upper), UNTHREADED))
    return np.hstack([dpotrs(upper, part)[0] for part in slices])


def _step(likelihood: Likelihood, point: Point, here: Vector, ridge: float) -> Vector:
    factor = _factor(likelihood, point.information, ridge)
    return np.asarray(cho_solve(factor, point.gradient - ridge * here, check_finite=False), dtype=np.float64)


def _factor(likelihood: Likelihood, information: Matrix, ridge: float) -> tuple[Matrix, bool]:
    """Of the information with the prior, or pinned along the direction in which all strengths move alike."""
    items = likelihood.items
    pinned = information.copy()
    pinned[np.diag_indices_from(pinned)] += ridge
    if not ridge:
        pinned[:items, :items] += np.trace(information[:items, :items]) / items**2
    try:
        factor: tuple[Matrix, bool] = cho_factor(pinned, overwrite_a=True, check_finite=False)
        flat = not ridge and float(np.diag(factor[0]).min()) ** 2 < FLAT
    except LinAlgError:
        flat = True
    if flat:
        raise NoEstimate("the data set no bound to some strength; give a prior (`prior_sd`), or more comparisons")
    return factor


def _forward(likelihood: Likelihood, point: Point, here: Vector, step: Vector, ridge: float) -> tuple[Vector, Point]:
    """The longest of the step, its half, its quarter, … that gains enough."""
    slope = float(step @ (point.gradient - ridge * here))
    value = point.value - ridge / 2 * float(here @ here)
    # Below this, values differ by rounding only.
    blur = 1e-11 * (1 + abs(value))
    share = 1.0
    while True:
        there = here + share * step
        then = likelihood.at(there)
        gained = then.value - ridge / 2 * float(there @ there) - value
        if gained >= 1e-4 * share * slope - blur or share < 1e-9:
            return there, then
        share /= 2
