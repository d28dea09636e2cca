"""Where routes part, and how one of them differs from another."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefs.alignment import Call, Route, common_start


@dataclass(frozen=True, slots=True)
class Branch:
    """Alternatives that go on alike."""

    members: tuple[int, ...]
    call: Call | None
    """What they call next; `None` where they have ended."""


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step at which not all do the same."""

    step: int
    """Its index, and the number of steps that all share."""
    branches: tuple[Branch, ...]
    """In the order of the alternatives."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """What one route has in place of another's calls, between what both begin and end with."""

    step: int
    """Index at which they part."""
    left_out: Route
    added: Route


def parting(routes: Sequence[Route]) -> Parting | None:
    """Where they part; `None` where all are the same to the end."""
    step = common_start(routes)
    members: dict[Call | None, list[int]] = {}
    for number, one in enumerate(routes):
        members.setdefault(one[step] if step < len(one) else None, []).append(number)
    if len(members) < 2:
        return None
    return Parting(step, tuple(Branch(tuple(numbers), call) for call, numbers in members.items()))


def deviation(base: Route, other: Route) -> Deviation:
    """How `other` differs from `base`; a repeated call counts as common where it comes first."""
    start = common_start((base, other))
    rest = base[start:], other[start:]
    end = common_start((rest[0][::-1], rest[1][::-1]))
    return Deviation(start, rest[0][: len(rest[0]) - end], rest[1][: len(rest[1]) - end])


def same_routes(routes: Sequence[Route]) -> tuple[tuple[int, ...], ...]:
    """Alternatives by their whole route, most members first, else in the order of the alternatives."""
    members: dict[Route, list[int]] = {}
    for number, one in enumerate(routes):
        members.setdefault(one, []).append(number)
    return tuple(tuple(numbers) for numbers in sorted(members.values(), key=lambda numbers: -len(numbers)))
