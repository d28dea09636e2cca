"""The fewest rankings, or annotators, found whose removal puts one item below another.

Which ones is guessed from influence (the infinitesimal jackknife, Giordano et al. 2019; Broderick et al. 2020 for the
search) and then verified: the strengths are fitted again without them. The true minimum may be lower.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from prefs.strengths.connection import NoEstimate, linked
from prefs.strengths.newton import Optimum, Vector, maximise
from prefs.strengths.orders import Orders
from prefs.strengths.tied_choice import TiedChoices

EVEN: Final = 1e-9
"""Strengths this near to each other count as equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Removal:
    """A refit without some units, given how often each ranking then counts."""

    counts: Vector
    optimum: Optimum


class Fragility:
    """Looks for removals that turn two items around. Units are what is removed as a whole."""

    def __init__(self, seen: Orders, prior_sd: float, *, units: NDArray[np.intp] | None = None) -> None:
        self._seen = seen
        self._prior_sd = prior_sd
        self._units = np.arange(len(seen)) if units is None else units
        self._likelihood = TiedChoices(seen)
        self._full = Removal(np.ones(len(seen)), maximise(self._likelihood, prior_sd))
        ranking = np.repeat(np.arange(len(seen)), seen.lengths)
        self._entries = (seen.items, ranking)

    def fewest(self, above: int, below: int) -> tuple[int, ...] | None:
        """Units without which `below` is above `above`, as few as were found.

        `None` where no removal does it, or only one that leaves nothing to compare the two by.
        """
        if _gap(self._full, above, below) < -EVEN:
            return ()
        gone = self._enough(above, below)
        if gone is None:
            return None
        low, high = 0, len(gone)
        while high - low > 1:
            middle = (low + high) // 2
            refit = self._without(gone[:middle])
            if refit is not None and _gap(refit, above, below) < -EVEN:
                high = middle
            else:
                low = middle
        found = self._spared(gone[:high], above, below)
        return None if self._apart(found, above, below) else tuple(found)

    def flips(self, gone: tuple[int, ...], above: int, below: int) -> bool:
        """Whether a fit without these units really puts `below` above."""
        refit = self._without(list(gone))
        return refit is not None and _gap(refit, above, below) < -EVEN

    def _enough(self, above: int, below: int) -> list[int] | None:
        """Units in the order of removal, most harmful first, until the two have turned around."""
        gone: list[int] = []
        now = self._full
        while (gap := _gap(now, above, below)) >= -EVEN:
            harm = self._harm(now, above, below)
            harm[gone] = 0.0
            worst = np.argsort(-harm, kind="stable")
            worst = worst[harm[worst] > 0]
            if not len(worst):
                return None
            needed = int(np.searchsorted(np.cumsum(harm[worst]), gap)) + 1
            # Half of what the linear guess asks for, then a look at what has changed.
            gone += worst[: max(1, needed // 2)].tolist()
            refit = self._without(gone)
            if refit is None or not self._present(refit, above) or not self._present(refit, below):
                return None
            now = refit
        return gone

    def _spared(self, gone: list[int], above: int, below: int) -> list[int]:
        """Without the units that need not be removed; only tried where there are few."""
        if len(gone) > 20:
            return gone
        for unit in list(gone):
            fewer = [other for other in gone if other != unit]
            if fewer and self.flips(tuple(fewer), above, below):
                gone = fewer
        return gone

    def _harm(self, now: Removal, above: int, below: int) -> Vector:
        """How far the two come together, to first order, by removing each unit."""
        contrast = np.zeros(self._likelihood.size)
        contrast[above], contrast[below] = 1.0, -1.0
        curvature = now.optimum.information + np.eye(len(contrast)) * self._prior_sd**-2
        pull = self._likelihood.scores(now.optimum.parameters) @ solve(curvature, contrast, assume_a="pos")
        return np.bincount(self._units, pull * now.counts).astype(np.float64)

    def _without(self, gone: list[int]) -> Removal | None:
        counts = np.where(np.isin(self._units, gone), 0.0, 1.0)
        if not counts.any():
            return None
        start = self._full.optimum.parameters
        try:
            return Removal(counts, maximise(self._likelihood.weighted(counts), self._prior_sd, start))
        except NoEstimate:
            return None

    def _apart(self, gone: list[int], above: int, below: int) -> bool:
        """Whether nothing links the two any more, so that only the prior orders them."""
        left = self._seen.counted(np.where(np.isin(self._units, gone), 0.0, 1.0))
        part = linked(left.wins())
        return bool(part[above] != part[below])

    def _present(self, refit: Removal, item: int) -> bool:
        items, ranking = self._entries
        return bool((refit.counts[ranking[items == item]] > 0).any())


def _gap(removal: Removal, above: int, below: int) -> float:
    return float(removal.optimum.parameters[above] - removal.optimum.parameters[below])
