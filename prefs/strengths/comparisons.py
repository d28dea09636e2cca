"""Pairs of named items of which one was preferred, or neither."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefs.strengths.coded import Codes, Names, coded, numbered

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """One comparison in each place of the columns; items are places in `names`."""

    names: tuple[str, ...]
    better: Codes
    worse: Codes
    tied: NDArray[np.bool_] | None = None
    """Where true, neither was preferred; `None` is no ties."""
    clusters: Codes | None = None
    """Comparisons of one cluster depend on each other; `None` is each by itself."""

    def __len__(self) -> int:
        return len(self.better)

    def wins(self, weights: NDArray[np.float64] | None = None) -> Matrix:
        """How often the item of the row was preferred to that of the column; ties are left out."""
        return self._counts(weights, None if self.tied is None else ~self.tied)

    def ties(self, weights: NDArray[np.float64] | None = None) -> Matrix:
        """How often two items tied; symmetric."""
        if self.tied is None:
            return np.zeros((len(self.names), len(self.names)))
        counts = self._counts(weights, self.tied)
        return counts + counts.T

    def _counts(self, weights: NDArray[np.float64] | None, where: NDArray[np.bool_] | None) -> Matrix:
        size = len(self.names)
        cells = self.better * size + self.worse
        if where is not None:
            cells = cells[where]
            weights = None if weights is None else weights[where]
        return np.bincount(cells, weights, minlength=size * size).reshape(size, size).astype(np.float64)


def comparisons(
    better: Names,
    worse: Names,
    *,
    tied: Sequence[bool] | NDArray[np.bool_] | None = None,
    clusters: Sequence[Hashable] | NDArray[np.generic] | None = None,
) -> Comparisons:
    """From columns of names. `tied` and `clusters` have one value for each comparison.

    Raises ValueError where the columns differ in length, are empty, or an item is compared with itself.
    """
    if len(better) != len(worse) or any(c is not None and len(c) != len(better) for c in (tied, clusters)):
        raise ValueError("the columns of comparisons must be of one length")
    names, (above, below) = coded(better, worse)
    if not len(above):
        raise ValueError("there are no comparisons; strengths need at least one")
    if (same := above == below).any():
        raise ValueError(f"{names[int(above[int(np.argmax(same))])]!r} is compared with itself; leave that out")
    mask = None if tied is None else np.asarray(tied, dtype=np.bool_)
    if mask is not None and not mask.any():
        mask = None
    return Comparisons(names, above, below, mask, None if clusters is None else numbered(clusters))
