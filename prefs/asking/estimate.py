"""What is known of a person's weights: an estimate and how sharp it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.fit.result import ScaledFit
from prefs.fit.scaling import COVARIATES

Array = NDArray[np.float64]

STATED_SCALE: Final = 5.0
"""β taken for a person of whom nothing is known but the sliders."""
PRIOR_PRECISION: Final = 0.1
"""Of each weight (β · P), before anything was asked: a standard deviation of about 3."""

_NO_WEIGHTS: Final = (*COVARIATES, "line")
"""Parameters of a fit that are none of P; the ties are others."""


@dataclass(frozen=True, slots=True, eq=False)
class WeightEstimate:
    """Weights β · P as a normal distribution. The arrays are copies and read-only."""

    names: tuple[str, ...]
    """`accuracy`, `cost`, `latency` or an alias each."""
    mean: Array
    """β · P, one for each name."""
    precision: Array
    """Inverse of the covariance: the prior's precision plus the information of the rankings; positive definite."""

    def __post_init__(self) -> None:
        size = len(self.names)
        mean, precision = np.array(self.mean, dtype=np.float64), np.array(self.precision, dtype=np.float64)
        if not size or len(set(self.names)) < size:
            raise ValueError("an estimate needs at least one weight, and each name once")
        if mean.shape != (size,) or precision.shape != (size, size):
            raise ValueError(f"{size} names need {size} weights and a {size} × {size} precision")
        if not np.isfinite(mean).all() or not _positive_definite(precision):
            raise ValueError("the weights must be finite and the precision symmetric positive definite; add a prior")
        for name, array in (("mean", mean), ("precision", precision)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def covariance(self) -> Array:
        """Covariance of the weights."""
        return np.asarray(np.linalg.inv(self.precision), dtype=np.float64)


def stated(
    preference: PreferenceVector, *, beta: float = STATED_SCALE, prior_precision: float = PRIOR_PRECISION
) -> WeightEstimate:
    """What the sliders alone say, held loosely: the estimate before any ranking."""
    by_name = weights(preference)
    mean = beta * np.array(list(by_name.values()))
    return WeightEstimate(tuple(by_name), mean, prior_precision * np.eye(len(by_name)))


def fitted(names: Sequence[str], coefficients: ArrayLike, covariance: ArrayLike) -> WeightEstimate:
    """A fit's β · P with their covariance, such as its sandwich. Raises ValueError where that is singular."""
    try:
        precision = np.linalg.inv(np.asarray(covariance, dtype=np.float64))
    except np.linalg.LinAlgError:
        raise ValueError("the covariance is singular; leave out the weights that were held fixed") from None
    return WeightEstimate(tuple(names), np.asarray(coefficients, dtype=np.float64), (precision + precision.T) / 2)


def of_fit(fit: ScaledFit, *, prior_precision: float = PRIOR_PRECISION) -> WeightEstimate:
    """The weights of P in a fit, with its clustered sandwich; what it could not tell is 0, held as loosely as a prior.

    Raises ValueError where the sandwich is singular, as with fewer annotators and ballots than weights; ask by
    `stated` until there are more.
    """
    unsure = [name for name in fit.unidentified if name not in _NO_WEIGHTS and not name.startswith("tie of ")]
    names = [name for name in fit.labels if name in fit.free]
    places = [fit.labels.index(name) for name in names]
    known = fitted(names, [fit.theta[place] for place in places], fit.covariance[np.ix_(places, places)])
    precision = prior_precision * np.eye(len(names) + len(unsure))
    precision[: len(names), : len(names)] = known.precision
    mean = np.concatenate([known.mean, np.zeros(len(unsure))])
    return WeightEstimate((*names, *unsure), mean, precision)


def _positive_definite(matrix: Array) -> bool:
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        return False
    return bool(np.linalg.eigvalsh(matrix)[0] > 0)
