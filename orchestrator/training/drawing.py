"""Draws situations as the paper varies them: aliases on offer, prices, and preferences in many words."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from orchestrator.pool import TOOL_OF
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.training.situation import ALIASES, Rate, Situation, local_aliases, rehearsal_rates
from orchestrator.training.wording import worded

LEVELS: Final = (0.0, 0.2, 0.5, 1.0)
"""Weights, one of each degree."""
FACTOR: Final = 4.0
"""By which one price changes in a counterfactual pair."""


def draw_situation(tasks: Sequence[Task], dice: random.Random) -> Situation:
    """A task with aliases, prices and a preference of its own."""
    offered = _offered(dice)
    preference = _preference(offered, dice)
    return Situation(dice.choice(tasks), offered, _prices(dice), preference, worded(preference, dice))


def counterfactual(situation: Situation, dice: random.Random) -> Situation:
    """The same but for one thing: a weight, a price, or an alias that is gone."""
    kind = dice.choice(("cost", "cost", "latency", "price", "price", "alias"))
    if kind == "price":
        return situation.priced(dice.choice(situation.offered), dice.choice((FACTOR, 1 / FACTOR)))
    if kind == "alias":
        gone = dice.choice(situation.offered)
        if len(situation.of_tool("answer")) > 1 or TOOL_OF[gone] != "answer":
            return situation.without(gone)
    preference = situation.preference
    if kind == "latency":
        changed = replace(preference, latency=_other(preference.latency, dice))
    else:
        changed = replace(preference, cost=_other(preference.cost, dice))
    return replace(situation, preference=changed, instruction=worded(changed, dice), weighed=None, scored=False)


def _other(weight: float, dice: random.Random) -> float:
    return dice.choice([level for level in LEVELS if level != weight])


def _offered(dice: random.Random) -> tuple[str, ...]:
    if dice.random() < 0.35:
        return ALIASES
    while True:
        offered = tuple(alias for alias in ALIASES if dice.random() < 0.8)
        if any(TOOL_OF[alias] == "answer" for alias in offered):
            return offered


def _prices(dice: random.Random) -> Mapping[str, Rate]:
    """Those of the rehearsal pool, one of them changed, or all drawn around them."""
    rates, kind = rehearsal_rates(), dice.random()
    if kind < 0.2:
        return rates
    if kind < 0.4:
        alias = dice.choice(ALIASES)
        changed = rates[alias].times(dice.choice((FACTOR, 1 / FACTOR)), dice.choice((1.0, 1.0, 3.0, 1 / 3)))
        return {**rates, alias: changed}
    spread = dice.uniform(0.2, 1.6)
    return {
        alias: rate.times(math.exp(dice.gauss(0, spread)), math.exp(dice.gauss(0, 0.7 * spread)))
        for alias, rate in rates.items()
    }


def _preference(offered: Sequence[str], dice: random.Random) -> PreferenceVector:
    accuracy = dice.choice((0.2, 0.5, 1.0, 1.0, 1.0))
    cost, latency = dice.choice(LEVELS), dice.choice(LEVELS)
    return PreferenceVector(accuracy, cost, latency, _liked(offered, dice))


def _liked(offered: Sequence[str], dice: random.Random) -> dict[str, float]:
    kind = dice.random()
    if kind < 0.12:
        return dict.fromkeys(dice.sample(offered, min(len(offered), dice.choice((1, 1, 2)))), 1.0)
    if kind < 0.24:
        return dict.fromkeys(local_aliases(), 1.0)
    return {}
