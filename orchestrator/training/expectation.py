"""What a very large group of episodes would say of each decision: expected advantages, without sampling noise.

A decision's share of the advantages of a group, divided by the group's size, tends to d(s) · π(a|s) · (Q(s, a) − V(s))
as the group grows; the mean of the group falls out. In the rehearsal world the limit can be computed, and small
differences - a cent, a second - are not drowned in the chance of one answer.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orchestrator.pool import TOOL_OF
from orchestrator.training.dynamics import TURNS, State, dollars, outcomes, right, seconds
from orchestrator.training.request import PLACE, SEEN
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.utility import Favoured, Utility

Node = tuple[State, Favoured]
Pair = tuple[float, float]
"""Utility as if nothing had been spent before, and the probability to solve."""
UNLIKELY = 1e-4
"""Ways that are less probable are not followed."""


def expected_advantages(situation: Situation, chances: Sequence[Sequence[float]]) -> tuple[NDArray[np.float64], float]:
    """[SEEN, aliases]: each decision's expected share, in units of the reward; and the expected reward."""
    return _Expectation(situation, chances).advantages()


class _Expectation:
    def __init__(self, situation: Situation, chances: Sequence[Sequence[float]]) -> None:
        self._situation = situation
        self._utility = Utility.of(situation)
        self._likely = [
            [(alias, chance) for alias, chance in zip(ALIASES, row, strict=True) if chance > UNLIKELY]
            for row in chances
        ]
        self._answers = [_answers(situation, row) for row in chances]
        self._worth: dict[Node, dict[str, Pair]] = {}
        self._steps: dict[tuple[str, int, int], tuple[float, float, list[tuple[float, State]]]] = {}

    def advantages(self) -> tuple[NDArray[np.float64], float]:
        """Forward through the episode: how probable each state is, and what was spent on the way."""
        found = np.zeros((len(SEEN), len(ALIASES)))
        start: Node = (State(), (0.0, 0))
        layer: dict[Node, list[float]] = {start: [1.0, 0.0]}
        while layer:
            after: dict[Node, list[float]] = defaultdict(lambda: [0.0, 0.0])
            for node, (reached, spent) in layer.items():
                self._credit(found, node, reached, spent)
                self._spread(after, node, reached, spent)
            layer = {node: way for node, way in after.items() if way[0] > UNLIKELY}
        return found, self._mean(start)[0]

    def _credit(self, found: NDArray[np.float64], node: Node, reached: float, spent: float) -> None:
        state = node[0]
        if state.turn >= TURNS - 1:
            return
        place = PLACE[state.seen]
        worth, (mean, mean_solved) = self._choices(node), self._mean(node)
        for alias, chance in self._likely[place]:
            value, solved = worth[alias]
            gain = reached * (value - mean) - spent * (solved - mean_solved)
            found[place, ALIASES.index(alias)] += chance * gain

    def _spread(self, after: dict[Node, list[float]], node: Node, reached: float, spent: float) -> None:
        state, favoured = node
        for alias, chance in self._policy(state):
            cost, _, ways = self._step(alias, state)
            then = self._utility.after(favoured, alias)
            for way, to in ways:
                new = after[State(state.turn + 1, to.documents, to.code), then]
                new[0] += reached * chance * way
                new[1] += (spent + reached * cost) * chance * way

    def _policy(self, state: State) -> list[tuple[str, float]]:
        place = PLACE[state.seen]
        return self._answers[place] if state.turn >= TURNS - 1 else self._likely[place]

    def _mean(self, node: Node) -> Pair:
        worth = self._choices(node)
        policy = self._policy(node[0])
        return sum(p * worth[alias][0] for alias, p in policy), sum(p * worth[alias][1] for alias, p in policy)

    def _choices(self, node: Node) -> dict[str, Pair]:
        if node not in self._worth:
            self._worth[node] = {alias: self._choice(alias, node) for alias, _ in self._policy(node[0])}
        return self._worth[node]

    def _choice(self, alias: str, node: Node) -> Pair:
        state, favoured = node
        cost, chance, ways = self._step(alias, state)
        then = self._utility.after(favoured, alias)
        if not ways:
            return chance * (self._utility.of_solved(then) - cost), chance
        value = solved = 0.0
        for way, to in ways:
            worth, worth_solved = self._mean((State(state.turn + 1, to.documents, to.code), then))
            value += way * (worth - worth_solved * cost)
            solved += way * worth_solved
        return value, solved

    def _step(self, alias: str, state: State) -> tuple[float, float, list[tuple[float, State]]]:
        """What the call takes away, the chance that it is right, and where it leads; nowhere for an answer."""
        key = alias, int(state.documents), int(state.code)
        if key not in self._steps:
            here = self._situation
            ways = [] if TOOL_OF[alias] == "answer" else list(outcomes(here, alias, state))
            cost = self._utility.spent(dollars(here, alias, state), seconds(here, alias))
            self._steps[key] = cost, right(here, alias, state), ways
        return self._steps[key]


def _answers(situation: Situation, row: Sequence[float]) -> list[tuple[str, float]]:
    """The policy where it must answer."""
    offered = situation.of_tool("answer")
    weights = [row[ALIASES.index(alias)] + 1e-9 for alias in offered]
    return [(alias, weight / sum(weights)) for alias, weight in zip(offered, weights, strict=True)]
