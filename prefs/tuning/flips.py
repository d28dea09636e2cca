"""At which value of one weight, the others fixed, the choice of a query changes.

The worth of an alternative is a straight line in one weight, so the best of several is their upper envelope and the
winner is the same between two neighbouring thresholds. Thresholds are exact fractions of whole numbers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.tuning.exact import WEIGHT_UNITS, Ints, dollars
from prefs.tuning.packed import Packed
from prefs.tuning.winners import NONE, Tuning, Winners

END: Final = Fraction(1)
"""The greatest weight."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One query's choice changes at this weight. At the threshold itself both are worth the same."""

    at: Fraction
    query: int
    """Number of the query."""
    before: int
    """Row of the winner just below; at threshold 0, of the winner at 0."""
    after: int
    """Row of the winner just above; at threshold 1, of the winner at 1."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Weights between which nothing changes, and what the winners come to there."""

    low: Fraction
    high: Fraction
    usd: Decimal
    latency_s: float
    solved: int
    changes: int
    """Queries whose choice changed at `low`."""


@dataclass(frozen=True, eq=False)
class Flips:
    """Every threshold of one weight."""

    weight: str
    value: float
    """What the weight is in P."""
    flips: tuple[Flip, ...]
    """By threshold, then by query."""
    pieces: tuple[Piece, ...] = field(repr=False)
    """From 0 to 1."""

    @property
    def thresholds(self) -> tuple[Fraction, ...]:
        """Each once, rising."""
        return tuple(dict.fromkeys(flip.at for flip in self.flips))

    def still(self) -> tuple[Fraction, Fraction]:
        """The nearest thresholds at or below and at or above the weight of P: between them nothing changes."""
        at, found = Fraction(self.value), self.thresholds
        below, above = bisect_right(found, at), bisect_left(found, at)
        return found[below - 1] if below else Fraction(0), found[above] if above < len(found) else END

    def of_query(self, query: int) -> tuple[Flip, ...]:
        """The thresholds of one query, rising."""
        return tuple(flip for flip in self.flips if flip.query == query)


def flips(tuning: Tuning, preference: PreferenceVector, weight: str) -> Flips:
    """The thresholds of `weight`: `accuracy`, `cost`, `latency` or an alias. Raises ValueError for another name."""
    packed = tuning.packed
    named = weights(preference)
    if weight not in packed.columns and weight not in named:
        raise ValueError(f"there is no weight {weight!r}; choose one of: {', '.join(packed.columns)}")
    ends = [tuning.winners(reweighed(preference, weight, value)) for value in (0.0, 1.0)]
    found: list[Flip] = []
    if weight in packed.columns:
        fixed = packed.utility(preference, but=weight)
        for query in ends[1].changed(ends[0]).tolist():
            # The envelope is convex: what is best at 0 and at 1 is best between them, so other queries never change.
            found += _walked(packed, fixed, packed.columns[weight], query, ends)
    found.sort(key=lambda flip: (flip.at, flip.query))
    return Flips(weight, named.get(weight, 0.0), tuple(found), tuple(_pieces(packed, ends[0].rows, found)))


def reweighed(preference: PreferenceVector, weight: str, value: float) -> PreferenceVector:
    """The same P but for one weight."""
    named = {**weights(preference), weight: value}
    return PreferenceVector(named.pop("accuracy"), named.pop("cost"), named.pop("latency"), named)


def unpriced_at(packed: Packed, found: Flips, at: Fraction) -> int:
    """Of how many choices that change at a threshold the dollars, before or after, are not all known."""
    rows = [[flip.before, flip.after] for flip in found.flips if flip.at == at]
    return int(packed.unpriced_calls[rows].any(axis=1).sum()) if rows else 0


def _walked(packed: Packed, fixed: Ints, slope: Ints, query: int, ends: Sequence[Winners]) -> Iterator[Flip]:
    """The changes of one query, from 0 to 1."""
    lines = [(int(fixed[row]), int(slope[row]), row) for row in packed.rows(query) if packed.base[row] == 0]
    now = max(lines, key=lambda line: (line[0], line[1], -line[2]))
    at_zero, at_one = (int(end.rows[query]) for end in ends)
    if at_zero != now[2]:
        yield Flip(Fraction(0), query, at_zero, now[2])
    while (crossing := _next(lines, now)) is not None:
        at, after = crossing
        yield Flip(at, query, now[2], after[2])
        now = after
    if at_one != now[2]:
        yield Flip(END, query, now[2], at_one)


def _next(
    lines: Sequence[tuple[int, int, int]], now: tuple[int, int, int]
) -> tuple[Fraction, tuple[int, int, int]] | None:
    """Where the best line is overtaken below 1, and by which; of several the steepest, of equal lines the first."""
    steeper = [
        (Fraction(now[0] - line[0], (line[1] - now[1]) * WEIGHT_UNITS), -line[1], line[2], line)
        for line in lines
        if line[1] > now[1]
    ]
    if not steeper:
        return None
    at, _, _, line = min(steeper)
    return (at, line) if at < END else None


def _pieces(packed: Packed, at_zero: Ints, found: Sequence[Flip]) -> Iterator[Piece]:
    chosen = at_zero[at_zero != NONE]
    units, solved = int(packed.units[chosen].sum()), int((packed.outcome[chosen] == 1).sum())
    seconds = float(packed.latency_s[chosen].sum())
    low, changes, place = Fraction(0), 0, 0
    for at in [*dict.fromkeys(flip.at for flip in found), None]:
        high = END if at is None else at
        if low < high:
            yield Piece(low, high, dollars(units, packed.exponent), seconds, solved, changes)
        changes = 0
        while place < len(found) and found[place].at == at:
            flip = found[place]
            units += int(packed.units[flip.after]) - int(packed.units[flip.before])
            seconds += float(packed.latency_s[flip.after] - packed.latency_s[flip.before])
            solved += int(packed.outcome[flip.after] == 1) - int(packed.outcome[flip.before] == 1)
            place, changes = place + 1, changes + 1
        low = high


def neighbours(found: Flips) -> tuple[Piece | None, Piece | None]:
    """The pieces below and above the nearest thresholds around P's weight; `None` where none lies on that side."""
    low, high = found.still()
    below = next((piece for piece in found.pieces if piece.high == low), None)
    above = next((piece for piece in found.pieces if piece.low == high), None)
    return below, above
