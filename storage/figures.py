"""How dollars, seconds, turns and errors are spread: over calls of each alias, over policies and over time.

Counted in buckets by the database; a percentile is right to 0.1 %. An unpriced call is counted, and in no percentile.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, func, select

from storage.pages import Read, Row
from storage.search_conditions import conditions
from storage.search_rows import amount_of
from storage.search_tables import FIGURES, LISTING, NANO, ROUTED_CALL
from storage.search_wishes import Wanted

_MICRO: Final = 1_000_000
Ints = NDArray[np.int64]
Filters = Sequence[ColumnElement[bool]]


class Period(StrEnum):
    """Length of what is drawn as one point in time."""

    HOUR = "hour"
    DAY = "day"

    @property
    def minutes(self) -> int:
        """Its length."""
        return 60 if self is Period.HOUR else 1440


@dataclass(slots=True)
class Counts:
    """How often each bucket occurs."""

    of: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many were counted."""
        return self.of.total()

    def at(self, share: float) -> int | None:
        """The bucket of the smallest amount that is not below this share of all; `None` of nothing."""
        rank, seen = math.ceil(share * self.total), 0
        for place in sorted(self.of):
            seen += self.of[place]
            if seen >= rank:
                return place
        return None


@dataclass(slots=True)
class Spread:
    """Of calls, or of whole trajectories."""

    count: int = 0
    unpriced: int = 0
    errors: int = 0
    """Failed calls; of trajectories, failed steps."""
    steps: int = 0
    """Of trajectories: all their steps, of which `errors` failed."""
    simulated: int = 0
    cost: Counts = field(default_factory=Counts)
    latency: Counts = field(default_factory=Counts)
    turns: Counts = field(default_factory=Counts)
    """Steps as they are, in no buckets."""

    def cost_usd(self, share: float) -> float | None:
        """Dollars at that share of all whose price is known."""
        place = self.cost.at(share)
        return None if place is None else amount_of(place) / NANO

    def latency_s(self, share: float) -> float | None:
        """Seconds at that share."""
        place = self.latency.at(share)
        return None if place is None else amount_of(place) / _MICRO


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is drawn of what was found."""

    aliases: dict[str, Spread]
    """Of their calls. A fork's shared steps are counted where they were paid for, and not again."""
    policies: dict[str, Spread]
    times: dict[int, Spread]
    """By the first minute of a period, counted from 1970 in the viewer's time zone."""
    all: Spread


def figures(read: Read, wanted: Wanted, period: Period = Period.DAY, offset_min: int = 0) -> Figures:
    """The figures of what is found; `offset_min` is the viewer's distance from UTC."""
    rows = read(select(*(LISTING.c[name] for name in FIGURES)).where(LISTING.c.steps.is_not(None), *conditions(wanted)))
    minutes, named, *amounts = zip(*rows, strict=True) if rows else [()] * len(FIGURES)
    times = (np.array(minutes, np.int64) + offset_min) // period.minutes * period.minutes
    policies, codes = np.unique(np.array(named, object).astype(str), return_inverse=True)
    measured = _Measured(*(_numbers(column) for column in amounts))
    of_times, time_codes = np.unique(times, return_inverse=True)
    return Figures(
        _aliases(read, wanted),
        dict(zip(policies.tolist(), measured.by(codes, len(policies)), strict=True)),
        dict(zip(of_times.tolist(), measured.by(time_codes, len(of_times)), strict=True)),
        measured.by(np.zeros(len(rows), np.int64), 1)[0],
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """Columns of trajectories; −1 where nothing is known."""

    cost: Ints
    latency: Ints
    steps: Ints
    failed: Ints
    unpriced: Ints
    simulated: Ints

    def by(self, codes: Ints, count: int) -> list[Spread]:
        """The spread of each group, whose number stands in `codes`."""

        def summed(values: NDArray[Any]) -> list[int]:
            return [int(total) for total in np.bincount(codes, weights=values, minlength=count)]

        spreads = [Spread(*sums) for sums in zip(*(summed(v) for v in self._sums(codes)), strict=True)]
        for name, values in (("cost", self.cost), ("latency", self.latency), ("turns", self.steps)):
            _count(codes, values, [getattr(spread, name) for spread in spreads])
        return spreads

    def _sums(self, codes: Ints) -> tuple[NDArray[Any], ...]:
        """In the order of the fields of Spread."""
        return (np.ones(len(codes)), self.unpriced > 0, self.failed, self.steps, self.simulated > 0)


def _numbers(column: Iterable[Any]) -> Ints:
    return np.array([-1 if value is None else value for value in column], np.int64)


def _count(codes: Ints, values: Ints, into: Sequence[Counts]) -> None:
    """Count each value within each group; −1 is none."""
    known = values >= 0
    width = int(values.max(initial=0)) + 1
    pairs, how_often = np.unique(codes[known] * width + values[known], return_counts=True)
    for pair, count in zip(pairs.tolist(), how_often.tolist(), strict=True):
        into[pair // width].of[pair % width] += count


def _aliases(read: Read, wanted: Wanted) -> dict[str, Spread]:
    """Of the calls of each alias."""
    spreads: dict[str, Spread] = {}
    filters = conditions(wanted)
    latencies, costs = _of_found(read, filters) if filters else _of_all(read)
    for alias, latency, failed, simulated, how_often in latencies:
        _add(spreads, alias, latency, how_often, failed=failed, simulated=simulated)
    for alias, cost, how_often in costs:
        spreads[alias].cost.of[cost] += how_often
    for spread in spreads.values():
        spread.unpriced = spread.latency.total - spread.cost.total
    return spreads


def _of_all(read: Read) -> tuple[Iterable[Row], Iterable[Row]]:
    """Counted by the database, which reads its indexes alone."""
    latencies = ((row[0], *row[2:]) for row in read(_BY_LATENCY) if not row[1])
    return latencies, ((row[0], *row[2:]) for row in read(_BY_COST) if not row[1] and row[2] is not None)


def _of_found(read: Read, filters: Filters) -> tuple[Iterable[Row], Iterable[Row]]:
    """Counted here."""
    found = ROUTED_CALL.c.trajectory_id.in_(select(LISTING.c.trajectory_id).where(*filters))
    names = ("alias", "latency_bucket", "failed", "simulated", "cost_bucket")
    counted = Counter(read(select(*(ROUTED_CALL.c[name] for name in names)).where(found, ~ROUTED_CALL.c.shared)))
    latencies = ((*row[:4], how_often) for row, how_often in counted.items())
    return latencies, ((row[0], row[4], how_often) for row, how_often in counted.items() if row[4] is not None)


def _add(
    spreads: dict[str, Spread], alias: str, latency: int | None, how_often: int, *, failed: bool, simulated: bool
) -> None:
    spread = spreads.setdefault(alias, Spread())
    spread.count += how_often
    spread.errors += how_often if failed else 0
    spread.simulated += how_often if simulated else 0
    if latency is not None:
        spread.latency.of[latency] += how_often


def _grouped(*names: str) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [ROUTED_CALL.c[name] for name in names]
    return select(*columns, func.count()).group_by(*columns)


_BY_LATENCY: Final = _grouped("alias", "shared", "latency_bucket", "failed", "simulated")
_BY_COST: Final = _grouped("alias", "shared", "cost_bucket")
