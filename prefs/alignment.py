"""Steps of several trajectories in common rows: what was called alike stands side by side.

A progressive alignment: routes join one after another, most alike first, each by a weighted longest common subsequence.
Equal routes are one route, and ties are broken by the calls themselves, so the order of the alternatives has no say.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, takewhile
from typing import Final

from orchestrator.trajectory import Trajectory

Call = tuple[str, str]
"""Tool and alias; the alias is empty where only tools are compared."""
Route = tuple[Call, ...]
"""The calls of a trajectory, step by step."""

NO_CALL: Final[Call] = ("", "")
"""A step whose reply held no valid call."""
_SAME: Final = 3
_SAME_TOOL: Final = 1


class Grade(StrEnum):
    """How one alternative stands in a row, seen from the others."""

    SAME = "same"
    """All make this very call."""
    SHARED = "shared"
    """Some of the others make it too."""
    OTHER = "other"
    """The others call the same tool by another alias."""
    ALONE = "alone"
    """No other has a step here."""
    GAP = "gap"
    """It has no step here."""


@dataclass(frozen=True, slots=True)
class Row:
    """Steps that correspond, one for each alternative or none; all of them call one tool."""

    steps: tuple[int | None, ...]
    """Index of each alternative's step, in the order of the alternatives."""
    calls: tuple[Call | None, ...]

    @property
    def whole(self) -> bool:
        """Whether all alternatives make the same call here."""
        return len(set(self.calls)) == 1

    def like(self, alternative: int) -> tuple[int, ...]:
        """The other alternatives that make the same call here."""
        call = self.calls[alternative]
        if call is None:
            return ()
        return tuple(n for n, other in enumerate(self.calls) if other == call and n != alternative)

    def grade(self, alternative: int) -> Grade:
        """How that alternative stands in this row."""
        if self.calls[alternative] is None:
            return Grade.GAP
        if self.whole:
            return Grade.SAME
        if self.like(alternative):
            return Grade.SHARED
        return Grade.ALONE if sum(call is not None for call in self.calls) == 1 else Grade.OTHER


@dataclass(slots=True)
class _Growing:
    """A row while routes join."""

    calls: Counter[Call] = field(default_factory=Counter)
    steps: dict[Route, int] = field(default_factory=dict)

    def take(self, route: Route, step: int, weight: int) -> None:
        self.calls[route[step]] += weight
        self.steps[route] = step

    def gain(self, call: Call) -> int:
        """What putting the call here is worth; 0 where the row calls another tool."""
        if next(iter(self.calls))[0] != call[0]:
            return 0
        same = self.calls[call]
        return _SAME * same + _SAME_TOOL * (self.calls.total() - same)


def route(trajectory: Trajectory, *, tools_only: bool = False) -> Route:
    """What the trajectory called; by tool alone where nobody may know the alias."""
    calls = (step.call for step in trajectory.steps)
    return tuple(NO_CALL if c is None else (c.tool, "" if tools_only else c.model) for c in calls)


def aligned(routes: Sequence[Route]) -> tuple[Row, ...]:
    """The rows. Each step of each route is in exactly one of them, in order; common first steps are the first rows."""
    weights = Counter(routes)
    rows: list[_Growing] = []
    for one in _most_alike_first(sorted(weights)):
        rows = _joined(rows, one, weights[one])
    return tuple(_row(growing, routes) for growing in rows)


def common_start(routes: Sequence[Route]) -> int:
    """How many first steps all routes share."""
    return sum(1 for _ in takewhile(lambda calls: len(set(calls)) == 1, zip(*routes, strict=False)))


def _row(growing: _Growing, routes: Sequence[Route]) -> Row:
    steps = tuple(growing.steps.get(one) for one in routes)
    return Row(steps, tuple(None if step is None else one[step] for one, step in zip(routes, steps, strict=True)))


def _most_alike_first(routes: list[Route]) -> list[Route]:
    """The two that are most alike, then always the one that is most like any before it."""
    if len(routes) < 3:
        return routes
    order = list(max(combinations(routes, 2), key=lambda pair: _alike(*pair)))
    left = [one for one in routes if one not in order]
    while left:
        following = max(left, key=lambda one: max(_alike(one, before) for before in order))
        left.remove(following)
        order.append(following)
    return order


def _alike(one: Route, other: Route) -> float:
    """Calls in common, those of the common start counted twice, beside all there are."""
    common = (Counter(one) & Counter(other)).total() + common_start((one, other))
    return common / (len(one) + len(other) or 1)


def _joined(rows: list[_Growing], route: Route, weight: int) -> list[_Growing]:
    """The rows with this route in them: matched as early as the best alignment allows, else in rows of its own."""
    gains = [[row.gain(call) for call in route] for row in rows]
    best = _best(gains, len(route))
    joined: list[_Growing] = []
    at, step = 0, 0
    while at < len(rows) or step < len(route):
        if _matches(gains, best, at, step):
            rows[at].take(route, step, weight)
            joined.append(rows[at])
            at, step = at + 1, step + 1
        elif at < len(rows) and best[at][step] == best[at + 1][step]:
            joined.append(rows[at])
            at += 1
        else:
            joined.append(_Growing())
            joined[-1].take(route, step, weight)
            step += 1
    return joined


def _matches(gains: list[list[int]], best: list[list[int]], at: int, step: int) -> bool:
    if at >= len(gains) or step >= len(gains[at]):
        return False
    gain = gains[at][step]
    return gain > 0 and best[at][step] == gain + best[at + 1][step + 1]


def _best(gains: list[list[int]], length: int) -> list[list[int]]:
    """The most that the rows from `at` on and the steps from `step` on can gain, for every `at` and `step`."""
    best = [[0] * (length + 1) for _ in range(len(gains) + 1)]
    for at in range(len(gains) - 1, -1, -1):
        below, here, gained = best[at + 1], best[at], gains[at]
        for step in range(length - 1, -1, -1):
            gain = gained[step]
            matched = gain + below[step + 1] if gain else 0
            here[step] = max(matched, below[step], here[step + 1])
    return best
