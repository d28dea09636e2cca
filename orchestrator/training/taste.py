"""What people turned out to prefer where they asked for something: the aim of a training that learns from rankings."""

import random
from dataclasses import dataclass, replace

from orchestrator.preference import PreferenceVector
from orchestrator.training.situation import Situation, Weighed
from orchestrator.training.wording import worded


@dataclass(frozen=True, slots=True)
class Taste:
    """Where `asked` is told, the reward weighs `weighed`. All other preferences keep their meaning."""

    asked: PreferenceVector
    weighed: Weighed
    share: float = 0.6
    """Of the situations drawn; the others keep what was learned before."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"the share of situations must be above 0 and at most 1, not {self.share}")

    def on(self, situation: Situation, dice: random.Random) -> Situation:
        """The situation, asked and weighed so."""
        return replace(situation, preference=self.asked, instruction=worded(self.asked, dice), weighed=self.weighed)
