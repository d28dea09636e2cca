"""The reward of training on a fixed scale: what the min–max of §5 gives where the group holds both anchors.

Anchors are the cheapest and the dearest trajectory that a situation allows. They join each group, so that a cent keeps
its worth when all rollouts have become cheap. Alias weights pay by share, not by count: of the calls in which a liked
alias could have been chosen, the part in which one was. Padding a trajectory with liked calls gains nothing.
"""

from dataclasses import dataclass
from typing import Self

from orchestrator.pool import TOOL_OF
from orchestrator.training.dynamics import TURNS, Code, Documents, State, dollars, seconds
from orchestrator.training.situation import Situation

Favoured = tuple[float, int]
"""Weights of the liked aliases that were called, added up, and the calls in which one could have been."""


@dataclass(frozen=True, slots=True)
class Utility:
    """P · M with fixed scales; a trajectory that does not solve its task gets 0."""

    accuracy: float
    cost: float
    latency: float
    tools: dict[str, float]
    liked_tools: frozenset[str]
    """Tools of which a liked alias is on offer."""
    dollars: tuple[float, float]
    """Of the cheapest and the dearest anchor."""
    seconds: tuple[float, float]

    @classmethod
    def of(cls, situation: Situation) -> Self:
        """For what the situation's reward weighs, and its prices."""
        preference = situation.preference if situation.weighed is None else situation.weighed.preference
        liked = {alias: weight for alias, weight in preference.tools.items() if weight > 0}
        return cls(
            preference.accuracy,
            preference.cost,
            preference.latency,
            liked,
            frozenset(TOOL_OF[alias] for alias in liked if alias in situation.offered),
            _span(situation, money=True),
            _span(situation, money=False),
        )

    def spent(self, usd: float, latency_s: float) -> float:
        """Utility that a call of so many dollars and seconds takes away."""
        low, high = self.dollars
        fast, slow = self.seconds
        return self.cost * usd / (high - low) + self.latency * latency_s / (slow - fast)

    def of_solved(self, favoured: Favoured) -> float:
        """Utility of a solved trajectory, before what its calls take away."""
        low, high = self.dollars
        fast, slow = self.seconds
        weight, calls = favoured
        share = weight / calls if calls else 0.0
        return self.accuracy + self.cost * high / (high - low) + self.latency * slow / (slow - fast) + share

    def after(self, favoured: Favoured, alias: str) -> Favoured:
        """The liked calls, one more call taken in."""
        if TOOL_OF[alias] not in self.liked_tools:
            return favoured
        weight, calls = favoured
        return weight + self.tools.get(alias, 0.0), calls + 1


def _span(situation: Situation, *, money: bool) -> tuple[float, float]:
    """Dollars or seconds of the anchors: one answer from scratch, and a whole horizon of the dearest call on offer.

    Where the reward was learned from rankings, the dearest anchor is as far away as alternatives were on ballots.
    """
    full = State(0, Documents.NEEDED, Code.RIGHT)

    def cost(alias: str, state: State) -> float:
        return dollars(situation, alias, state) if money else seconds(situation, alias)

    least = min(cost(alias, State()) for alias in situation.of_tool("answer"))
    if situation.weighed is not None:
        return least, least + (situation.weighed.usd if money else situation.weighed.latency_s)
    return least, TURNS * max(cost(alias, full) for alias in situation.offered) + 1e-9
