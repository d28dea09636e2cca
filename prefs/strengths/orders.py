"""Rankings of named items: best first, with ties, of any length, each of any of the items."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prefs.strengths.coded import Codes, coded_rows, in_order, numbered
from prefs.strengths.comparisons import Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Rankings one after another. An item that comes twice in a ranking is there with two alternatives."""

    names: tuple[str, ...]
    items: Codes
    """Places in `names`, each ranking best first."""
    lengths: Codes
    """Items of each ranking."""
    leads: NDArray[np.bool_] | None = None
    """True where an item begins a new group of its ranking; `None` where nothing ties."""
    clusters: Codes | None = None
    """Rankings of one cluster depend on each other; `None` is each by itself."""
    counts: NDArray[np.float64] | None = None
    """How often each ranking was given; `None` is once."""

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> Codes:
        """Where each ranking begins in `items`."""
        return np.cumsum(self.lengths) - self.lengths

    def beats(self) -> Matrix:
        """Above 0 where the item of the row came directly above or level with that of the column, in any ranking."""
        size = len(self.names)
        inner = np.ones(len(self.items), np.bool_)
        inner[self.starts[self.lengths > 0]] = False
        if self.counts is not None:
            inner &= np.repeat(self.counts > 0, self.lengths)
        below = np.flatnonzero(inner)
        cells = self.items[below - 1] * size + self.items[below]
        found = np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.float64)
        if self.leads is not None:
            level = below[~self.leads[below]]
            found.ravel()[:] += np.bincount(self.items[level] * size + self.items[level - 1], minlength=size * size)
        return found

    def wins(self) -> Matrix:
        """How often the item of the row was above that of the column, a tie as half; pairs of one item left out."""
        size = len(self.names)
        leads = np.ones(len(self.items), np.bool_) if self.leads is None else self.leads
        group = np.cumsum(leads)
        ends = np.repeat(np.cumsum(self.lengths), self.lengths)
        times = np.ones(len(self)) if self.counts is None else self.counts
        weights = np.repeat(times, self.lengths)
        found = np.zeros((size, size))
        for apart in range(1, int(self.lengths.max())):
            above = np.flatnonzero(np.arange(len(self.items)) + apart < ends)
            below = above + apart
            half = weights[above] * np.where(group[above] == group[below], 0.5, 1.0)
            cells = self.items[above] * size + self.items[below]
            clear = np.bincount(cells, half, minlength=size * size).reshape(size, size)
            level = np.bincount(cells, weights[above] - half, minlength=size * size).reshape(size, size)
            found += clear + level.T
        np.fill_diagonal(found, 0.0)
        return found

    def counted(self, counts: NDArray[np.float64]) -> Self:
        """The same with each ranking counted that often."""
        return type(self)(self.names, self.items, self.lengths, self.leads, self.clusters, counts)


def orders(
    rankings: Sequence[Sequence[str]], *, clusters: Sequence[Hashable] | NDArray[np.generic] | None = None
) -> Orders:
    """From rankings without ties, each its items' names, best first. Items that a ranking lacks are unranked in it."""
    names, flat, lengths = coded_rows(rankings)
    return _checked(Orders(names, flat, lengths, None, _clusters(clusters, len(lengths))))


def orders_with_ties(
    rankings: Sequence[Sequence[Sequence[str]]],
    *,
    clusters: Sequence[Hashable] | NDArray[np.generic] | None = None,
) -> Orders:
    """From rankings of groups, best first; the items of a group are tied."""
    groups = list(chain.from_iterable(rankings))
    names, flat, sizes = coded_rows(groups)
    if (sizes == 0).any():
        raise ValueError("a group of a ranking cannot be empty")
    per_ranking = np.fromiter(map(len, rankings), np.intp, len(rankings))
    ends = np.concatenate([[0], np.cumsum(sizes)])[np.cumsum(per_ranking)]
    leads = np.zeros(len(flat), np.bool_)
    leads[np.cumsum(sizes) - sizes] = True
    lengths = np.diff(ends, prepend=0)
    return _checked(Orders(names, flat, lengths, _some(leads), _clusters(clusters, len(lengths))))


def of_table(table: NDArray[np.intp], names: Sequence[str], *, clusters: NDArray[np.generic] | None = None) -> Orders:
    """From a table with one ranking in each row: places in `names`, best first."""
    if table.size and (table.min() < 0 or table.max() >= len(names)):
        raise ValueError(f"a place in the table is not among the {len(names)} names")
    sorted_names, (flat,) = in_order(list(names), (table.ravel().astype(np.intp, copy=False),))
    if len(set(names)) < len(names):
        raise ValueError("two items have the same name")
    lengths = np.full(len(table), table.shape[1], np.intp)
    return _checked(Orders(sorted_names, flat, lengths, None, _clusters(clusters, len(table))))


def _some(leads: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return None if leads.all() else leads


def _clusters(given: Sequence[Hashable] | NDArray[np.generic] | None, count: int) -> Codes | None:
    if given is None:
        return None
    if len(given) != count:
        raise ValueError(f"there must be a cluster for each of the {count} rankings, not {len(given)}")
    return numbered(given)


def _checked(made: Orders) -> Orders:
    if not (made.lengths > 1).any():
        raise ValueError("no ranking places an item against another; strengths need at least one that does")
    return made
