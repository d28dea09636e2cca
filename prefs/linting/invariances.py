"""Laws about what must not matter, and about what must be answered at all."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from prefs.linting.case import Case, label
from prefs.linting.scorer import Scored, Scorer, Unusable, Violation, differ

CENTS: Final = 100


def answers(score: Scorer, case: Case) -> None:
    """Raises Unusable where the reward raises, or gives no list of finite numbers, one for each rollout."""
    score(case)


def deterministic(score: Scorer, case: Case) -> Violation | None:
    """The same batch twice."""
    first, second = score(case), score.anew(case)
    place = differ(first, second)
    if place is None:
        return None
    what = f"The reward of {label(place)} changed when the same batch was scored again."
    return Violation("deterministic", what, Scored(case, first), Scored(case, second))


def order(score: Scorer, case: Case) -> Violation | None:
    """The batch backwards, and with its first rollout last."""
    scores = score(case)
    rollouts = case.rollouts
    for turned, back in (
        (rollouts[::-1], slice(None, None, -1)),
        ((*rollouts[1:], rollouts[0]), None),
    ):
        changed = replace(case, rollouts=turned)
        after = score(changed)
        restored = after[back] if back is not None else (after[-1], *after[:-1])
        place = differ(scores, restored)
        if place is not None:
            what = f"The reward of {label(place)} changed when it stood elsewhere in the batch."
            return Violation("order", what, Scored(case, scores), Scored(changed, after))
    return None


def price_unit(score: Scorer, case: Case) -> Violation | None:
    """All dollars as cents."""
    cents = tuple(replace(rollout, cost_usd=rollout.cost_usd * CENTS) for rollout in case.rollouts)
    words = "when all prices were turned into cents"
    return _same(score, "price-unit", case, replace(case, rollouts=cents), words)


def constant_element(score: Scorer, case: Case) -> Violation | None:
    """An element that all rollouts share: neither its weight nor its value may matter."""
    for before, after, what in _constants(case):
        found = _same(score, "constant-element", before, after, what)
        if found is not None:
            return found
    return None


def _constants(case: Case) -> Iterator[tuple[Case, Case, str]]:
    rollouts, first = case.rollouts, case.rollouts[0]
    cost = replace(case, rollouts=tuple(replace(r, cost_usd=first.cost_usd) for r in rollouts))
    latency = replace(case, rollouts=tuple(replace(r, latency_s=first.latency_s) for r in rollouts))
    right = replace(case, rollouts=tuple(replace(r, outcome=1) for r in rollouts))
    p = case.preference
    for name, base, weight in (
        ("cost", cost, p.cost),
        ("latency", latency, p.latency),
        ("accuracy", right, p.accuracy),
        *((alias, _using_alike(case, alias), weight) for alias, weight in p.tools.items()),
    ):
        what = f"with the weight of {name}, in which all trajectories are alike"
        yield base, base.with_weight(name, 0.0 if weight else 1.0), what
    dearer = replace(cost, rollouts=tuple(replace(r, cost_usd=r.cost_usd * 3) for r in cost.rollouts))
    yield cost, dearer, "with the cost that all of them share"
    slower = replace(latency, rollouts=tuple(replace(r, latency_s=r.latency_s * 3) for r in latency.rollouts))
    yield latency, slower, "with the latency that all of them share"


def _using_alike(case: Case, alias: str) -> Case:
    calls = case.rollouts[0].uses.get(alias, 0)
    return replace(case, rollouts=tuple(rollout.using(alias, calls) for rollout in case.rollouts))


def _same(score: Scorer, law: str, before: Case, after: Case, what: str) -> Violation | None:
    first, second = score(before), score(after)
    place = differ(first, second)
    if place is None:
        return None
    return Violation(law, f"The reward of {label(place)} changed {what}.", Scored(before, first), Scored(after, second))


def ungraded(score: Scorer, case: Case) -> Violation | None:
    """One rollout ungraded, then all of them: `None` for those, or a ValueError that says why not."""
    score(case)
    blank = tuple(replace(rollout, outcome=None) for rollout in case.rollouts)
    for changed in (case.with_rollout(0, blank[0]), replace(case, rollouts=blank)):
        try:
            scores = score(changed)
        except Unusable as unusable:
            if unusable.refused:
                continue
            violation = unusable.violation
            return Violation("ungraded", f"{violation.what} for an ungraded trajectory.", violation.before)
        for place, rollout in enumerate(changed.rollouts):
            if rollout.outcome is None and scores[place] is not None:
                what = f"Nobody graded {label(place)}, yet it has a reward: a grade was assumed."
                return Violation("ungraded", what, Scored(changed, scores))
    return None
