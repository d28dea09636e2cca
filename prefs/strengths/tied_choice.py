"""Davidson–Luce likelihood of rankings with ties (Firth, Kosmidis and Turner 2019; for pairs Davidson 1970).

Out of what is left, a set T of t items comes first together with a chance in proportion to δ_t · (∏ worth)^(1/t), over
all sets of the sizes that occur. That is a choice among sets, linear in strengths and log δ, hence concave. Only what
was left matters to the normalising sum, so equal remainders are counted together.
"""

from copy import copy
from itertools import combinations
from math import comb
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from prefs.strengths.newton import Matrix, Point, Vector, squares
from prefs.strengths.orders import Orders

MOST_SETS: Final = 5_000
"""Ways to begin a ranking that are told apart; what a step takes grows with them."""


class _Choices:
    """All choices among r items: which rankings made them, out of what, and what was chosen."""

    def __init__(
        self, seen: Orders, first: NDArray[np.intp], taken: NDArray[np.intp], r: int, sizes: list[int]
    ) -> None:
        items = len(seen.names)
        ends = np.cumsum(seen.lengths)
        self.rankings = np.searchsorted(ends, first, side="right")
        left = seen.items[first[:, None] + np.arange(r)]
        order = np.argsort(left, axis=1, kind="stable")
        left = np.take_along_axis(left, order, axis=1)
        sets, self.which = _distinct(left, items)
        self.columns = np.hstack([sets, np.broadcast_to(items + np.arange(len(sizes)), (len(sets), len(sizes)))])
        self.sets = _sets(r, sizes)
        self.chosen = np.hstack(
            [np.where(order < taken[:, None], 1 / taken[:, None], 0.0), (taken[:, None] == sizes).astype(np.float64)]
        )
        size = items + len(sizes)
        self.cells = (self.columns[:, :, None] * size + self.columns[:, None, :]).ravel()
        self.pairs = np.einsum("sa,sb->sab", self.sets, self.sets).reshape(len(self.sets), -1)

    def at(self, parameters: Vector) -> tuple[Vector, Matrix, Matrix]:
        """For each set of what was left: log of the normalising sum, expected features, their covariance."""
        chances = parameters[self.columns] @ self.sets.T
        top = chances.max(axis=1, keepdims=True)
        np.exp(chances - top, out=chances)
        total = chances.sum(axis=1, keepdims=True)
        chances /= total
        expected = chances @ self.sets
        spread = chances @ self.pairs - np.einsum("na,nb->nab", expected, expected).reshape(len(expected), -1)
        return (np.log(total) + top)[:, 0], expected, spread


class TiedChoices:
    """Of rankings with ties, or of any rankings where few distinct sets were ranked."""

    def __init__(self, seen: Orders) -> None:
        first, taken, remaining = _choices(seen)
        self.sizes = tuple(int(size) for size in np.unique(taken) if size > 1)
        """Sizes of the groups that tie."""
        self.items = len(seen.names)
        self.size = self.items + len(self.sizes)
        self._seen = seen
        self._groups: list[_Choices] = []
        for r in map(int, np.unique(remaining)):
            here = remaining == r
            self._groups.append(_Choices(seen, first[here], taken[here], r, list(self.sizes)))
        self._weigh()

    def _weigh(self) -> None:
        counts = self._seen.counts
        weights = [None if counts is None else counts[group.rankings] for group in self._groups]
        self._met = [
            np.bincount(group.which, w, minlength=len(group.columns)).astype(np.float64)
            for group, w in zip(self._groups, weights, strict=True)
        ]
        self._observed = np.zeros(self.size)
        for group, w in zip(self._groups, weights, strict=True):
            seen = group.chosen if w is None else group.chosen * w[:, None]
            columns = group.columns[group.which].ravel()
            self._observed += np.bincount(columns, seen.ravel(), minlength=self.size)

    def at(self, parameters: Vector) -> Point:
        """The log-likelihood there."""
        value = float(self._observed @ parameters)
        gradient = self._observed.copy()
        information = np.zeros(self.size * self.size)
        for group, met in zip(self._groups, self._met, strict=True):
            logs, expected, spread = group.at(parameters)
            value -= float(met @ logs)
            columns = group.columns.ravel()
            gradient -= np.bincount(columns, (expected * met[:, None]).ravel(), minlength=self.size)
            information += np.bincount(group.cells, (spread * met[:, None]).ravel(), minlength=len(information))
        return Point(value, gradient, information.reshape(self.size, self.size))

    def scores(self, parameters: Vector) -> csr_array:
        """Gradient of each ranking's log-likelihood, one row for each."""
        rows, columns, values = [], [], []
        for group in self._groups:
            _, expected, _ = group.at(parameters)
            surprise = group.chosen - expected[group.which]
            rows.append(np.repeat(group.rankings, surprise.shape[1]))
            columns.append(group.columns[group.which].ravel())
            values.append(surprise.ravel())
        where = (np.concatenate(rows), np.concatenate(columns))
        return csr_array((np.concatenate(values), where), shape=(len(self._seen), self.size))

    def meat(self, parameters: Vector, clusters: NDArray[np.intp] | None) -> Matrix:
        """From the scores of the rankings."""
        return squares(self.scores(parameters), self._seen.counts, clusters)

    def weighted(self, weights: Vector) -> Self:
        """The same with each ranking counted that often."""
        made = copy(self)
        made._seen = self._seen.counted(weights)
        made._weigh()
        return made


def few_sets(seen: Orders) -> bool:
    """Whether the rankings are many beside the sets that could be ranked, so that counting them together pays."""
    longest = int(seen.lengths.max())
    return comb(len(seen.names), min(longest, len(seen.names))) * 4 < len(seen) and longest <= 8


def _choices(seen: Orders) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Where each choice begins in the items, how many were chosen, and of how many. The last one left is no choice."""
    every = np.arange(len(seen.items))
    first = every if seen.leads is None else np.flatnonzero(seen.leads)
    taken = np.diff(first, append=len(seen.items))
    ends = np.repeat(np.cumsum(seen.lengths), seen.lengths)
    remaining = ends[first] - first
    real = remaining > 1
    return first[real], taken[real], remaining[real]


def _distinct(left: NDArray[np.intp], items: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The distinct rows, and which of them each row is."""
    if float(items) ** left.shape[1] >= 2.0**62:
        return left, np.arange(len(left))
    key = left[:, 0].copy()
    for column in left.T[1:]:
        key = key * items + column
    _, at, which = np.unique(key, return_index=True, return_inverse=True)
    return left[at], which


def _sets(r: int, sizes: list[int]) -> Matrix:
    """One row for each set that may come first out of r: 1/t at its members, then which tie size it has."""
    possible = [1, *(size for size in sizes if size <= r)]
    if (count := sum(comb(r, size) for size in possible)) > MOST_SETS:
        raise ValueError(
            f"a ranking of {r} items with ties of {sizes} has {count:,} ways to begin, more than {MOST_SETS:,}; "
            "rank fewer at a time, or split large ties"
        )
    made = np.zeros((count, r + len(sizes)))
    row = 0
    for size in possible:
        for members in combinations(range(r), size):
            made[row, list(members)] = 1 / size
            if size > 1:
                made[row, r + sizes.index(size)] = 1.0
            row += 1
    return made
