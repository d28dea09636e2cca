"""A fit that follows the rankings as they come, equal to the fit of all of them at once.

Rankings stay packed. A new one moves the estimates by its own gradient over the known curvature, which is nearly all
of it; the exact gradient over all rankings then takes off what is left. Curvature and covariance are those of the last
full pass, which is made anew whenever parameters come or go and after every hundredth part of the rankings has changed:
estimates are exact, and the widths of intervals are between two passes off by about that part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, Fitted, covariances, described, fitted, weighed
from prefs.fit.likelihood import evaluate, parameters, slope
from prefs.fit.newton import Optimum
from prefs.fit.result import ScaledFit
from prefs.fit.sandwich import Kind
from prefs.fit.scaling import Covariate, Scaling
from prefs.judgement import Judgement

Floats = NDArray[np.float64]

CLOSE: Final = 1e-9
"""Gain in log likelihood that is not worth another pass: the last step's error is below 1e-8 standard errors."""
STALE: Final = 0.01
"""Changes per ranking after which curvature and covariance are computed anew."""
EXACT: Final = 1e-5
"""A correction beyond this, in utility, is followed by another one; the next would be a thousand times smaller."""
MOST_CORRECTIONS: Final = 8
MOST_FORGOTTEN: Final = 0.25
"""When more of the packed rankings than this were taken back, they are packed anew."""


class LiveFit:
    """The fit in one scaling of the rankings that were added and not taken back. Not for several threads at once."""

    def __init__(
        self,
        judgements: Iterable[Judgement] = (),
        *,
        scaling: Scaling = "ballot",
        aliases: Sequence[str] | None = None,
        covariates: Sequence[Covariate] = ("position",),
        clustering: Kind = "auto",
        prior_sd: float = PRIOR_SD,
    ) -> None:
        self.choices = Choices(scaling, covariates, aliases)
        self._clustering: Kind = clustering
        self._prior_sd = prior_sd
        self._covariates = tuple(covariates)
        self._fitted: Fitted | None = None
        judgements = list(judgements)
        self._numbers = dict(zip((j.ranking for j in judgements), self.choices.extend(judgements), strict=True))
        if len(self._numbers) < len(judgements):
            raise ValueError("two judgements have the same ranking id; leave out those that were superseded")
        self.settle()

    def add(self, judgement: Judgement, *, supersedes: str | None = None) -> ScaledFit | None:
        """Follow one new ranking, in the place of an earlier one where it supersedes that.

        Raises ValueError where the ranking is there already, KeyError where the superseded one is not.
        """
        return self.add_all([(judgement, supersedes)])

    def add_all(self, new: Sequence[tuple[Judgement, str | None]]) -> ScaledFit | None:
        """Follow several, each with the ranking that it supersedes; costs little more than one. Raises as `add` does.

        A ranking may supersede one before it in `new`. Where it raises either, nothing has changed.
        """
        if not new:
            return self._fit
        self._check(new)
        numbers = self.choices.extend([judgement for judgement, _ in new])
        self._numbers |= {judgement.ranking: number for (judgement, _), number in zip(new, numbers, strict=True)}
        self._lean([judgement for (judgement, _), number in zip(new, numbers, strict=True) if number is not None])
        for _, supersedes in new:
            if supersedes is not None:
                self._take_back(supersedes)
        return self._refit(len(new))

    def remove(self, ranking: str) -> ScaledFit | None:
        """Forget a ranking. Raises KeyError where it is not in the fit."""
        self._take_back(ranking)
        return self._refit(1)

    @property
    def fit(self) -> ScaledFit | None:
        """As of the last change; `None` while no ranking can be used."""
        return self._fit

    def settle(self) -> ScaledFit | None:
        """A full pass now: the fit, intervals included, is that of all rankings at once."""
        self._compact()
        self._changes = 0
        self._fit: ScaledFit | None = None
        if self.choices.rankings:
            self._fitted = fitted(self.choices, self._prior_sd, self._fitted, CLOSE)
            self._covariances = covariances(self.choices, self._fitted, self._clustering)
            self._fit = described(self.choices.scaling, self._fitted, self._covariances)
        else:
            self._fitted = None
        return self._fit

    def _check(self, new: Sequence[tuple[Judgement, str | None]]) -> None:
        come, gone = set[str](), set[str]()
        for judgement, supersedes in new:
            name = judgement.ranking
            if name in self._numbers or name in come:
                raise ValueError(f"ranking {name} is in the fit already; a correction has an id of its own")
            if supersedes is not None:
                if supersedes in gone or (supersedes not in self._numbers and supersedes not in come):
                    raise KeyError(f"ranking {supersedes} is not in the fit")
                gone.add(supersedes)
            come.add(name)

    def _refit(self, changes: int) -> ScaledFit | None:
        self._changes += changes
        found = self._fitted
        if found is None or self._changes > STALE * self.choices.rankings or found.kept != parameters(self.choices):
            return self.settle()
        corrected = _corrected(self.choices, found, self._prior_sd)
        if corrected is None:
            return self.settle()
        self._fitted = corrected
        self._fit = described(self.choices.scaling, corrected, self._covariances)
        return self._fit

    def _take_back(self, ranking: str) -> None:
        if ranking not in self._numbers:
            raise KeyError(f"ranking {ranking} is not in the fit")
        number = self._numbers.pop(ranking)
        if number is None:
            return
        self.choices.take_back(number)
        if self._fitted is not None:
            self._fitted = _leant(self._fitted, number=number)

    def _lean(self, judgements: Sequence[Judgement]) -> None:
        """Move the estimates by what the new rankings alone say."""
        if not judgements or self._fitted is None or self._fitted.kept.names != tuple(self.choices.names):
            return
        alone = Choices(self.choices.scaling, self._covariates, ())
        alone.names[:] = self.choices.names
        alone.extend(judgements)
        self._fitted = _leant(self._fitted, alone=alone)

    def _compact(self) -> None:
        packed = self.choices.weight.count
        if packed and self.choices.rankings < (1 - MOST_FORGOTTEN) * packed:
            renumbered = self.choices.compact()
            moved = {r: None if number is None else int(renumbered[number]) for r, number in self._numbers.items()}
            self._numbers = moved


