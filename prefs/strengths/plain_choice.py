"""Plackett–Luce likelihood of rankings without ties (Plackett 1975, Luce 1959; Hunter, Annals of Statistics 32, 2004).

A ranking of k items is k − 1 choices of the best among what is left. Everything a Newton step needs are sums over
places of the rankings: with S the summed worth of what is left, 1/S and 1/S² summed over the choices so far.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from prefs.strengths.newton import Matrix, Point, Vector, squares
from prefs.strengths.orders import Orders


class _OfLength:
    """The rankings of one length: items by place (rows) and ranking (columns)."""

    def __init__(self, seen: Orders, length: int) -> None:
        self.rankings = np.flatnonzero(seen.lengths == length)
        at = seen.starts[self.rankings]
        self.items: NDArray[np.intp] = np.ascontiguousarray(seen.items[at + np.arange(length)[:, None]])
        size = len(seen.names)
        # Cells of pairs by the place of the better one.
        self.cells = [(self.items[a] * size + self.items[a + 1 :]).ravel() for a in range(length - 1)]
        self.firsts = np.bincount(self.items[:-1].ravel(), minlength=size)

    def left(self, worth: Vector) -> Matrix:
        """Summed worth of what is left at each choice."""
        left = worth[self.items]
        for place in range(len(left) - 2, -1, -1):
            left[place] += left[place + 1]
        return left[:-1]

    def scores(self, worth: Vector) -> csr_array:
        """Gradient of each ranking's log-likelihood, one row for each."""
        length, count = self.items.shape
        surprise = -worth[self.items]
        gone = np.cumsum(1 / self.left(worth), axis=0)
        surprise[:-1] *= gone
        surprise[-1] *= gone[-1]
        surprise[:-1] += 1
        rows = np.arange(0, length * count + 1, length)
        return csr_array((surprise.T.ravel(), self.items.T.ravel(), rows), shape=(count, len(worth)))


class PlainChoices:
    """Of rankings without ties."""

    def __init__(self, seen: Orders, groups: list[_OfLength] | None = None) -> None:
        self.items = self.size = len(seen.names)
        self._seen = seen
        self._groups = groups or [_OfLength(seen, int(k)) for k in np.unique(seen.lengths) if k > 1]
        self._weights = [None if seen.counts is None else seen.counts[group.rankings] for group in self._groups]
        self._chosen = np.sum(list(map(self._firsts, self._groups, self._weights)), axis=0).astype(np.float64)

    def at(self, parameters: Vector) -> Point:
        """The log-likelihood there."""
        worth = np.exp(parameters - parameters.max())
        value = float(self._chosen @ np.log(worth))
        once, twice = np.zeros(self.size), np.zeros(self.size * self.size)
        for group, weights in zip(self._groups, self._weights, strict=True):
            left = group.left(worth)
            # The logarithm of a product instead of many logarithms; a long product could underflow.
            logs = np.log(left.prod(axis=0)) if len(left) <= 6 else np.log(left).sum(axis=0)
            value -= float(logs.sum() if weights is None else weights @ logs)
            shares = np.reciprocal(left, out=left)
            self._add(group, weights, shares, once, twice)
        once *= worth
        information = twice.reshape(self.size, self.size)
        information += information.T
        information *= -np.outer(worth, worth)
        # Each row sums to 0, since moving all strengths alike changes nothing.
        information[np.diag_indices_from(information)] -= information.sum(axis=1)
        return Point(value, self._chosen - once, information)

    def meat(self, parameters: Vector, clusters: NDArray[np.intp] | None) -> Matrix:
        """From the scores of the rankings."""
        worth = np.exp(parameters - parameters.max())
        if clusters is None:
            found = np.zeros((self.size, self.size))
            for group, weights in zip(self._groups, self._weights, strict=True):
                found += squares(group.scores(worth), weights, None)
            return found
        rows = np.concatenate([group.rankings for group in self._groups])
        times = None if self._seen.counts is None else self._seen.counts[rows]
        return squares(vstack([group.scores(worth) for group in self._groups]), times, clusters[rows])

    def weighted(self, weights: Vector) -> Self:
        """The same with each ranking counted that often."""
        return type(self)(self._seen.counted(weights), self._groups)

    def _firsts(self, group: _OfLength, weights: Vector | None) -> Vector:
        if weights is None:
            return group.firsts.astype(np.float64)
        spread = np.broadcast_to(weights, group.items[:-1].shape).ravel()
        return np.bincount(group.items[:-1].ravel(), spread, minlength=self.size).astype(np.float64)

    def _add(self, group: _OfLength, weights: Vector | None, shares: Matrix, once: Vector, twice: Vector) -> None:
        """Sums of 1/S by item and of 1/S² by pair, over the choices for which the item or pair was still left."""
        choices, count = shares.shape
        again = shares**2
        if weights is not None:
            shares *= weights
            again *= weights
        for place in range(1, choices):
            shares[place] += shares[place - 1]
            again[place] += again[place - 1]
        once += np.bincount(group.items[:-1].ravel(), shares.ravel(), minlength=self.size)
        once += np.bincount(group.items[-1], shares[-1], minlength=self.size)
        for place, cells in enumerate(group.cells):
            spread = np.broadcast_to(again[place], (choices - place, count)).ravel()
            twice += np.bincount(cells, spread, minlength=len(twice))
