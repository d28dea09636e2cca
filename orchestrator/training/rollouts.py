"""Groups of episodes of one situation, sampled from a policy's probabilities, and their rewards."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.pool import TOOL_OF
from orchestrator.training.dynamics import TURNS, State, dollars, outcomes, right, seconds
from orchestrator.training.request import PLACE
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.utility import Utility

Floats = NDArray[np.float64]
NUMBER: Final = {alias: number for number, alias in enumerate(ALIASES)}


@dataclass(frozen=True, slots=True)
class Rollout:
    """One episode."""

    decided: tuple[tuple[int, int], ...]
    """Place in SEEN and number of the alias, call by call. The call that the horizon forced is not among them."""
    solved: bool
    usd: float
    latency_s: float
    share: float
    """Weights of the liked aliases, over the calls in which one could have been chosen."""
    route: tuple[tuple[str, State], ...] = ()
    """Each call's alias, and where the episode stood before it."""


def rollouts(
    situation: Situation, chances: Sequence[Sequence[float]], count: int, dice: random.Random
) -> list[Rollout]:
    """So many episodes. `chances` [states, aliases] are the policy's probabilities in each of SEEN."""
    episode = _Episode(situation, chances, dice)
    return [episode.run() for _ in range(count)]


class _Episode:
    def __init__(self, situation: Situation, chances: Sequence[Sequence[float]], dice: random.Random) -> None:
        self._situation = situation
        self._chances = chances
        self._dice = dice
        self._utility = Utility.of(situation)
        self._steps: dict[tuple[str, State], tuple[float, float, float, list[tuple[float, State]]]] = {}

    def run(self) -> Rollout:
        state, usd, latency_s = State(), 0.0, 0.0
        favoured = (0.0, 0)
        decided: list[tuple[int, int]] = []
        route: list[tuple[str, State]] = []
        while True:
            alias = self._choice(state, decided)
            route.append((alias, state))
            price, wait, chance, after = self._step(alias, State(0, state.documents, state.code))
            usd, latency_s = usd + price, latency_s + wait
            favoured = self._utility.after(favoured, alias)
            if not after:
                weight, calls = favoured
                solved = self._dice.random() < chance
                share = weight / calls if calls else 0.0
                return Rollout(tuple(decided), solved, usd, latency_s, share, tuple(route))
            [(_, reached)] = self._dice.choices(after, [way for way, _ in after])
            state = State(state.turn + 1, reached.documents, reached.code)

    def _choice(self, state: State, decided: list[tuple[int, int]]) -> str:
        place = PLACE[state.seen]
        chances = list(self._chances[place])
        if state.turn >= TURNS - 1:
            answers = [
                p + 1e-9 if TOOL_OF[a] == "answer" and a in self._situation.offered else 0.0
                for a, p in zip(ALIASES, chances, strict=True)
            ]
            return self._dice.choices(ALIASES, answers)[0]
        alias = self._dice.choices(ALIASES, chances)[0]
        decided.append((place, NUMBER[alias]))
        return alias

    def _step(self, alias: str, state: State) -> tuple[float, float, float, list[tuple[float, State]]]:
        """Dollars, seconds, chance to be right, and where it leads; nowhere for an answer."""
        key = alias, state
        if key not in self._steps:
            here = self._situation
            after = [] if TOOL_OF[alias] == "answer" else list(outcomes(here, alias, state))
            self._steps[key] = dollars(here, alias, state), seconds(here, alias), right(here, alias, state), after
        return self._steps[key]


def rewards(group: Sequence[Rollout], utility: Utility) -> Floats:
    """[rollouts]: R(τ) = P · M_norm where solved, else 0; min and max are over the group and both anchors."""
    cheap, dear = utility.dollars
    fast, slow = utility.seconds
    rows = [(float(one.solved), -one.usd, -one.latency_s) for one in group]
    matrix = np.array([*rows, (0.0, -cheap, -fast), (1.0, -dear, -slow)])
    low, high = matrix.min(0), matrix.max(0)
    spread = np.where(high > low, high - low, 1.0)
    normal = np.where(high > low, (matrix - low) / spread, 0.0)[: len(group)]
    weights = np.array([utility.accuracy, utility.cost, utility.latency])
    liked = np.array([one.share for one in group])
    solved = np.array([one.solved for one in group])
    return np.where(solved, normal @ weights + liked, 0.0)
