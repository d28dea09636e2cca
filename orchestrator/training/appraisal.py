"""What a policy is worth in given situations, computed exactly over everything that chance may do.

These are the figures of the learning curves. What a user gets is measured by `podium evaluate` and by
`python -m bench.bundled`, over real runs.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from orchestrator.pool import TOOL_OF
from orchestrator.rehearsal.tasks import Split, all_tasks
from orchestrator.training.drawing import draw_situation
from orchestrator.training.dynamics import TURNS, State, dollars, outcomes, right, seconds
from orchestrator.training.oracle import Oracle
from orchestrator.training.request import PLACE
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.utility import Favoured, Utility

Choice = Callable[[State], str]
"""The alias that is called in a state."""
NEGLIGIBLE: Final = 1e-4
"""Ways that are less probable are not followed."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Expectations of one episode."""

    utility: float
    solved: float
    usd: float
    latency_s: float
    calls: float


def worth(situation: Situation, choice: Choice) -> Worth:
    """Of always choosing so."""
    walk = _Walk(situation, choice)
    walk.on(1.0, State(), _Spent())
    return Worth(walk.utility, walk.solved, walk.usd, walk.latency_s, walk.calls)


def ceiling(situation: Situation) -> Worth:
    """Of the oracle, which knows every chance."""
    oracle = Oracle(situation)
    return worth(situation, oracle.best)


def greedy(chances: Sequence[Sequence[float]]) -> Choice:
    """The most probable alias in each of SEEN; on the last turn, the most probable one that answers."""

    def best(state: State) -> str:
        row = chances[PLACE[state.seen]]
        possible = [n for n, alias in enumerate(ALIASES) if state.turn < TURNS - 1 or TOOL_OF[alias] == "answer"]
        return ALIASES[max(possible, key=row.__getitem__)]

    return best


def mean(all_: Sequence[Worth]) -> Mapping[str, float]:
    """Each figure's mean."""
    return {name: fmean(getattr(one, name) for one in all_) for name in Worth.__slots__}


def held_out(split: Split, count: int, seed: int) -> list[Situation]:
    """Situations with tasks of that split, the same for the same seed."""
    dice, tasks = random.Random(f"{split} {seed}"), [task for task in all_tasks() if task.split == split]
    return [draw_situation(tasks, dice) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class _Spent:
    usd: float = 0.0
    latency_s: float = 0.0
    calls: int = 0
    favoured: Favoured = (0.0, 0)


class _Walk:
    """Adds up what every way through the states brings, by its probability."""

    def __init__(self, situation: Situation, choice: Choice) -> None:
        self._situation, self._choice = situation, choice
        self._scale = Utility.of(situation)
        self.utility = self.solved = self.usd = self.latency_s = self.calls = 0.0

    def on(self, chance: float, state: State, before: _Spent) -> None:
        alias = self._allowed(state)
        spent = _Spent(
            before.usd + dollars(self._situation, alias, state),
            before.latency_s + seconds(self._situation, alias),
            before.calls + 1,
            self._scale.after(before.favoured, alias),
        )
        if TOOL_OF[alias] == "answer":
            self._end(chance, right(self._situation, alias, state), spent)
            return
        for way, after in outcomes(self._situation, alias, state):
            if chance * way > NEGLIGIBLE:
                self.on(chance * way, after, spent)

    def _allowed(self, state: State) -> str:
        alias = self._choice(state)
        if state.turn >= TURNS - 1 and TOOL_OF[alias] != "answer":
            return self._situation.of_tool("answer")[0]
        return alias

    def _end(self, chance: float, solved: float, spent: _Spent) -> None:
        value = self._scale.of_solved(spent.favoured) - self._scale.spent(spent.usd, spent.latency_s)
        self.utility += chance * solved * value
        self.solved += chance * solved
        self.usd += chance * spent.usd
        self.latency_s += chance * spent.latency_s
        self.calls += chance * spent.calls
