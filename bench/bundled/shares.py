"""Shares with intervals: of what a policy did with counterfactual pairs and with held-out instructions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.bundled.counterfactual import KINDS, Kind, Moved, Pair
from bench.bundled.following import Followed
from prefs.bootstrap import Interval, Resamples

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many cases. Intervals draw tasks, or instructions, with all their cases."""

    cases: int
    share: Interval | None
    """`None` where there is no case."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What a policy did with the pairs of one kind."""

    pairs: int
    """All that were made, whether the oracle moves in them or not."""
    as_oracle: Share
    """Of the pairs in which the oracle moves: afterwards the policy chooses as the oracle does, or nearly as well."""
    exactly: Share
    """Of the same pairs: it makes the very choice of the oracle."""
    clearly: Share
    """As the oracle, or nearly as well, in the pairs in which the oracle's old choice is no longer nearly as good."""
    both: Share
    """Of these clear pairs: it chooses as the oracle does, or nearly as well, before the change and afterwards."""
    rightly: Share
    """Of the pairs in which the oracle moves, as far as the change concerns the policy: it moved rightly."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a policy did with the held-out instructions."""

    instructions: int
    tasks: int
    counted_instructions: int
    """Those with any counted case."""
    followed: Share
    """Of the counted cases. No case at all means that nothing was followed."""
    exactly: Share
    """The same where only the choice of the standard words counts."""
    kinds: Mapping[str, Share]
    each: Sequence[Followed]


def moves(pairs: Sequence[Pair], found: Sequence[Moved], kinds: Iterable[Kind] = KINDS) -> Moves:
    """Of these kinds together."""
    wanted = frozenset(kinds)
    of_kind = [one for one in found if one.kind in wanted]
    clear = [one for one in of_kind if one.clear]
    return Moves(
        sum(pair.kind in wanted for pair in pairs),
        _of_tasks(of_kind, lambda one: one.as_oracle),
        _of_tasks(of_kind, lambda one: one.exact),
        _of_tasks(clear, lambda one: one.as_oracle),
        _of_tasks(clear, lambda one: one.both),
        _of_tasks([one for one in of_kind if one.rightly is not None], lambda one: bool(one.rightly)),
    )


def hearing(found: Sequence[Followed]) -> Hearing:
    """Over all instructions, and over those of each kind."""
    kinds = dict.fromkeys(one.held.kind for one in found)
    return Hearing(
        len(found),
        max((one.tasks for one in found), default=0),
        sum(one.counted > 0 for one in found),
        _of_instructions(found),
        _of_instructions(found, exactly=True),
        {kind: _of_instructions([one for one in found if one.held.kind == kind]) for kind in kinds},
        found,
    )


def _of_instructions(found: Sequence[Followed], *, exactly: bool = False) -> Share:
    counted = [float(one.counted) for one in found]
    right = [float(one.exact if exactly else one.followed) for one in found]
    share = Resamples(len(found)).ratio(right, counted)
    return Share(int(sum(counted)), share)


def _of_tasks(found: Sequence[Moved], right: Callable[[Moved], bool]) -> Share:
    tasks = list(dict.fromkeys(one.task for one in found))
    hits, cases = dict.fromkeys(tasks, 0.0), dict.fromkeys(tasks, 0.0)
    for one in found:
        hits[one.task] += right(one)
        cases[one.task] += 1
    return Share(len(found), Resamples(len(tasks)).ratio(list(hits.values()), list(cases.values())))