def _leant(found: Fitted, *, alone: Choices | None = None, number: int | None = None) -> Fitted:
    """Both optima after some more rankings, or one less, to first order."""
    free = _step(found, found.free, alone, number)
    bounded = free if found.bounded is found.free else _step(found, found.bounded, alone, number)
    return replace(found, free=free, bounded=bounded)


def _step(found: Fitted, optimum: Optimum, alone: Choices | None, number: int | None) -> Optimum:
    evaluation = optimum.evaluation
    pull: Floats = np.zeros(found.kept.count)
    if alone is not None:
        pull = pull + evaluate(alone, found.kept, optimum.theta).gradient
    if number is not None and evaluation.scores is not None and number < evaluation.scores.shape[1]:
        pull = pull - evaluation.scores[:, number]
    moving = found.moving if optimum is found.bounded else np.ones(len(pull), np.bool_)
    theta = optimum.theta.copy()
    theta[moving] += np.linalg.solve(evaluation.information[np.ix_(moving, moving)], pull[moving])
    return replace(optimum, theta=theta)


def _corrected(choices: Choices, found: Fitted, prior_sd: float) -> Fitted | None:
    """Both optima by the exact gradient and the known curvature; `None` where other bounds hold than before."""
    every = np.ones(found.kept.count, np.bool_)
    free = _chord(choices, found, found.free, every, prior_sd)
    same = found.bounded is found.free
    bounded = free if same else _chord(choices, found, found.bounded, found.moving, prior_sd)
    if free is None or bounded is None or (bounded.theta[weighed(found.kept)] < 0).any():
        return None
    return replace(found, free=free, bounded=bounded)


def _chord(
    choices: Choices, found: Fitted, optimum: Optimum, moving: NDArray[np.bool_], prior_sd: float
) -> Optimum | None:
    """Steps with the known curvature until they are tiny; `None` where they do not get there, or a bound lets go."""
    theta, information = optimum.theta.copy(), optimum.evaluation.information[np.ix_(moving, moving)]
    for _ in range(MOST_CORRECTIONS):
        value, gradient = slope(choices, found.kept, theta)
        gradient -= theta / prior_sd**2
        step = np.linalg.solve(information, gradient[moving])
        theta[moving] += step
        if np.abs(step).max(initial=0.0) < EXACT:
            held = gradient[~moving]
            at = replace(optimum.evaluation, value=value - float(theta @ theta) / prior_sd**2 / 2)
            return None if (held > 0).any() else Optimum(theta, at, optimum.steps)
    return None
