"""The three lessons: reading a request, imitating demonstrations, and reinforcement by the reward.

Reinforcement is GRPO (DeepSeekMath, arXiv 2402.03300, section 4.1; ToolOrchestra, section 3.2) with one update for
each batch, so that the ratio of old and new policy is 1 and nothing is clipped. A group of episodes of one situation
says how its rewards spread, and whether enough to learn from; who gets how much of the credit is computed for a group
without end (`expectation`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from orchestrator.training.demonstrations import demonstrated
from orchestrator.training.expectation import expected_advantages
from orchestrator.training.learner import Learner
from orchestrator.training.reader import Read
from orchestrator.training.request import SEEN
from orchestrator.training.rollouts import NUMBER, Rollout, rewards, rollouts
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.taste import Scorer
from orchestrator.training.utility import Utility

GROUP: Final = 64
"""Episodes of one situation."""
SCORED: Final = 32
"""The same where a reward model scores each."""
HOMOGENEOUS: Final = 0.1
"""Groups whose rewards have a smaller standard deviation are left out (ToolOrchestra, section 3.2)."""
ENTROPY: Final = (0.03, 0.003)
"""Weight of the entropy of decisions, at the beginning and at the end."""
ON_OFFER: Final = 0.3
"""Weight of the loss that keeps unmasked decisions on offer."""
WORDS: Final = 0.3
"""Weight of the words during reinforcement, so that thoughts stay true."""

Marked = tuple[Tensor, dict[str, float]]
"""The loss of each situation, and measures."""


def read_request(_: Learner, situations: Sequence[Situation], said: Read, __: Sequence[int]) -> Marked:
    """Say what the request is about and what the person asks to weigh."""
    return said.words.expand(len(situations)), {"words": said.words.item()}


def imitate(learner: Learner, situations: Sequence[Situation], said: Read, places: Sequence[int]) -> Marked:
    """The same, and decide as the demonstrator did."""
    shown = [[NUMBER[demonstrated(one, SEEN[place], learner.dice)] for place in places] for one in situations]
    target = torch.tensor(shown, device=learner.device)[..., None]
    decisions = (said.anything - said.choices.gather(-1, target)[..., 0]).mean(1)
    return decisions + said.words / len(places), {"words": said.words.item(), "imitation": decisions.mean().item()}


def reinforce(learner: Learner, situations: Sequence[Situation], said: Read, _: Sequence[int]) -> Marked:
    """Make what earned more than the group's mean more likely. Needs every place of SEEN."""
    logits = learner.masked(situations, said.choices)
    choices = logits.log_softmax(-1)
    earned = [
        _advantages(learner, one, chances) for one, chances in zip(situations, choices.exp().tolist(), strict=True)
    ]
    advantages = torch.stack([group for group, _, _ in earned]).to(learner.device)
    gain = -(advantages * choices.clamp(min=-30)).sum((1, 2))
    reached = (advantages.abs().sum(-1) > 0).float()
    spread = -(choices.exp() * choices.clamp(min=-30)).sum(-1)
    entropy = (spread * reached).sum(1) / reached.sum(1).clamp(min=1)
    off_offer = (said.anything - logits.logsumexp(-1)).mean(1)
    first, last = ENTROPY
    loss = gain - (first + (last - first) * learner.progress) * entropy + ON_OFFER * off_offer + WORDS * said.words
    size = len(situations)
    return loss, {
        "reward": sum(mean for _, mean, _ in earned) / size,
        "left_out": sum(out for _, _, out in earned) / size,
        "entropy": entropy.mean().item(),
        "off_offer": off_offer.mean().item(),
        "words": said.words.item(),
    }


def _advantages(
    learner: Learner, situation: Situation, chances: Sequence[Sequence[float]]
) -> tuple[Tensor, float, bool]:
    """[SEEN, aliases]: each decision's share of the advantages; the group's mean reward; whether it was left out."""
    taste = learner.taste
    if situation.scored and taste is not None and taste.scorer is not None:
        return _scored(taste.scorer, situation, rollouts(situation, chances, SCORED, learner.dice))
    group = rewards(rollouts(situation, chances, GROUP, learner.dice), Utility.of(situation))
    mean, deviation = float(group.mean()), float(group.std())
    if deviation < HOMOGENEOUS:
        return torch.zeros(len(SEEN), len(ALIASES)), mean, True
    expected, _ = expected_advantages(situation, chances)
    return torch.tensor(expected / deviation, dtype=torch.float32), mean, False


def _scored(scorer: Scorer, situation: Situation, group: Sequence[Rollout]) -> tuple[Tensor, float, bool]:
    """The same by a reward model, which can say of whole episodes only how good they are: sampled advantages."""
    scores = np.array(scorer.scores(situation, group), np.float64)
    mean, deviation = float(scores.mean()), float(scores.std())
    shares = torch.zeros(len(SEEN), len(ALIASES))
    if deviation < HOMOGENEOUS:
        return shares, mean, True
    for episode, score in zip(group, scores.tolist(), strict=True):
        for place, alias in episode.decided:
            shares[place, alias] += (score - mean) / deviation / len(group)
    return shares, mean, False
