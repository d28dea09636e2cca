"""The reward of ToolOrchestra's released training code, for comparison with `prefs.reward`. Do not train on it.

Behaviour of `training/rollout` in NVlabs/ToolOrchestra, January 2026. It departs from the paper's equation:
cost and latency enter with their sign turned and a second, unbounded time, so the dearer run scores higher;
`used once` and `never used` are not told apart.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from prefs.features import Features
from prefs.reward_functions.reading import measures
from prefs.reward_functions.scoring import WEIGHTS
from prefs.reward_functions.scoring import weights as named_weights


def released_reward(trajectories: Sequence[Mapping[str, Any]], preference: Mapping[str, Any]) -> list[float]:
    """`as_released` of trajectory records and P in their JSON form, for the reward linter. Raises ValueError."""
    found = [measures(record) for record in trajectories]
    batch = [
        Features(
            m.outcome,
            None if m.cost_usd is None else Decimal(m.cost_usd.numerator) / m.cost_usd.denominator,
            float(m.latency_s),
            m.uses,
        )
        for m in found
    ]
    return list(as_released(batch, named_weights(preference)))


def as_released(batch: Sequence[Features], weights: Mapping[str, float]) -> tuple[float, ...]:
    """The released reward of each rollout. `weights` by name: `accuracy`, `cost`, `latency`, aliases; any sign.

    Raises ValueError where an outcome or a cost is unknown: the released code knows no such case.
    """
    terms = released_terms(batch, weights)
    return tuple(sum(column[i] for column in terms.values()) if one.outcome else 0.0 for i, one in enumerate(batch))


def released_terms(batch: Sequence[Features], weights: Mapping[str, float]) -> dict[str, list[float]]:
    """What each weight brings to each rollout that is solved; `as_released` is their sum. Raises ValueError."""
    outcomes, costs = [f.outcome for f in batch], [f.cost_usd for f in batch]
    if None in outcomes or None in costs:
        raise ValueError("the released reward needs every outcome and every cost; grade and price the batch first")
    terms = {
        "accuracy": _accuracy([float(x) for x in outcomes if x is not None], weights.get("accuracy", 0.0)),
        "cost": _magnitude([float(x) for x in costs if x is not None], weights.get("cost", 0.0)),
        "latency": _magnitude([f.latency_s for f in batch], weights.get("latency", 0.0)),
    }
    for alias, weight in weights.items():
        if alias not in WEIGHTS:
            terms[alias] = _uses([f.uses.get(alias, 0) for f in batch], weight)
    return terms


def _accuracy(outcomes: Sequence[float], weight: float) -> list[float]:
    low, high = min(outcomes, default=0.0), max(outcomes, default=0.0)
    return [weight * (x - low) / (high - low) if high > low else 0.0 for x in outcomes]


def _magnitude(values: Sequence[float], weight: float) -> list[float]:
    """Bounds are those of −x, but x and then 0 are scaled by them: (x + max) and (0 + max) over the range."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high <= low:
        return [0.0] * len(values)
    return [weight * (x + high) / (high - low) + weight * high / (high - low) for x in values]


def _uses(counts: Sequence[int], weight: float) -> list[float]:
    """Bounds skip the rollouts that never used the alias; those are scaled all the same and may fall below 0."""
    used = [n for n in counts if n > 0]
    low, high = min(used, default=0), max(used, default=0)
    return [weight * (n - low) / (high - low) if high > low else 0.0 for n in counts]
