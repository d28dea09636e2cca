"""Which stored alternative wins for each query under P, and the totals of always taking the winner.

The winner is chosen with the grades at hand, so the solved share is the most that choosing among what is stored can
reach; it does not foretell what a policy that runs under P will solve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from orchestrator.preference import PreferenceVector
from prefs.agreement.measured import share
from prefs.bootstrap import Interval
from prefs.tuning.exact import Ints, dollars
from prefs.tuning.packed import UNKNOWN, Packed, Rule, pack
from prefs.tuning.stored import Stored

NONE: Final = -1
"""The row of a query that has no winner."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of always taking the winner."""

    queries: int
    """With a winner."""
    left_out: int
    """Queries without one: nobody has graded an alternative of theirs."""
    tied: int
    """Queries where several alternatives share the best worth; the first in the order of `Packed` was taken."""
    none_right: int
    """Queries all of whose competing alternatives are wrong; with the gate the cheapest of them is taken."""
    usd: Decimal
    """Known dollars, exactly."""
    usd_float: float
    """The same as a float, for charts and for comparing settings."""
    unpriced: int
    """Winners of which the dollars of some call are unknown."""
    unpriced_calls: int
    latency_s: float
    """Seconds, one winner after another."""
    solved: int
    graded: int
    solved_share: Interval | None
    """Of the graded winners, with Wilson's 95% interval; `None` where none is graded."""
    alias_share: Mapping[str, float]
    """Alias to its share of the winners' routed calls; empty where there are none."""
    simulated: int
    """Winners with a simulated call."""

    @property
    def ungraded(self) -> int:
        """Winners that nobody has graded."""
        return self.queries - self.graded


@dataclass(frozen=True, eq=False)
class Winners:
    """The winner of each query under one P."""

    preference: PreferenceVector
    rows: Ints
    """Row of the winner for each query, in the order of `Packed.queries`; −1 where there is none."""
    totals: Totals

    def changed(self, reference: "Winners") -> Ints:
        """Numbers of the queries whose winner is another one than under the reference."""
        return np.flatnonzero(self.rows != reference.rows)


class Tuning:
    """Stored alternatives, ready to be chosen among under any P."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        outcome, competes = packed.outcome, packed.base == 0
        self._may_be_right = competes & (outcome != 0)
        self._all_wrong = np.maximum.reduceat(competes, packed.starts) & ~np.maximum.reduceat(
            self._may_be_right, packed.starts
        )

    @classmethod
    def of(cls, alternatives: Iterable[Stored], rule: Rule | None = None) -> "Tuning":
        """Pack alternatives; raises ValueError where there is none."""
        return cls(pack(alternatives, rule))

    def winners(self, preference: PreferenceVector) -> Winners:
        """The winners under P with their totals."""
        packed = self.packed
        utility = packed.utility(preference)
        best = np.maximum.reduceat(utility, packed.starts)
        at_best = utility == best[packed.query_of]
        rows = np.minimum.reduceat(np.where(at_best, np.arange(len(packed)), len(packed)), packed.starts)
        rows = np.where(best < 0, NONE, rows)
        sharing = np.add.reduceat(at_best & self._may_be_right, packed.starts, dtype=np.int64)
        return Winners(preference, rows, self._totals(rows, int((sharing > 1).sum())))

    def ids(self, winners: Winners) -> dict[str, str | None]:
        """Query to the id of its winner, `None` where there is none."""
        ids = self.packed.ids
        return {
            query: None if row == NONE else ids[row]
            for query, row in zip(self.packed.queries, winners.rows.tolist(), strict=True)
        }

    def _totals(self, rows: Ints, tied: int) -> Totals:
        packed = self.packed
        chosen = rows[rows != NONE]
        outcome = packed.outcome[chosen]
        usd = dollars(int(packed.units[chosen].sum()), packed.exponent)
        solved, graded = int((outcome == 1).sum()), int((outcome != UNKNOWN).sum())
        unpriced = packed.unpriced_calls[chosen]
        uses = packed.uses[chosen].sum(axis=0).tolist()
        called = sum(uses)
        return Totals(
            queries=len(chosen),
            left_out=len(rows) - len(chosen),
            tied=tied,
            none_right=int(self._all_wrong.sum()),
            usd=usd,
            usd_float=float(usd),
            unpriced=int((unpriced > 0).sum()),
            unpriced_calls=int(unpriced.sum()),
            latency_s=float(packed.latency_s[chosen].sum()),
            solved=solved,
            graded=graded,
            solved_share=share(solved / graded, graded) if graded else None,
            alias_share={alias: n / called for alias, n in zip(packed.aliases, uses, strict=True) if n},
            simulated=int(packed.simulated[chosen].sum()),
        )
