"""Where alternatives part, in one sentence. It is computed from their calls; no model writes it."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from prefs.alignment import NO_CALL, Call, Route
from prefs.parting import Branch, Deviation, Parting, deviation, parting, same_routes
from webapp.views import amounts

NOTHING: Final = "None of them has called anything yet."
_INVALID: Final = "a reply without a valid call"
_MOST_LEAVING: Final = 3
"""Groups that leave the others, each in a clause of its own; with more, only the first parting is told."""
_MOST_NAMED: Final = 4
"""Calls that are named one by one."""


def sentence(labels: Sequence[str], routes: Sequence[Route]) -> str:
    """Who goes the same way, and where the others leave it."""
    parted = parting(routes)
    if parted is None:
        return _all_alike(labels, routes[0])
    if len(routes) == 2:
        return _two(labels, routes, parted)
    trunk, *leaving = same_routes(routes)
    if len(trunk) > 1 and len(leaving) <= _MOST_LEAVING:
        return _leaving(labels, routes, trunk, leaving)
    return _branches(labels, routes, parted)


def call_words(call: Call | None) -> str:
    """The alias, the tool where the alias may not be known, or what is there instead."""
    if call is None:
        return "no further call"
    return _INVALID if call == NO_CALL else call[1] or call[0]


def joined(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _named(labels: Sequence[str], members: Iterable[int]) -> str:
    return joined(labels[number] for number in members)


def _all_alike(labels: Sequence[str], route: Route) -> str:
    if not route:
        return NOTHING
    same = "the same call" if len(route) == 1 else f"the same {len(route)} calls in the same order"
    return f"{joined(labels)} go the same way to the end: {same}."


def _two(labels: Sequence[str], routes: Sequence[Route], parted: Parting) -> str:
    one, other = labels
    found = deviation(*routes)
    if not found.step and not _end(routes[0], found):
        return _branches(labels, routes, parted)
    if len(found.left_out) == len(found.added) == 1:
        step, mine, theirs = found.step + 1, call_words(found.left_out[0]), call_words(found.added[0])
        return f"{one} and {other} go the same way but for step {step}: {one} has {mine}, {other} has {theirs}."
    if not found.added:
        return f"{other} goes the same way as {one}, but leaves out {_steps(found.step, found.left_out)}."
    if not found.left_out:
        return f"{other} goes the same way as {one}, but adds {_steps(found.step, found.added)}."
    return _branches(labels, routes, parted)


def _end(base: Route, found: Deviation) -> int:
    """How many last steps both have in common."""
    return len(base) - found.step - len(found.left_out)


def _leaving(
    labels: Sequence[str], routes: Sequence[Route], trunk: Sequence[int], leaving: Sequence[Sequence[int]]
) -> str:
    clauses = [
        _clause(_named(labels, members), len(members) > 1, deviation(routes[trunk[0]], routes[members[0]]))
        for members in leaving
    ]
    return f"{_named(labels, trunk)} go the same way to the end; {'; '.join(clauses)}."


def _clause(who: str, several: bool, found: Deviation) -> str:
    """How these leave the others' way."""

    def verb(one: str, many: str) -> str:
        return f"{who} {many if several else one}"

    if not found.added:
        return f"{verb('leaves', 'leave')} out {_steps(found.step, found.left_out)}"
    if not found.left_out:
        return f"{verb('adds', 'add')} {_steps(found.step, found.added)}"
    mine, theirs = call_words(found.added[0]), call_words(found.left_out[0])
    if len(found.left_out) == len(found.added) == 1:
        return f"{verb('differs', 'differ')} in step {found.step + 1} only ({mine} instead of {theirs})"
    return f"{verb('leaves', 'leave')} them at step {found.step + 1} ({mine} instead of {theirs})"


def _branches(labels: Sequence[str], routes: Sequence[Route], parted: Parting) -> str:
    all_words = joined(labels) if len(labels) == 2 else "All"
    if parted.step == 0:
        start = f"{all_words if len(labels) == 2 else 'They'} part at the first step"
    else:
        same = "the same first step" if parted.step == 1 else f"the same first {parted.step} steps"
        start = f"{all_words} take {same} and part at step {parted.step + 1}"
    return f"{start}: {_each(labels, parted.branches)}{_later(labels, routes, parted)}."


def _each(labels: Sequence[str], branches: Sequence[Branch]) -> str:
    """`A and C call search-2, B answer-1, D ends there`."""
    parts, called = [], False
    for branch in branches:
        who, several = _named(labels, branch.members), len(branch.members) > 1
        if branch.call is None:
            parts.append(f"{who} {'end' if several else 'ends'} there")
        elif branch.call == NO_CALL:
            parts.append(f"{who} {'make' if several else 'makes'} no valid call")
        else:
            verb = "" if called else "call " if several else "calls "
            parts.append(f"{who} {verb}{call_words(branch.call)}")
            called = True
    return ", ".join(parts)


def _later(labels: Sequence[str], routes: Sequence[Route], parted: Parting) -> str:
    """What becomes of the largest branch: the same way to the end, or another parting."""
    if len(routes) == 2:
        return ""
    together = [members for members in same_routes(routes) if len(members) > 1]
    if together:
        return "; " + joined(f"{_named(labels, members)} go the same way to the end" for members in together[:2])
    largest = max(parted.branches, key=lambda branch: len(branch.members)).members
    again = parting([routes[number] for number in largest])
    if again is None:
        return ""
    there = joined(call_words(branch.call) for branch in again.branches)
    return f"; {_named(labels, largest)} part at step {again.step + 1} ({there})"


def _steps(first: int, calls: Route) -> str:
    """`step 3 (search-2)`, `steps 3 to 5 (search-2 ×3)`."""
    last = first + len(calls)
    between = "and" if len(calls) == 2 else "to"
    number = f"step {last}" if len(calls) == 1 else f"steps {first + 1} {between} {last}"
    runs = [(call, len(list(same))) for call, same in groupby(calls)]
    if len(runs) > _MOST_NAMED:
        return f"{number} ({amounts.counted(len(calls), 'call')})"
    named = (call_words(call) if count == 1 else f"{call_words(call)} ×{count}" for call, count in runs)
    return f"{number} ({', '.join(named)})"
