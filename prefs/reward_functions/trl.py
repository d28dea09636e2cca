"""R(τ) in the signature of TRL's GRPOTrainer."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from prefs.reward_functions.reading import measured, stated_preference
from prefs.reward_functions.scoring import group_scores, weights

COLUMNS: Final = ("preference", "trajectory", "choices", "outcome", "cost_usd", "latency_s", "uses")
"""Columns of a row that are read, beside `group`."""


def trl_reward(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    completion_ids: Sequence[Sequence[int]] | None = None,  # noqa: ARG001 - TRL passes it by name
    trainer_state: object = None,  # noqa: ARG001 - TRL passes it by name
    **columns: Any,
) -> list[float | None]:
    """R(τ) of each completion; rows of one prompt, or of one value of the column `group`, are one group.

    P is the column `preference`. What a rollout cost and achieved is the column `trajectory`, else `choices`, else
    `outcome`, `cost_usd`, `latency_s` and `uses`. Ungraded rows give `None`, which TRL leaves out of its baseline.
    Raises ValueError naming the column that is missing or malformed.
    """
    groups: dict[Any, list[int]] = {}
    for row, key in enumerate(columns.get("group") or [_key(prompt) for prompt in prompts]):
        groups.setdefault(key, []).append(row)
    scores: list[float | None] = [None] * len(completions)
    for rows in groups.values():
        values = [{name: columns[name][row] for name in COLUMNS if columns.get(name) is not None} for row in rows]
        preference = weights(_preference(values))
        found = [measured(value, completions[row]) for value, row in zip(values, rows, strict=True)]
        for row, score in zip(rows, group_scores(found, preference), strict=True):
            scores[row] = score
    return scores


def grpo_reward(preference: Mapping[str, Any]) -> Callable[..., list[float | None]]:
    """`trl_reward` under this P, such as one learned from rankings, whatever the rows say. Raises ValueError."""
    weights(preference)

    def podium_reward(
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]] | None = None,
        trainer_state: object = None,
        **columns: Any,
    ) -> list[float | None]:
        stated = {**columns, "preference": [preference] * len(completions)}
        return trl_reward(prompts, completions, completion_ids, trainer_state, **stated)

    return podium_reward


def _preference(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one P of a group: rewards under different weights cannot be compared."""
    stated = [stated_preference(row) for row in rows]
    if any(preference != stated[0] for preference in stated):
        raise ValueError("the rows of a group differ in `preference`; name groups by the column `group`")
    return stated[0]


def _key(prompt: Any) -> str:
    return json.dumps(prompt, sort_keys=True, default=str)
