"""When to stop asking: how certain it is which of some settings people would like best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.asking.estimate import WeightEstimate
from prefs.asking.pool import AskingPool, columns, scaled
from prefs.features import weights
from prefs.fit.scaling import Scaling

Array = NDArray[np.float64]

LEVEL: Final = 0.95
LEAST_RANKINGS: Final = 10
"""Below so many rankings the normal approximation of the weights is not to be trusted with a decision."""
DRAWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Setting:
    """A way to route that is to be decided upon: which trajectories of the pools it produced or would choose."""

    name: str
    trajectories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Which setting leads, and whether to stop asking."""

    leader: str | None
    """`None` where nothing tells the settings apart."""
    probability: float
    """That the leader has the greatest expected utility of all settings, given the rankings so far."""
    level: float
    used: int
    """Rankings so far."""
    planned: int
    queries: int
    """On which every setting has a trajectory; the others do not count."""

    @property
    def certain(self) -> bool:
        """Whether asking can stop."""
        return self.leader is not None and self.probability >= self.level and self.used >= LEAST_RANKINGS

    @property
    def saved(self) -> int | None:
        """Planned rankings that need not be asked; `None` while it is not certain."""
        return max(self.planned - self.used, 0) if self.certain else None

    @property
    def sentence(self) -> str:
        """The state of the decision in words."""
        if self.leader is None:
            return "These settings do the same on every query, so there is nothing to decide."
        percent = min(int(100 * self.probability), 99)
        if self.certain:
            asked = f"{self.saved:,} ranking{'' if self.saved == 1 else 's'} saved"
            return f"The decision between these settings is {percent} % certain: {self.leader}; {asked}."
        if self.used < LEAST_RANKINGS:
            return f"{self.leader} leads after {self.used} rankings; no decision before {LEAST_RANKINGS}."
        left = max(self.planned - self.used, 0)
        return (
            f"{self.leader} leads with {percent} %; {100 * self.level:g} % are asked for, {left:,} rankings are left."
        )


def decision(
    settings: Sequence[Setting],
    pools: Sequence[AskingPool],
    estimate: WeightEstimate,
    *,
    used: int,
    planned: int,
    level: float = LEVEL,
    scaling: Scaling = "ballot",
) -> Decision:
    """Which setting has the greatest utility, averaged over the queries for which all have trajectories.

    Features are scaled within each pool, a setting's trajectories of one query are averaged, and the weights are taken
    as normal with the estimate's covariance: in closed form for two settings, by seeded draws for more. Raises
    ValueError for fewer than two settings, or where no query has trajectories of all.
    """
    if len({setting.name for setting in settings}) < max(2, len(settings)):
        raise ValueError("a decision needs at least two settings, each with a name of its own")
    means = expected_features(settings, pools, estimate.names, scaling)
    if not len(means):
        raise ValueError("there is no query for which every setting has a trajectory; run them on the same queries")
    overall = means.mean(axis=0)
    place = int((overall @ estimate.mean).argmax())
    margins = overall[place] - np.delete(overall, place, axis=0)
    known = margins[np.abs(margins).max(axis=1) > 1e-12]
    leader, probability = (settings[place].name, _all_positive(known, estimate)) if len(known) else (None, 0.5)
    return Decision(leader, probability, level, used, planned, len(means))


def expected_features(
    settings: Sequence[Setting], pools: Sequence[AskingPool], names: Sequence[str], scaling: Scaling
) -> Array:
    """(queries, settings, names): mean features of each setting, for the queries where all settings have some."""
    rows = []
    for pool in pools:
        members = [[t in setting.trajectories for t in pool.trajectories] for setting in settings]
        belongs = np.array(members, dtype=np.float64).reshape(len(settings), len(pool.trajectories))
        if belongs.any(axis=1).all():
            x = scaled(columns(pool, names, scaling), scaling)
            rows.append(belongs @ x / belongs.sum(axis=1, keepdims=True))
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(settings), len(names))


def choosing(preference: PreferenceVector, pools: Sequence[AskingPool], name: str) -> Setting:
    """What a policy that weighed by P would take: the trajectory of each pool with the greatest P · M_norm."""
    by_name: Mapping[str, float] = weights(preference)
    p = np.array(list(by_name.values()))
    best = (
        pool.trajectories[int((scaled(columns(pool, tuple(by_name))) @ p).argmax())]
        for pool in pools
        if pool.trajectories
    )
    return Setting(name, frozenset(best))


def _all_positive(margins: Array, estimate: WeightEstimate) -> float:
    """Probability that w · margin > 0 for every margin."""
    if len(margins) == 1:
        mean = float(margins[0] @ estimate.mean)
        return erfc(-mean / sqrt(2 * float(margins[0] @ estimate.covariance @ margins[0]))) / 2
    root = np.linalg.cholesky(estimate.covariance)
    normal = np.random.default_rng(0).standard_normal((DRAWS, len(estimate.mean)))
    return float(((estimate.mean + normal @ root.T) @ margins.T > 0).all(axis=1).mean())
