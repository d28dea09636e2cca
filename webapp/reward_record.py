"""The JSON of R(τ) in each of its forms, the same over HTTP and on the command line."""

import math
from collections.abc import Sequence
from typing import Any, Literal

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.features import features, weights
from prefs.released_reward import released_terms
from prefs.reward import Reward, against_baseline, rewards

Form = Literal["training", "evaluation", "released"]
"""Scaled over the batch; ratios to a baseline run; what ToolOrchestra's released code computes."""
RELEASED_NOTE = (
    "As released: computed as ToolOrchestra's released training code does, which lets dearer and slower runs score "
    "higher. For comparison only; do not train on it."
)


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


def reward_records(
    group: Sequence[Trajectory], preference: PreferenceVector, form: Form, baseline: Trajectory | None
) -> list[dict[str, Any]]:
    """The records of one group in that form, in its order.

    Raises ValueError where the form and the baseline do not fit, the queries differ, or the form cannot do without
    a grade or a price that is missing.
    """
    if (form == "evaluation") != (baseline is not None):
        raise ValueError(
            "the evaluation form compares with a baseline run: give its record as `baseline`"
            if baseline is None
            else f"the {form} form has no baseline; leave `baseline` out or ask for the evaluation form"
        )
    if form == "released":
        return _released(group, preference)
    if baseline is None:
        found = rewards(group, preference)
    else:
        found = tuple(against_baseline(trajectory, baseline, preference) for trajectory in group)
    return [reward_record(trajectory, reward) for trajectory, reward in zip(group, found, strict=True)]


def _released(group: Sequence[Trajectory], preference: PreferenceVector) -> list[dict[str, Any]]:
    """`if_correct` is null: the released code knows no such thing."""
    if len({trajectory.query for trajectory in group}) > 1:
        raise ValueError("a reward compares trajectories of one query; group them by query first")
    batch = [features(trajectory) for trajectory in group]
    terms = released_terms(batch, weights(preference))
    return [
        {
            "id": trajectory.id,
            "reward": math.fsum(column[place] for column in terms.values()) if batch[place].outcome else 0.0,
            "if_correct": None,
            "verdict": trajectory.outcome.verdict.value,
            "parts": {name: column[place] for name, column in terms.items()},
            "note": RELEASED_NOTE,
        }
        for place, trajectory in enumerate(group)
    ]
