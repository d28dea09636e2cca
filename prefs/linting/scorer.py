"""A reward under trial: called with a case, its answer checked before any law reads it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Final

from prefs.linting.case import Case, Record, label

Reward = Callable[[list[Record], dict[str, Any]], Sequence[float | None]]
"""What is linted: records of the rollouts of one query, and P in JSON form, to one number for each."""
Scores = tuple[float | None, ...]
TOLERANCE: Final = 1e-6
"""Relative to the greater of the two numbers and 1: rewards in single precision are not at fault for that."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A case and what the reward gave; no scores where it gave none that can be read."""

    case: Case
    scores: Scores | None


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken law, shown on one batch, or on a batch and the same one changed."""

    law: str
    what: str
    before: Scored
    after: Scored | None = None


class Unusable(Exception):
    """The reward gave no numbers for a case; which law that breaks is in `violation`."""

    def __init__(self, violation: Violation, *, refused: bool = False) -> None:
        super().__init__(violation.what)
        self.violation = violation
        self.refused = refused
        """It raised a ValueError that says something, as a reward may for what it cannot score."""


@dataclass(slots=True)
class Scorer:
    """Calls the reward, once for each case that it is told to keep; every call gets new records."""

    reward: Reward
    calls: int = field(default=0)
    asked: int = field(default=0)
    """How often a law wanted scores, kept ones too."""
    kept: dict[Case, Scores] = field(default_factory=dict)

    def __call__(self, case: Case) -> Scores:
        """One number for each rollout; `None` for an ungraded one. Raises Unusable."""
        self.asked += 1
        if case not in self.kept:
            self.kept[case] = self.anew(case)
        return self.kept[case]

    def forget(self) -> None:
        """Keep nothing of what was scored before."""
        self.kept.clear()

    def anew(self, case: Case) -> Scores:
        """The same from a new call, whatever is kept.

        A TimeoutError or ConnectionError goes through: no answer says nothing about the reward.
        """
        self.calls += 1
        self.asked += 1
        try:
            given = self.reward(case.records(), case.preference_json())
        except (TimeoutError, ConnectionError):
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            refused = isinstance(error, ValueError) and bool(str(error))
            raise Unusable(Violation("runs", f"It raised {told}", Scored(case, None)), refused=refused) from error
        scores = _listed(case, given)
        for place, score in enumerate(scores):
            _check(case, place, score)
        return tuple(None if score is None else float(score) for score in scores)


def _listed(case: Case, given: Any) -> list[Any]:
    try:
        scores = list(given)
    except TypeError:
        what = f"It gave {type(given).__name__} instead of a list of numbers."
        raise Unusable(Violation("length", what, Scored(case, None))) from None
    if len(scores) != len(case.rollouts):
        what = f"It gave {len(scores)} rewards for {len(case.rollouts)} trajectories."
        raise Unusable(Violation("length", what, Scored(case, None)))
    return scores


def _check(case: Case, place: int, score: Any) -> None:
    if score is None and case.rollouts[place].outcome is None:
        return
    number = float(score) if isinstance(score, Real) else _number(score)
    if number is None or not math.isfinite(number):
        what = f"{label(place)} got {score!r}, which is no finite number."
        raise Unusable(Violation("finite", what, Scored(case, None)))


def _number(score: Any) -> float | None:
    """Of a scalar of another library, such as a tensor of one element."""
    try:
        return None if score is None or isinstance(score, str | bytes) else float(score)
    except (TypeError, ValueError):
        return None


def exceeds(more: float | None, less: float | None) -> bool:
    """Whether the first is greater by more than rounding."""
    if more is None or less is None:
        return False
    return more - less > TOLERANCE * max(1.0, abs(more), abs(less))


def differ(one: Sequence[float | None], other: Sequence[float | None]) -> int | None:
    """The first place at which two lists of scores differ by more than rounding."""
    for place, (a, b) in enumerate(zip(one, other, strict=True)):
        if (a is None) != (b is None) or exceeds(a, b) or exceeds(b, a):
            return place
    return None
