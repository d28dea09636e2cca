"""The JSON of R(τ), the same over HTTP and on the command line."""

from typing import Any

from orchestrator.trajectory import Trajectory
from prefs.reward import Reward


def reward_record(trajectory: Trajectory, reward: Reward) -> dict[str, Any]:
    """R(τ) of that trajectory; `reward` is null where nobody graded the outcome."""
    return {
        "id": trajectory.id,
        "reward": reward.value,
        "if_correct": reward.if_correct,
        "verdict": trajectory.outcome.verdict.value,
        "parts": {part.name: part.contribution for part in reward.parts},
        "note": reward.note,
    }
