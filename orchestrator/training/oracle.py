"""The ceiling: the best policy for whoever knows every chance, by exact expectimax over the states of an episode.

It is compared with and never taught from.
"""

from collections.abc import Mapping

from orchestrator.pool import TOOL_OF
from orchestrator.training.dynamics import TURNS, State, dollars, outcomes, right, seconds
from orchestrator.training.situation import Situation
from orchestrator.training.utility import Favoured, Utility


class Oracle:
    """Values of a situation: the expected utility of acting best from a state on."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.utility = Utility.of(situation)
        self._known: dict[tuple[State, Favoured], dict[str, tuple[float, float]]] = {}

    def values(self, state: State, favoured: Favoured = (0.0, 0)) -> Mapping[str, float]:
        """Alias to the expected utility of the remaining episode, where that call comes first."""
        return {alias: value for alias, (value, _) in self._choices(state, favoured).items()}

    def best(self, state: State, favoured: Favoured = (0.0, 0)) -> str:
        """The alias of the greatest value."""
        choices = self._choices(state, favoured)
        return max(choices, key=lambda alias: choices[alias][0])

    def _choices(self, state: State, favoured: Favoured) -> dict[str, tuple[float, float]]:
        """Alias to expected utility, and to the probability that the episode ends solved."""
        key = state, favoured
        if key not in self._known:
            last = state.turn >= TURNS - 1
            self._known[key] = {
                alias: self._choice(alias, state, self.utility.after(favoured, alias))
                for alias in self.situation.offered
                if not (last and TOOL_OF[alias] != "answer")
            }
        return self._known[key]

    def _choice(self, alias: str, state: State, favoured: Favoured) -> tuple[float, float]:
        spent = self.utility.spent(dollars(self.situation, alias, state), seconds(self.situation, alias))
        if TOOL_OF[alias] == "answer":
            solved = right(self.situation, alias, state)
            return solved * (self.utility.of_solved(favoured) - spent), solved
        value = solved = 0.0
        for chance, after in outcomes(self.situation, alias, state):
            then, then_solved = max(self._choices(after, favoured).values())
            value += chance * (then - then_solved * spent)
            solved += chance * then_solved
        return value, solved
