"""Davidson's likelihood of comparisons with ties (JASA 65, 1970) from counts of wins and ties.

Either of two items wins in proportion to its worth, and they tie in proportion to δ times the root of the product.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from prefs.strengths.comparisons import Comparisons
from prefs.strengths.newton import Matrix, Point, Vector, squares


class DavidsonLikelihood:
    """Parameters: the strengths, then log δ."""

    def __init__(self, seen: Comparisons, weights: Vector | None = None) -> None:
        self.items = len(seen.names)
        self.size = self.items + 1
        self._seen, self._weights = seen, weights
        self._wins, self._ties = seen.wins(weights), seen.ties(weights)
        self._met = self._wins + self._wins.T + self._ties
        self._observed = np.append((self._wins + self._ties / 2).sum(axis=1), self._ties.sum() / 2)

    def at(self, parameters: Vector) -> Point:
        """The log-likelihood there."""
        shifted = parameters.copy()
        shifted[:-1] -= shifted[:-1].max()
        point, tie, total = _chances(shifted)
        expected = np.append((self._met * point).sum(axis=1), (self._met * tie).sum() / 2)
        value = float(self._observed @ shifted) - float(np.vdot(self._met, np.log(total))) / 2
        spread = self._met * (point * (1 - point) - tie / 4)
        cross = (self._met * tie * (0.5 - point)).sum(axis=1)
        own = float((self._met * tie * (1 - tie)).sum() / 2)
        return Point(value, self._observed - expected, _bordered(spread, cross, own))

    def meat(self, parameters: Vector, clusters: NDArray[np.intp] | None) -> Matrix:
        """From the counts where each comparison stands by itself."""
        point, tie, _ = _chances(parameters)
        if clusters is not None:
            return squares(self._scores(point, tie), self._weights, clusters)
        lost = self._wins.T
        spread = self._wins * (1 - point) ** 2 + lost * point**2 + self._ties * (0.5 - point) ** 2
        cross = self._ties * (0.5 - point) * (1 - tie) - self._wins * (1 - point) * tie + lost * point * tie
        own = ((self._wins + lost) * tie**2 + self._ties * (1 - tie) ** 2).sum() / 2
        return _bordered(spread, cross.sum(axis=1), float(own))

    def weighted(self, weights: Vector) -> Self:
        """The same with each comparison counted that often."""
        return type(self)(self._seen, weights)

    def _scores(self, point: Matrix, tie: Matrix) -> csr_array:
        seen = self._seen
        tied = np.zeros(len(seen)) if seen.tied is None else seen.tied.astype(np.float64)
        surprise = 1 - tied / 2 - point[seen.better, seen.worse]
        values = np.column_stack([surprise, -surprise, tied - tie[seen.better, seen.worse]])
        places = np.column_stack([seen.better, seen.worse, np.full(len(seen), self.items)])
        rows = np.arange(0, values.size + 1, 3)
        return csr_array((values.ravel(), places.ravel(), rows), shape=(len(seen), self.size))


def _chances(parameters: Vector) -> tuple[Matrix, Matrix, Matrix]:
    """For the row's item against the column's: its expected points (a tie is half of one), the chance of a tie, and
    the sum by which both were divided."""
    root = np.exp((parameters[:-1] - parameters[:-1].max()) / 2)
    readiness = np.outer(root, root) * np.exp(parameters[-1])
    worth = (root**2)[:, None]
    total = worth + root**2 + readiness
    tie = readiness / total
    return worth / total + tie / 2, tie, total


def _bordered(spread: Matrix, cross: Vector, own: float) -> Matrix:
    """What pairs add to the square of their strengths' difference, beside the row and column of log δ."""
    items = len(spread)
    found = np.empty((items + 1, items + 1))
    found[:items, :items] = -spread
    diagonal = np.diag_indices(items)
    found[diagonal] = spread.sum(axis=1) - spread[diagonal]
    found[items, :items] = found[:items, items] = cross
    found[items, items] = own
    return found
