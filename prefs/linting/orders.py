"""Laws about what scores higher: cheaper, quicker, right, and by the aliases that are liked."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from prefs.linting.case import Case, Rollout, label
from prefs.linting.scorer import Scored, Scorer, Scores, Violation, exceeds

Raised = Callable[[Case, int], Iterator[Rollout]]
Split = Callable[[Rollout], tuple[Fraction, Rollout]]
LEAST_WEIGHT: Final = 0.05
"""A weight below which a missing signal may be rounding."""


def cost(score: Scorer, case: Case) -> Violation | None:
    """A dearer twin in the batch, and one rollout made dearer."""
    return _twins(score, case, "cost", _dollars, "costs more than") or _raised(score, case, "cost", _dearer, "dearer")


def latency(score: Scorer, case: Case) -> Violation | None:
    """A slower twin in the batch, and one rollout made slower."""
    return _twins(score, case, "latency", _seconds, "takes longer than") or _raised(
        score, case, "latency", _slower, "slower"
    )


def _dollars(rollout: Rollout) -> tuple[Fraction, Rollout]:
    return Fraction(rollout.cost_usd), replace(rollout, cost_usd=Decimal(0))


def _seconds(rollout: Rollout) -> tuple[Fraction, Rollout]:
    return Fraction(rollout.latency_s), replace(rollout, latency_s=0.0)


def _dearer(case: Case, place: int) -> Iterator[Rollout]:
    one = case.rollouts[place]
    yield replace(one, cost_usd=one.cost_usd * 2 + Decimal("0.0001"))
    yield replace(one, cost_usd=max(rollout.cost_usd for rollout in case.rollouts) * 2 + Decimal("0.0001"))


def _slower(case: Case, place: int) -> Iterator[Rollout]:
    one = case.rollouts[place]
    yield replace(one, latency_s=one.latency_s * 2 + 0.25)
    yield replace(one, latency_s=max(rollout.latency_s for rollout in case.rollouts) * 2 + 0.25)


def _twins(score: Scorer, case: Case, law: str, split: Split, words: str) -> Violation | None:
    scores = score(case)
    parts = [split(rollout) for rollout in case.rollouts]
    for i, (less, rest) in enumerate(parts):
        for j, (more, other) in enumerate(parts):
            if more > less and rest == other and exceeds(scores[j], scores[i]):
                what = f"{label(j)} {words} {label(i)} and is otherwise the same, yet it scores higher."
                return Violation(law, what, Scored(case, scores))
    return None


def _raised(score: Scorer, case: Case, law: str, raised: Raised, word: str) -> Violation | None:
    scores = score(case)
    for place in range(len(case.rollouts)):
        for rollout in raised(case, place):
            changed = case.with_rollout(place, rollout)
            after = score(changed)
            if exceeds(after[place], scores[place]):
                what = f"{label(place)} became {word}, and its reward rose."
                return Violation(law, what, Scored(case, scores), Scored(changed, after))
    return None


def wrong_below_right(score: Scorer, case: Case) -> Violation | None:
    """A wrong rollout beside a right one, and a wrong one made right."""
    scores = score(case)
    for i, right in enumerate(case.rollouts):
        for j, wrong in enumerate(case.rollouts):
            if right.outcome == 1 and wrong.outcome == 0 and exceeds(scores[j], scores[i]):
                what = f"{label(j)} is wrong and {label(i)} is right, yet {label(j)} scores higher."
                return Violation("wrong-below-right", what, Scored(case, scores))
    return _righted(score, case, scores)


def _righted(score: Scorer, case: Case, scores: Scores) -> Violation | None:
    for place, rollout in enumerate(case.rollouts):
        if rollout.outcome == 0:
            changed = case.with_rollout(place, replace(rollout, outcome=1))
            after = score(changed)
            if exceeds(scores[place], after[place]):
                what = f"{label(place)} became right, and its reward fell."
                return Violation("wrong-below-right", what, Scored(case, scores), Scored(changed, after))
    return None


def used_once(score: Scorer, case: Case) -> Violation | None:
    """A right rollout that never used a liked alias beside a twin that used it once."""
    liked = [alias for alias, weight in case.preference.tools.items() if weight >= LEAST_WEIGHT]
    for place, rollout in enumerate(case.rollouts):
        for alias in liked:
            if rollout.outcome == 1 and not rollout.uses.get(alias):
                found = _untold(score, case, place, alias)
                if found is not None:
                    return found
    return None


def _untold(score: Scorer, case: Case, place: int, alias: str) -> Violation | None:
    twin = case.rollouts[place].using(alias, 1)
    beside = case
    if twin not in case.rollouts:
        beside = replace(case, rollouts=(*case.rollouts, twin))
    scores = score(beside)
    once = beside.rollouts.index(twin)
    if exceeds(scores[once], scores[place]):
        return None
    what = (
        f"{label(once)} used {alias} once, {label(place)} never; {alias} is liked, yet {label(once)} scores no higher."
    )
    return Violation("used-once", what, Scored(beside, scores))
