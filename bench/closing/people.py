"""Simulated annotators with planted weights who rank real trajectories of the rehearsal world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot, ballot
from prefs.judgement import candidate, candidates
from prefs.ranking import Ranking
from prefs.simulated import scaled_measures


@dataclass(frozen=True, slots=True)
class People:
    """So many of them, each with weights of their own around the planted ones."""

    planted: Mapping[str, float]
    """P by name."""
    beta: float
    """Utility of a whole weight."""
    spread: float
    """Standard deviation of a person's P around it."""
    number: int
    seed: int

    def rank(self, shown: Sequence[Sequence[Trajectory]]) -> list[tuple[Ballot, Ranking]]:
        """A ballot of each query's alternatives, and one person's ranking of it: persons take turns."""
        dice = np.random.default_rng(self.seed)
        names = tuple(self.planted)
        planted = np.array([self.planted[name] for name in names])
        persons = self.beta * (planted + dice.normal(0, self.spread, (self.number, len(names))))
        found = []
        for number, alternatives in enumerate(shown):
            made_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            ids = [one.id for one in alternatives]
            query = alternatives[0].query
            asked = ballot(f"simulated-{number}", ids, query=query, run=None, seed=number, made_at=made_at)
            known = tuple(candidates(asked, {one.id: one for one in alternatives}))
            person = number % self.number
            worth = scaled_measures(known, names) @ persons[person] + dice.gumbel(size=len(known))
            groups = tuple((asked.labels[place],) for place in np.argsort(-worth))
            name = f"simulated-{person}"
            found.append((asked, Ranking(f"simulated-{number}", asked.id, groups, made_at, annotator=name)))
        return found

    def prefers(self, one: Trajectory, other: Trajectory) -> float:
        """Probability that a person with the planted weights puts `one` above `other`, side by side."""
        names = tuple(self.planted)
        scaled = scaled_measures((candidate("A", 0, one), candidate("B", 1, other)), names)
        worth = scaled @ (self.beta * np.array([self.planted[name] for name in names]))
        return float(1 / (1 + np.exp(worth[1] - worth[0])))
