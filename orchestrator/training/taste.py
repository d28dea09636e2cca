"""What people turned out to prefer where they asked for something: the aim of a training that learns from rankings."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from orchestrator.preference import PreferenceVector
from orchestrator.training.rollouts import Rollout
from orchestrator.training.situation import Situation, Weighed
from orchestrator.training.wording import worded


class Scorer(Protocol):
    """A reward model that says how well people would like episodes."""

    @property
    def name(self) -> str:
        """Which one it is: a training goes on only with the same."""

    def scores(self, situation: Situation, episodes: Sequence[Rollout]) -> Sequence[float]:
        """One score for each episode of the situation; only their differences mean anything."""


@dataclass(frozen=True, slots=True)
class Taste:
    """Where `asked` is told, people like what `liked` says. All other preferences keep their meaning."""

    asked: PreferenceVector
    liked: Weighed | Scorer
    share: float = 0.6
    """Of the situations drawn; the others keep what was learned before."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"the share of situations must be above 0 and at most 1, not {self.share}")

    @property
    def scorer(self) -> Scorer | None:
        """The reward model, where it is one that says what is liked."""
        return None if isinstance(self.liked, Weighed) else self.liked

    @property
    def about(self) -> str:
        """What tells one taste from another."""
        liked = self.liked if isinstance(self.liked, Weighed) else self.liked.name
        return f"{self.asked} {liked} {self.share}"

    def on(self, situation: Situation, dice: random.Random) -> Situation:
        """The situation, asked and liked so."""
        asked = replace(situation, preference=self.asked, instruction=worded(self.asked, dice))
        if isinstance(self.liked, Weighed):
            return replace(asked, weighed=self.liked)
        return replace(asked, scored=True)
