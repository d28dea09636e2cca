"""The trajectories of one query that a ballot may be made of, and their features on a ballot's scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.trajectory import Trajectory
from prefs.features import Features, features
from prefs.fit.scaling import LEAST_S, LEAST_USD, Scaling

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AskingPool:
    """Trajectories of one query, each with its features."""

    query: str
    trajectories: tuple[str, ...]
    features: tuple[Features, ...]

    def __post_init__(self) -> None:
        if len(self.trajectories) != len(self.features):
            raise ValueError("each trajectory of a pool needs its features")
        if len(set(self.trajectories)) < len(self.trajectories):
            raise ValueError("a trajectory is in a pool once")


def asking_pools(trajectories: Sequence[Trajectory]) -> tuple[AskingPool, ...]:
    """The trajectories by query, both in the order in which they come."""
    by_query: dict[str, list[Trajectory]] = {}
    for one in trajectories:
        by_query.setdefault(one.query, []).append(one)
    return tuple(
        AskingPool(query, tuple(one.id for one in group), tuple(features(one) for one in group))
        for query, group in by_query.items()
    )


def columns(pool: AskingPool, names: Sequence[str], scaling: Scaling = "ballot") -> Array:
    """(trajectories, names): the more, the better; NaN is unknown. Dollars and seconds are negative or −log."""
    rows = [[_magnitude(one, name, scaling) for name in names] for one in pool.features]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def scaled(x: Array, scaling: Scaling = "ballot") -> Array:
    """(…, k, d) columns of what is on each ballot, on its scale. An element that is unknown for one is 0 for all.

    Absolute ones are taken from the ballot's mean, which no ranking can tell from zero.
    """
    low, high = x.min(axis=-2, keepdims=True), x.max(axis=-2, keepdims=True)
    if scaling == "absolute":
        centred: Array = np.nan_to_num(x - x.mean(axis=-2, keepdims=True))
        return centred
    spread = high - low
    within: Array = np.divide(x - low, spread, out=np.zeros_like(x), where=spread > 0)
    return within


def _magnitude(one: Features, name: str, scaling: Scaling) -> float:
    absolute = scaling == "absolute"
    if name == "accuracy":
        return np.nan if one.outcome is None else float(one.outcome)
    if name == "cost":
        usd = np.nan if one.cost_usd is None else float(one.cost_usd)
        return -float(np.log(np.maximum(usd, LEAST_USD))) if absolute else -usd
    if name == "latency":
        return -float(np.log(max(one.latency_s, LEAST_S))) if absolute else -one.latency_s
    uses = float(one.uses.get(name, 0))
    return float(np.log1p(uses)) if absolute else uses
