"""R(τ): the reward of ToolOrchestra (arXiv 2511.21689, section 3.3), its evaluation variant and its advantages.

`docs/reward.md` has the formula and a worked example; `prefs.released_reward` is what the released code computes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, stdev
from typing import Final

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.features import Features, features, normalised, weights

LEAST_STD: Final = 0.1
"""Groups whose rewards spread less than this teach nothing and are dropped."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one element of M(τ) brings: its scaled value times its weight in P."""

    name: str
    """`accuracy`, `cost`, `latency` or an alias."""
    scaled: float | None
    """From 0 (worst) to 1 (best of the batch); more calls count as better for an alias. `None` where unknown."""
    weight: float

    @property
    def contribution(self) -> float | None:
        """Scaled value × weight; 0 for weight 0, whatever the value."""
        if self.weight == 0:
            return 0.0
        return None if self.scaled is None else self.scaled * self.weight


@dataclass(frozen=True, slots=True)
class Reward:
    """R(τ) within its batch."""

    value: float | None
    """R(τ): 0 for an unsolved trajectory, `None` while nobody has graded it."""
    if_correct: float
    """R(τ) if the trajectory is solved; equal to `value` where it is."""
    parts: tuple[Part, ...]
    """What `if_correct` is the sum of. Parts that are unknown are left out of the sum."""
    note: str | None = None
    """What a reader must know: an element left out, grades that are missing."""


def rewards(trajectories: Sequence[Trajectory], preference: PreferenceVector) -> tuple[Reward, ...]:
    """R(τ) of the alternatives of one query: P · M_norm where solved, else 0. M is scaled over these trajectories.

    The accuracy element of a trajectory is scaled over the graded ones and itself, itself taken as solved; the
    ungraded ones are left out, since their outcome is unknown. If any call is unpriced, cost is left out for all.
    Raises ValueError where the trajectories answer different queries.
    """
    if len({trajectory.query for trajectory in trajectories}) > 1:
        raise ValueError("a reward compares trajectories of one query; group them by query first")
    batch = [features(trajectory) for trajectory in trajectories]
    columns = {
        "cost": normalised([None if f.cost_usd is None else -f.cost_usd for f in batch]),
        "latency": normalised([-f.latency_s for f in batch]),
        **{alias: normalised([f.uses.get(alias, 0) for f in batch]) for alias in preference.tools},
    }
    note = _note(batch, preference)
    return tuple(
        _reward(
            batch[i].outcome,
            tuple(
                Part(name, _accuracy(batch, i) if name == "accuracy" else columns[name][i], weight)
                for name, weight in weights(preference).items()
            ),
            note,
        )
        for i in range(len(batch))
    )


def _accuracy(batch: Sequence[Features], number: int) -> float:
    """The scaled outcome of that trajectory, taken as solved: 1 if another one is wrong, else 0, since max = min."""
    return float(any(f.outcome == 0 for i, f in enumerate(batch) if i != number))


def _reward(outcome: int | None, parts: tuple[Part, ...], note: str | None) -> Reward:
    if_correct = math.fsum(part.contribution or 0.0 for part in parts)
    value = None if outcome is None else if_correct if outcome else 0.0
    return Reward(value, if_correct, parts, note)


def _note(batch: Sequence[Features], preference: PreferenceVector) -> str | None:
    sentences = []
    unpriced = sum(f.cost_usd is None for f in batch)
    if unpriced and preference.cost > 0:
        sentences.append(f"Cost is left out: {unpriced} of {len(batch)} have calls without a price.")
    ungraded = sum(f.outcome is None for f in batch)
    if ungraded:
        sentences.append(f"{ungraded} of {len(batch)} are ungraded; accuracy is scaled over the graded ones.")
    if len(batch) == 1:
        sentences.append("A trajectory alone has nothing to be compared with, so every element is 0.")
    return " ".join(sentences) or None


def advantages(values: Sequence[float | None]) -> tuple[float, ...] | None:
    """GRPO advantages of one group of rewards: (R − mean) / std, with the sample standard deviation.

    `None` where the group is dropped: fewer than two, any ungraded, or a spread below LEAST_STD.
    """
    known = [value for value in values if value is not None]
    if len(known) < max(len(values), 2) or (spread := stdev(known)) < LEAST_STD:
        return None
    mean = fmean(known)
    return tuple((value - mean) / spread for value in known)


def against_baseline(trajectory: Trajectory, baseline: Trajectory, preference: PreferenceVector) -> Reward:
    """The paper's evaluation variant: ratios to a baseline run of the same query instead of a scaled batch.

    M / max(1, M0) for calls and outcome, M0 / max(1, M) for dollars and seconds. Below one dollar or second the
    denominator is 1, so this variant, unlike R(τ), depends on the unit of money. Raises ValueError for another query.
    """
    if trajectory.query != baseline.query:
        raise ValueError("the baseline must answer the same query")
    run, base = features(trajectory), features(baseline)
    scaled = {
        "accuracy": 1.0,  # solved over max(1, outcome of the baseline), which is 1 either way
        "cost": _ratio(base.cost_usd, run.cost_usd),
        "latency": base.latency_s / max(1.0, run.latency_s),
        **{alias: run.uses.get(alias, 0) / max(1, base.uses.get(alias, 0)) for alias in preference.tools},
    }
    parts = tuple(Part(name, scaled[name], weight) for name, weight in weights(preference).items())
    unknown = scaled["cost"] is None and preference.cost > 0
    return _reward(run.outcome, parts, "Cost is left out: a call has no price." if unknown else None)


def _ratio(baseline_usd: Decimal | None, usd: Decimal | None) -> float | None:
    return None if baseline_usd is None or usd is None else float(baseline_usd / max(Decimal(1), usd))
