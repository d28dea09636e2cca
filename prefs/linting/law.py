"""The laws of a reward, in the order in which they are looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prefs.linting import invariances, orders
from prefs.linting.case import Case
from prefs.linting.scorer import Scorer, Unusable, Violation


@dataclass(frozen=True, slots=True)
class Law:
    """One law: its name, itself in a sentence, and what looks for a batch that breaks it."""

    name: str
    sentence: str
    check: Callable[[Scorer, Case], Violation | None]

    def broken(self, score: Scorer, case: Case) -> Violation | None:
        """A violation shown on this case, of this law only; raises Unusable where another one shows instead."""
        try:
            return self.check(score, case)
        except Unusable as unusable:
            if unusable.violation.law == self.name:
                return unusable.violation
            raise


LAWS: Final = (
    Law("runs", "A batch of graded, priced trajectories is scored without an error.", invariances.answers),
    Law("length", "Each trajectory gets one reward, in the order given.", invariances.answers),
    Law("finite", "The reward of a graded, priced trajectory is a finite number.", invariances.answers),
    Law("deterministic", "The same batch gets the same rewards again.", invariances.deterministic),
    Law("order", "The order of the batch does not matter.", invariances.order),
    Law("price-unit", "The unit of money does not matter: dollars and cents rank alike.", invariances.price_unit),
    Law("cost", "Everything else equal, a dearer trajectory never scores higher.", orders.cost),
    Law("latency", "Everything else equal, a slower trajectory never scores higher.", orders.latency),
    Law("wrong-below-right", "A wrong answer never scores above a right one.", orders.wrong_below_right),
    Law(
        "constant-element",
        "An element in which all trajectories are alike contributes 0.",
        invariances.constant_element,
    ),
    Law(
        "used-once",
        "With a positive weight on an alias, using it once scores above never using it.",
        orders.used_once,
    ),
    Law("ungraded", "An ungraded trajectory gets no reward, or is refused; no grade is assumed.", invariances.ungraded),
)
"""Weights are never negative. Only `ungraded` is tried on trajectories without a grade."""
