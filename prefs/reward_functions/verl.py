"""R(τ) in the signature of verl's custom reward function, which sees one rollout at a time."""

from collections.abc import Mapping
from typing import Any

from prefs.reward_functions.reading import mapping, measured, measures, reference_spans, stated_preference
from prefs.reward_functions.scoring import Measures, ratio_reward, scaled_reward, weights


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: object,  # noqa: ARG001 - the outcome says how the answer compares with it
    extra_info: Mapping[str, Any] | None = None,
    **_: Any,
) -> dict[str, float]:
    """R(τ) as `score`, beside `if_correct` and `solved`: scaled by `ranges`, or against a `baseline`.

    `extra_info` holds `preference`, the measures under the names of `trl_reward`, and exactly one of `ranges`
    ({"cost_usd": [low, high], "latency_s": [low, high], "uses": {alias: [low, high]}}) and `baseline` (measures).
    Raises ValueError where one is missing, and for an ungraded rollout: verl needs a number, and none would be true.
    """
    told = extra_info or {}
    preference = weights(stated_preference(told))
    found = measured(told, solution_str)
    if (told.get("ranges") is None) == (told.get("baseline") is None):
        raise ValueError("extra_info needs `ranges` (training form) or `baseline` (evaluation form), and not both")
    if found is None:
        return {"score": 0.0, "if_correct": 0.0, "solved": 0.0}
    if found.outcome is None:
        raise ValueError(f"a rollout of {data_source!r} is ungraded; set extra_info['outcome'] to 1 or 0")
    if_correct = _if_correct(found, told, preference)
    return {"score": if_correct if found.outcome else 0.0, "if_correct": if_correct, "solved": float(found.outcome)}


def _if_correct(found: Measures, told: Mapping[str, Any], preference: Mapping[str, float]) -> float:
    if told.get("ranges") is not None:
        return scaled_reward(found, reference_spans(mapping(told["ranges"], "ranges")), preference)
    return ratio_reward(found, measures(mapping(told["baseline"], "baseline")), preference)
