"""A registered reward model as the scorer of a training: episodes are told as trajectories, and it reads these."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.training.dynamics import State
from orchestrator.training.episode import trajectory_of
from orchestrator.training.rollouts import Rollout
from orchestrator.training.situation import Situation
from prefs.neural.scorer import Scorer


@dataclass(frozen=True, slots=True)
class EpisodeScores:
    """Implements `orchestrator.training.taste.Scorer`."""

    name: str
    """Id of the reward model."""
    scorer: Scorer

    def scores(self, situation: Situation, episodes: Sequence[Rollout]) -> list[float]:
        """Of each episode. Episodes that took the same way to the same end are read once."""
        known: dict[tuple[tuple[tuple[str, State], ...], bool], float] = {}
        found = []
        for episode in episodes:
            key = episode.route, episode.solved
            if key not in known:
                known[key] = self.scorer.score(trajectory_of(situation, episode)).value
            found.append(known[key])
        return found
