"""The greatest of a concave log likelihood with a weak Gaussian prior, by damped Newton steps; deterministic.

With bounds it is projected Newton (Bertsekas 1982): parameters that sit at 0 and would leave the region stay there,
the others take the Newton step, and the line search runs along the projected step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prefs.fit.likelihood import Evaluation

Floats = NDArray[np.float64]
Objective = Callable[[Floats], Evaluation]

MOST_STEPS: Final = 100
CLOSE: Final = 1e-12
"""Gain in log likelihood that is not worth another step."""


class DidNotConverge(ArithmeticError):
    """The fit did not settle; the message says after how many steps."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended. The evaluation includes the prior, its scores do not."""

    theta: Floats
    evaluation: Evaluation
    steps: int


@dataclass(frozen=True, slots=True)
class Prior:
    """Independent normal distributions, one per parameter."""

    precision: Floats
    mean: Floats | float = 0.0

    def added(self, own: Evaluation, theta: Floats) -> Evaluation:
        """The evaluation of the likelihood with this prior; scores stay the likelihood's own."""
        away = theta - self.mean
        return Evaluation(
            own.value - float(self.precision @ away**2) / 2,
            own.gradient - self.precision * away,
            own.information + np.diag(self.precision),
            own.scores,
        )


def maximise(
    objective: Objective,
    start: Floats,
    prior: Prior,
    bounded: NDArray[np.bool_] | None = None,
    close: float = CLOSE,
) -> Optimum:
    """`bounded` parameters are kept at 0 or above; a step that promises a gain below `close` is the last.

    Raises DidNotConverge after MOST_STEPS.
    """
    bounded = np.zeros(len(start), np.bool_) if bounded is None else bounded

    def penalised(theta: Floats) -> Evaluation:
        return prior.added(objective(theta), theta)

    theta = _projected(start, bounded)
    at = penalised(theta)
    for steps in range(1, MOST_STEPS + 1):
        direction = _direction(at, theta, bounded)
        if float(at.gradient @ direction) < close:
            return Optimum(_projected(theta + direction, bounded), at, steps)
        theta, at = _searched(penalised, (theta, at), direction, bounded)
    raise DidNotConverge(f"the fit did not settle after {MOST_STEPS} steps; the rankings may hold numbers out of range")


def _direction(at: Evaluation, theta: Floats, bounded: NDArray[np.bool_]) -> Floats:
    free = ~(bounded & (theta <= 0) & (at.gradient <= 0))
    direction = np.zeros_like(theta)
    direction[free] = np.linalg.solve(at.information[np.ix_(free, free)], at.gradient[free])
    return direction


def _searched(
    objective: Objective,
    origin: tuple[Floats, Evaluation],
    direction: Floats,
    bounded: NDArray[np.bool_],
) -> tuple[Floats, Evaluation]:
    """The longest halved step that gains enough; what rounding alone could explain counts as no loss."""
    theta, before = origin
    slack = 1e-13 * (1 + abs(before.value))
    length = 1.0
    while True:
        there = _projected(theta + length * direction, bounded)
        at = objective(there)
        if at.value >= before.value + 1e-4 * float(before.gradient @ (there - theta)) - slack or length < 1e-10:
            return there, at
        length /= 2


def _projected(theta: Floats, bounded: NDArray[np.bool_]) -> Floats:
    return np.where(bounded, np.maximum(theta, 0.0), theta)
