"""From a batch that breaks a law to the smallest and plainest one found that still breaks it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from prefs.linting.case import Case
from prefs.linting.law import Law
from prefs.linting.scorer import Scorer, Unusable, Violation

MOST_TRIES: Final = 200
"""Simpler cases that are tried; the plainest by then is shown."""


def shrunk(law: Law, score: Scorer, case: Case, found: Violation) -> Violation:
    """The violation on the simplest case found; one shown by a single batch stays one shown by a single batch."""
    tries = 0
    simpler = _simpler(case)
    while tries < MOST_TRIES and (candidate := next(simpler, None)) is not None:
        tries += 1
        violation = _holds(law, score, candidate)
        if violation is not None and (violation.after is None) == (found.after is None):
            case, found = candidate, violation
            simpler = _simpler(case)
    return found


def _holds(law: Law, score: Scorer, case: Case) -> Violation | None:
    try:
        return law.broken(score, case)
    except Unusable:
        return None


def _simpler(case: Case) -> Iterator[Case]:
    """Cases a little simpler than this one, the boldest first; each differs from it, so that shrinking ends."""
    if len(case.rollouts) > 1:
        for place in range(len(case.rollouts)):
            yield replace(case, rollouts=(*case.rollouts[:place], *case.rollouts[place + 1 :]))
    yield from _lighter(case)
    yield from _plainer(case)


def _lighter(case: Case) -> Iterator[Case]:
    p = case.preference
    for alias, weight in p.tools.items():
        tools = {name: kept for name, kept in p.tools.items() if name != alias}
        yield replace(case, preference=replace(p, tools=tools))
        if weight not in (0.0, 1.0):
            yield case.with_weight(alias, 1.0)
    for name, weight in (("accuracy", p.accuracy), ("cost", p.cost), ("latency", p.latency)):
        if weight:
            yield case.with_weight(name, 0.0)
        if weight not in (0.0, 1.0):
            yield case.with_weight(name, 1.0)


def _plainer(case: Case) -> Iterator[Case]:
    for place, rollout in enumerate(case.rollouts):
        for alias in rollout.uses:
            yield case.with_rollout(place, rollout.using(alias, 0))
        if rollout.latency_s != 1.0:
            yield case.with_rollout(place, replace(rollout, latency_s=1.0))
        if rollout.cost_usd not in (Decimal("0.01"), Decimal("0.02")):
            yield case.with_rollout(place, replace(rollout, cost_usd=Decimal("0.01")))
            yield case.with_rollout(place, replace(rollout, cost_usd=Decimal("0.02")))
