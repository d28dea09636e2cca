"""From packed choices to a fit in one scaling: the two optima, the covariance, and P with its intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices
from prefs.fit.likelihood import Evaluation, Parameters, evaluate, parameters
from prefs.fit.newton import CLOSE, Optimum, Prior, maximise
from prefs.fit.result import Estimate, ScaledFit
from prefs.fit.sandwich import Covariance, Kind, sandwich
from prefs.fit.scaling import COVARIATES, Scaling

Floats = NDArray[np.float64]

PRIOR_SD: Final = 10.0
"""Each parameter's prior is normal around 0. In the ballot scaling a weight of 10 makes the best of two win 22,000
times out of 22,001, so that this says next to nothing, but it keeps separable rankings finite."""

LEAST_BETA: Final = 1e-6
"""A utility below this is rounding, and nothing is liked."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Both optima of one set of choices: without bounds, and with weights at 0 or above."""

    kept: Parameters
    free: Optimum
    bounded: Optimum
    """The same as `free` where that has no negative weight."""
    prior: Prior

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Which of the bounded parameters are not held at 0."""
        return ~(weighed(self.kept) & (self.bounded.theta <= 0))


def fitted(choices: Choices, prior_sd: float = PRIOR_SD, start: Fitted | None = None, close: float = CLOSE) -> Fitted:
    """The optima, from a start near them where one is given. Raises ValueError without rankings."""
    if not choices.rankings:
        why = "; ".join(f"{count} left out because {reason}" for reason, count in sorted(choices.left_out.items()))
        raise ValueError(f"there is nothing to fit: no ranking can be used ({why or 'there is none'})")
    kept = parameters(choices)
    prior = flat(kept, prior_sd)
    at_free, at_bounded = _starts(kept, start)

    def objective(theta: Floats) -> Evaluation:
        return evaluate(choices, kept, theta, scores=True)

    free = maximise(objective, at_free, prior, close=close)
    bounds = weighed(kept)
    if (free.theta[bounds] >= 0).all():
        return Fitted(kept, free, free, prior)
    return Fitted(kept, free, maximise(objective, at_bounded, prior, bounds, close), prior)


def flat(kept: Parameters, prior_sd: float) -> Prior:
    """The weak prior around 0."""
    return Prior(np.full(kept.count, prior_sd**-2))


def weighed(kept: Parameters) -> NDArray[np.bool_]:
    """Which parameters are elements of β·P."""
    return np.array([name not in COVARIATES for name in kept.names] + [False] * (kept.count - len(kept.names)))


def scaled_fit(choices: Choices, found: Fitted, clustering: Kind = "auto") -> ScaledFit:
    """The fit as a value, with intervals."""
    return described(choices.scaling, found, covariances(choices, found, clustering))


def covariances(choices: Choices, found: Fitted, clustering: Kind) -> tuple[Covariance, Covariance]:
    """Of the estimates without bounds, and of the bounded ones."""
    free = covariance_of(choices, found, clustering)
    held = found.bounded is not found.free
    return free, covariance_of(choices, found, clustering, bounded=True) if held else free


def described(scaling: Scaling, found: Fitted, both: tuple[Covariance, Covariance]) -> ScaledFit:
    """The optima and their covariances in the words of P."""
    covariance, bounded = both
    kept, theta = found.kept, found.free.theta
    known = identified(found)
    each = {
        label: covariance.estimate(float(theta[i]), np.eye(kept.count)[i])
        for i, label in enumerate(kept.labels)
        if known[i]
    }
    places = {kept.labels[i]: int(i) for i in np.flatnonzero(known & weighed(kept))}
    weights, beta = p_of(found, covariance, bounded, places)
    ties = {size: each[f"tie of {size}"] for size in kept.tie_sizes if f"tie of {size}" in each}
    return ScaledFit(
        scaling=scaling,
        weights=weights,
        beta=beta,
        free={name: each[name] for name in places},
        covariates={name: each[name] for name in kept.names if name in COVARIATES and name in each},
        line=each.get("line"),
        ties={size: Estimate(*np.exp([one.mean, one.low, one.high]).tolist()) for size, one in ties.items()},
        unidentified=tuple(label for label, sure in zip(kept.labels, known, strict=True) if not sure),
        log_likelihood=found.free.evaluation.value,
        clustering=covariance.clustering,
        labels=kept.labels,
        theta=tuple(theta.tolist()),
        covariance=covariance.cautious,
    )


def covariance_of(choices: Choices, found: Fitted, kind: Kind, *, bounded: bool = False) -> Covariance:
    """The sandwich of the estimates without bounds, or of the bounded ones, of which those at 0 are held fixed.

    The model's own covariance goes with it: see `Covariance.variance`.
    """
    optimum = found.bounded if bounded else found.free
    evaluation = optimum.evaluation
    if evaluation.scores is None:
        raise ValueError("the evaluation was made without scores")
    counts = choices.weight.values > 0
    moving = found.moving if bounded else np.ones(found.kept.count, np.bool_)
    bread = np.zeros_like(evaluation.information)
    bread[np.ix_(moving, moving)] = np.linalg.inv(evaluation.information[np.ix_(moving, moving)])
    covariance = sandwich(evaluation.scores[:, counts], bread, choices.codes.where(counts), kind)
    return replace(covariance, model=bread)


def identified(found: Fitted) -> NDArray[np.bool_]:
    """Which parameters the rankings, and not the prior alone, say something about."""
    evaluation = found.free.evaluation
    scores = np.zeros((found.kept.count, 1)) if evaluation.scores is None else evaluation.scores
    own = np.diag(evaluation.information) - found.prior.precision
    # Where people never waver, information is lost in rounding; where all tie, scores are.
    told: NDArray[np.bool_] = (own > 1e-9 * scores.shape[1]) | (np.abs(scores).max(axis=1) > 1e-12)
    return told


def p_of(
    found: Fitted, covariance: Covariance, bounded: Covariance, places: Mapping[str, int]
) -> tuple[dict[str, Estimate], Estimate]:
    """P and β: weights by their greatest, with intervals by the delta method.

    An interval covers both that of the estimates without bounds and, where a bound holds, that with the bounds, cut
    to [0, 1]. The greatest weight is 1, but where another may be greater its interval reaches down accordingly. Where
    it is not certain that anything is liked, ratios mean nothing, and every interval is from 0 to 1.
    """
    theta, free = found.bounded.theta, found.free.theta
    top = max(places, key=lambda name: (theta[places[name]], name), default=None)
    if top is None or (beta := float(theta[places[top]])) < LEAST_BETA:
        most = max((covariance.estimate(float(free[i]), _unit(found, i)).high for i in places.values()), default=0.0)
        return dict.fromkeys(places, Estimate(0.0, 0.0, 1.0)), Estimate(0.0, 0.0, max(most, 0.0))
    under = places[top]
    ratios = {
        name: _both(bounded.ratio(theta, place, under), covariance.ratio(free, place, under) if free[under] else None)
        for name, place in places.items()
    }
    rival = max((one.high for name, one in ratios.items() if name != top), default=0.0)
    weights = {name: _cut(one, 1.0) for name, one in ratios.items()}
    weights[top] = Estimate(1.0, 1.0 / max(rival, 1.0), 1.0)
    slope = _unit(found, under)
    scale = _both(bounded.estimate(beta, slope), covariance.estimate(float(free[under]), slope))
    if scale.low <= 0:
        weights = {name: Estimate(one.mean, 0.0, 1.0) for name, one in weights.items()}
    return weights, _cut(scale, np.inf)


def _unit(found: Fitted, place: int) -> Floats:
    """The gradient of one parameter."""
    axis: Floats = np.eye(found.kept.count)[place]
    return axis


def _both(one: Estimate, other: Estimate | None) -> Estimate:
    """The mean of the first in an interval that covers both."""
    return one if other is None else replace(one, low=min(one.low, other.low), high=max(one.high, other.high))


def _cut(one: Estimate, most: float) -> Estimate:
    """Within [0, most]; an interval never leaves its mean out."""
    mean, low, high = (min(max(value, 0.0), most) for value in (one.mean, one.low, one.high))
    return Estimate(mean, min(low, mean), max(high, mean))


def _starts(kept: Parameters, start: Fitted | None) -> tuple[Floats, Floats]:
    """Where to begin: by label, so that parameters may have come and gone since."""
    if start is None:
        return np.zeros(kept.count), np.zeros(kept.count)
    if start.kept == kept:
        return start.free.theta, start.bounded.theta
    free = dict(zip(start.kept.labels, start.free.theta, strict=True))
    bounded = dict(zip(start.kept.labels, start.bounded.theta, strict=True))
    return (
        np.array([free.get(label, 0.0) for label in kept.labels]),
        np.array([bounded.get(label, 0.0) for label in kept.labels]),
    )
