"""Rankings by simulated annotators with planted weights, of invented trajectories that tell what they spent."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np

from orchestrator.trajectory import Observation, Origin, Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import ballot
from prefs.judgement import candidates
from prefs.ranking import Ranking
from prefs.simulated import scaled_measures
from storage.store import Store
from tests.examples import NOON, call, model_call, trajectory

WEIGHTS: Final[Mapping[str, float]] = {"cost": 1.0, "latency": 0.4, "search-1": 0.3}
BETA: Final = 5.0
ROUTES: Final = {
    "search-1": (0.004, 6.0),
    "search-2": (0.001, 9.0),
    "reasoner-1": (0.030, 22.0),
    "reasoner-2": (0.008, 8.0),
    "answer-1": (0.045, 12.0),
    "answer-2": (0.010, 18.0),
    "answer-3": (0.002, 4.0),
}
"""Alias to dollars and seconds of a call, in the median."""


def invented(id: str, query: str, dice: random.Random) -> Trajectory:
    """A route of one to four calls."""
    route = [dice.choice(("search-1", "search-2", "reasoner-1", "reasoner-2")) for _ in range(dice.randint(0, 3))]
    steps = []
    for index, alias in enumerate((*route, f"answer-{dice.randint(1, 3)}")):
        usd, seconds = ROUTES[alias]
        usd *= math.exp(dice.gauss(0, 0.3))
        made = model_call(f"{usd:.6f}", seconds * math.exp(dice.gauss(0, 0.3)), alias=alias)
        steps.append(Step(index, f"I ask {alias}.", call(alias), Observation("Done.", Origin.SIMULATED), (made,)))
    return replace(
        trajectory(id=id, query=query),
        steps=tuple(steps),
        stop_reason=StopReason.ANSWERED,
        answer="42",
        outcome=Outcome(Verdict.SOLVED, "reference"),
    )


async def plant(store: Store, ballots: int, *, seed: int = 0, raters: int = 1) -> None:
    """Keep so many ballots of four, each of its own query, ranked by so many people."""
    dice = random.Random(seed)
    for number in range(ballots):
        query = f"Question {number}?"
        shown = {f"t{number}-{place}": invented(f"t{number}-{place}", query, dice) for place in range(4)}
        await store.add_all(list(shown.values()))
        made = ballot(f"b{number}", list(shown), query=query, run=None, seed=number, made_at=NOON)
        made = replace(made, made_at=NOON + timedelta(seconds=number))
        await store.keep_ballot(made)
        utilities = scaled_measures(list(candidates(made, shown)), list(WEIGHTS)) @ np.array(list(WEIGHTS.values()))
        for rater in range(raters):
            noisy = [BETA * u - math.log(-math.log(dice.random())) for u in utilities]
            order = sorted(range(4), key=lambda place: -noisy[place])
            groups = tuple(_groups([made.labels[place] for place in order], tie=dice.random() < 0.1))
            said = Ranking(f"r{number}-{rater}", made.id, groups, NOON, annotator=f"simulated-{rater}")
            await store.keep_ranking(said)


def _groups(labels: list[str], *, tie: bool) -> Iterator[tuple[str, ...]]:
    yield from ((label,) for label in labels[:2])
    yield from ((tuple(labels[2:]),) if tie else ((label,) for label in labels[2:]))
