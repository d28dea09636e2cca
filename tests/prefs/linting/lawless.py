"""Rewards like ours, each with one fault, for the linter to find."""

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from prefs.linting.scorer import Reward
from prefs.reward_functions.reading import measures
from prefs.reward_functions.scoring import Measures, weights

Records = list[dict[str, Any]]
Column = Callable[[Sequence[float]], list[float]]


def scaled(column: Sequence[float]) -> list[float]:
    """Min–max; 0 where all are alike."""
    low, high = min(column), max(column)
    return [0.0 if high == low else (x - low) / (high - low) for x in column]


def reward_with(
    cost: Column = lambda usd: scaled([-x for x in usd]),
    latency: Column = lambda seconds: scaled([-x for x in seconds]),
    accuracy: Column = scaled,
    uses: Column = scaled,
    gate: Callable[[Measures, float], float | None] = lambda m, r: None if m.outcome is None else r if m.outcome else 0,
) -> Reward:
    """Our reward in plain floats, with any element or the gate replaced."""

    def reward(trajectories: Records, preference: dict[str, Any]) -> list[float | None]:
        batch, p = [measures(record) for record in trajectories], weights(preference)
        columns = {
            "accuracy": accuracy([float(m.outcome or 0) for m in batch]),
            "cost": cost([float(m.cost_usd or Fraction(0)) for m in batch]),
            "latency": latency([float(m.latency_s) for m in batch]),
        }
        columns |= {alias: uses([float(m.uses.get(alias, 0)) for m in batch]) for alias in preference["tools"]}
        sums = [sum(weight * columns[name][i] for name, weight in p.items()) for i in range(len(batch))]
        return [gate(m, r) for m, r in zip(batch, sums, strict=True)]

    return reward


def negated_twice(column: Sequence[float]) -> list[float]:
    return scaled([-x for x in (-x for x in column)])


def skipping_zeros(column: Sequence[float]) -> list[float]:
    used = [x for x in column if x > 0] or [0.0]
    low, high = min(used), max(used)
    return [0.0 if high == low else max(0.0, (x - low) / (high - low)) for x in column]


def one_where_alike(column: Sequence[float]) -> list[float]:
    return [1.0] * len(column) if min(column) == max(column) else scaled([-x for x in column])


def with_epsilon(column: Sequence[float]) -> list[float]:
    low, high = min(-x for x in column), max(-x for x in column)
    return [(-x - low) / (high - low + 1e-6) for x in column]


def not_a_number_where_alike(column: Sequence[float]) -> list[float]:
    return [float("nan")] * len(column) if min(column) == max(column) else scaled([-x for x in column])


def unguarded(column: Sequence[float]) -> list[float]:
    low, high = min(-x for x in column), max(-x for x in column)
    return [(-x - low) / (high - low) for x in column]


def rounded_to_cents(column: Sequence[float]) -> list[float]:
    return scaled([-round(x, 2) for x in column])


def penalising_wrong_less(found: Measures, value: float) -> float | None:
    """A right answer earns what it earns less a fixed price; a wrong one nothing."""
    return None if found.outcome is None else value - 0.5 if found.outcome else 0.0


def assuming_right(found: Measures, value: float) -> float | None:
    return 0.0 if found.outcome == 0 else value


def ungated(found: Measures, value: float) -> float | None:
    return None if found.outcome is None else value


def counting_from_the_first(trajectories: Records, preference: dict[str, Any]) -> list[float | None]:
    """A bonus for all right answers where the first rollout of the batch is wrong."""
    rewards = reward_with()(trajectories, preference)
    bonus = float(trajectories[0]["outcome"]["verdict"] == "unsolved")
    return [None if r is None else r + bonus * (t["outcome"]["verdict"] == "solved") for t, r in zip(
        trajectories, rewards, strict=True)]  # fmt: skip


def drifting() -> Reward:
    """Adds what grows with every call."""
    clock = itertools.count()

    def reward(trajectories: Records, preference: dict[str, Any]) -> list[float | None]:
        more = next(clock) * 0.01
        return [None if r is None else r + more for r in reward_with()(trajectories, preference)]

    return reward


def without_repeats(trajectories: Records, preference: dict[str, Any]) -> list[float | None]:
    """Keys the rewards by cost, and so loses those of equal cost."""
    rewards = reward_with()(trajectories, preference)
    return list({t["cost_usd"]: r for t, r in zip(trajectories, rewards, strict=True)}.values())


def answering_with_text(trajectories: Records, preference: dict[str, Any]) -> Any:
    return ["0.5" for _ in trajectories]


def answering_with_a_sum(trajectories: Records, preference: dict[str, Any]) -> Any:
    return 0.5
