"""Demonstrations for the warm-up: plausible, price-aware and noisy, by somebody who knows no success rates.

The demonstrator reads what a stranger could read from the request: what the task lacks, the price table, the wish, and
the order of the aliases, which it takes for their strength. That an expert for mathematics fails at facts, or that the
cheapest is good enough for easy questions, is left for reinforcement learning to find.
"""

import math
import random
from typing import Final

from orchestrator.pool import TOOL_OF
from orchestrator.training.dynamics import State, dollars, seconds
from orchestrator.training.request import thought_of
from orchestrator.training.situation import Situation
from orchestrator.training.utility import Utility

STRENGTH: Final = {"1": 1.0, "2": 0.85, "3": 0.7, "4": 0.55}
"""Guessed from the last sign of an alias."""
TEMPERATURE: Final = 0.12
"""Of the choice between aliases, in units of the reward."""
THRIFT: Final = 4.0
"""How much more than the reward it makes of dollars and seconds."""
CARE: Final = 0.85
"""How often what is missing is seen to first."""


def demonstrated(situation: Situation, seen: tuple[int, int], dice: random.Random) -> str:
    """The alias that the demonstrator calls in a state."""
    tool = _tool(situation, seen, dice)
    aliases = situation.of_tool(tool) or situation.of_tool("answer")
    utility = Utility.of(situation)
    worth = [_worth(situation, utility, alias) for alias in aliases]
    most = max(worth)
    return dice.choices(aliases, [math.exp((value - most) / TEMPERATURE) for value in worth])[0]


def _tool(situation: Situation, seen: tuple[int, int], dice: random.Random) -> str:
    if dice.random() < 0.05:
        return TOOL_OF[dice.choice(situation.offered)]
    thought = thought_of(situation, *seen)
    if thought.facts_missing and dice.random() < CARE:
        return "search"
    if thought.computation_missing and dice.random() < CARE:
        return "enhance_reasoning"
    return "answer"


def _worth(situation: Situation, utility: Utility, alias: str) -> float:
    spent = utility.spent(dollars(situation, alias, State()), seconds(situation, alias))
    return utility.accuracy * STRENGTH[alias[-1]] - THRIFT * spent + utility.tools.get(alias, 0.0)
