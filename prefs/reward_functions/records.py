"""R(τ) of trajectory records in their JSON form, without any of Podium's types."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefs.reward_functions.reading import measures
from prefs.reward_functions.scoring import group_scores, weights


def reward(trajectories: Sequence[Mapping[str, Any]], preference: Mapping[str, Any]) -> list[float | None]:
    """R(τ) of each trajectory record, the rollouts of one query; `None` where nobody has graded the outcome.

    Raises ValueError where a record or P is malformed.
    """
    return group_scores([measures(record) for record in trajectories], weights(preference))
