"""The widest difference of dollars or seconds between alternatives, and the rows it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

Amount = TypeVar("Amount", Decimal, float)
Table = Sequence[Sequence[Amount]]
"""Amounts by row and alternative; 0 where the alternative has no step in the row."""


@dataclass(frozen=True, slots=True)
class Widest(Generic[Amount]):
    """The alternative with the most beside the one with the least."""

    most: int
    least: int
    total_most: Amount
    total_least: Amount
    parts: tuple[tuple[int, Amount], ...]
    """Row and what it adds to the difference, the greatest first; they sum to the difference."""

    @property
    def difference(self) -> Amount:
        """Zero or more."""
        return self.total_most - self.total_least

    @property
    def main(self) -> tuple[tuple[int, Amount], ...]:
        """The one row that makes half of the difference or more, else the two greatest."""
        first = self.parts[0][1]
        return self.parts[:1] if first + first >= self.difference else self.parts[:2]

    @property
    def main_amount(self) -> Amount:
        """What those rows add; more than the difference where other rows take some back."""
        amount = self.main[0][1]
        for _, more in self.main[1:]:
            amount = amount + more
        return amount


def widest(table: Table[Amount], among: Sequence[int], zero: Amount) -> Widest[Amount]:
    """Between the alternatives of `among` (two or more); the first of equal ones is taken."""
    totals = {number: sum((row[number] for row in table), zero) for number in among}
    most, least = max(among, key=lambda number: totals[number]), min(among, key=lambda number: totals[number])
    parts = sorted(((at, row[most] - row[least]) for at, row in enumerate(table)), key=lambda part: -part[1])
    return Widest(most, least, totals[most], totals[least], tuple(parts))
