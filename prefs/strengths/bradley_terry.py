"""Bradley–Terry strengths (Biometrika 39, 1952) from counts of wins: a comparison costs nothing once it is counted."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from prefs.strengths.comparisons import Comparisons
from prefs.strengths.connection import check_connected
from prefs.strengths.davidson import DavidsonLikelihood
from prefs.strengths.newton import Matrix, Point, Vector, squares
from prefs.strengths.strength import RESAMPLES, Resampled, Strengths, estimated, resampled

Ties = Literal["half", "davidson"]


class WinsLikelihood:
    """Of a table of wins, in which a tie is half a win for either side."""

    def __init__(self, seen: Comparisons, weights: Vector | None = None) -> None:
        self.items = self.size = len(seen.names)
        self._seen, self._weights = seen, weights
        self._ties = seen.ties(weights)
        self._wins = seen.wins(weights) + self._ties / 2
        self._met = self._wins + self._wins.T
        self._won = self._wins.sum(axis=1)

    @property
    def wins(self) -> Matrix:
        """Wins of the row's item over the column's."""
        return self._wins

    def at(self, parameters: Vector) -> Point:
        """The log-likelihood there."""
        worth = np.exp(parameters - parameters.max())
        both = worth[:, None] + worth
        expected = self._met * (worth[:, None] / both)
        value = float(self._won @ np.log(worth)) - float(np.vdot(self._met, np.log(both))) / 2
        information = expected * (worth / both)
        np.negative(information, out=information)
        information[np.diag_indices_from(information)] -= information.sum(axis=1)
        return Point(value, self._won - expected.sum(axis=1), information)

    def meat(self, parameters: Vector, clusters: NDArray[np.intp] | None) -> Matrix:
        """From the counts where each comparison stands by itself."""
        if clusters is not None:
            return squares(self._scores(parameters), self._weights, clusters)
        chance = _chances(parameters)
        clear = self._wins - self._ties / 2
        spread = clear * chance.T**2
        spread += spread.T + self._ties * (0.5 - chance) ** 2
        found = -spread
        found[np.diag_indices_from(found)] += spread.sum(axis=1)
        return found

    def weighted(self, weights: Vector) -> Self:
        """The same with each comparison counted that often."""
        return type(self)(self._seen, weights)

    def _scores(self, parameters: Vector) -> csr_array:
        seen = self._seen
        surprise = _chances(parameters)[seen.worse, seen.better]
        if seen.tied is not None:
            surprise -= seen.tied / 2
        count = len(seen)
        places = np.empty(2 * count, np.intp)
        places[0::2], places[1::2] = seen.better, seen.worse
        values = np.empty(2 * count)
        values[0::2], values[1::2] = surprise, -surprise
        return csr_array((values, places, np.arange(0, 2 * count + 1, 2)), shape=(count, self.size))


def bradley_terry(
    seen: Comparisons, *, prior_sd: float | None = None, ties: Ties = "half", intervals: bool = True
) -> Strengths:
    """Strengths of the compared items, with a sandwich over the comparisons' clusters.

    `ties`: `half` counts a tie as half a win for either side, which keeps the order and shrinks the distances;
    `davidson` gives ties a probability of their own (Davidson, JASA 65, 1970). Raises NoEstimate where, without a
    prior, no finite strengths are best.
    """
    likelihood = WinsLikelihood(seen)
    if prior_sd is None:
        check_connected(seen.names, likelihood.wins)
    if ties == "davidson" and seen.tied is not None:
        return estimated(seen.names, DavidsonLikelihood(seen), (2,), prior_sd, seen.clusters, intervals=intervals)
    return estimated(seen.names, likelihood, (), prior_sd, seen.clusters, intervals=intervals)


def bradley_terry_bootstrap(
    seen: Comparisons, strengths: Strengths, *, times: int = RESAMPLES, seed: int = 0
) -> Resampled:
    """Strengths of resampled comparisons, under the prior and the model of ties of the strengths given."""
    likelihood = DavidsonLikelihood(seen) if strengths.ties else WinsLikelihood(seen)
    return resampled(strengths, likelihood, len(seen), seen.clusters, times=times, seed=seed)


def _chances(parameters: Vector) -> Matrix:
    """That the row's item is preferred to the column's."""
    worth = np.exp(parameters - parameters.max())
    found: Matrix = worth[:, None] / (worth[:, None] + worth)
    return found
