"""The scores of an evaluation, and the JSON that `podium evaluate` prints."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from orchestrator.pool import Pool
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.bootstrap import LEVEL, RESAMPLES, Interval
from prefs.evaluation import TURNS, Comparison, Score, Tried, score
from prefs.reward import rewards
from webapp.evaluation.bench import Evaluated
from webapp.evaluation.plan import Job

Json = dict[str, Any]
_EXACT: Final = Decimal("1e-12")
_MILLIONTH: Final = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Result:
    """What was evaluated and how each policy scored, in the order asked."""

    evaluated: Evaluated
    scores: tuple[Score, ...]
    strongest: frozenset[str]
    pool: Pool

    @property
    def simulated(self) -> bool:
        """Whether any call was simulated, the baseline's included, and so whether the figures are."""
        return any(trajectory.simulated for trajectory in self.evaluated.trajectories.values())


def scored(evaluated: Evaluated, strongest: Collection[str], pool: Pool) -> Result:
    """A score for each policy and preference over the tasks that all of them finished; none where there is no task."""
    scores = tuple(
        score(
            policy,
            (name, evaluated.plan.weighed or preference),
            tried,
            strongest,
            seed=evaluated.plan.seed,
            turns=allowed_turns(evaluated.plan.limits.turns),
        )
        for name, preference in evaluated.plan.preferences.items()
        for policy, tried in _tried(evaluated, name).items()
        if tried
    )
    return Result(evaluated, scores, frozenset(strongest), pool)


def alias_shares(score: Score, pool: Pool) -> dict[str, float]:
    """Alias to its share of the routed calls, for every alias of the pool and whatever else was called."""
    unused = {entry.alias: 0.0 for entry in pool.entries}
    return unused | dict(score.alias_share)


def allowed_turns(most: int) -> tuple[int, ...]:
    """The numbers of turns to compare, up to the limit under which the trajectories ran."""
    return tuple(sorted({min(turns, most) for turns in TURNS}))


def _tried(evaluated: Evaluated, preference: str) -> dict[str, list[Tried]]:
    """Policy to what it did with each task under that preference."""
    plan, ended = evaluated.plan, evaluated.trajectories
    found: dict[str, list[Tried]] = {policy: [] for policy in plan.policies}
    for task in evaluated.tasks:
        own = {
            policy: tuple(ended[Job(policy, preference, task.id, number)] for number in range(plan.alternatives))
            for policy in plan.policies
        }
        baseline = tuple(ended[plan.baseline_job(task.id, number)] for number in range(plan.alternatives))
        values = _rewards([*own.values(), baseline], plan.weighed or plan.preferences[preference])
        for (policy, alternatives), mine in zip(own.items(), values, strict=False):
            found[policy].append(Tried(task.id, task.domain, alternatives, baseline, mine))
    return found


def _rewards(
    groups: Sequence[Sequence[Trajectory]], preference: PreferenceVector
) -> Iterator[tuple[float | None, ...]]:
    """R(τ) of each trajectory of each group, scaled over all of them."""
    scaled = iter(rewards([trajectory for group in groups for trajectory in group], preference))
    for group in groups:
        yield tuple(next(scaled).value for _ in group)


def result_json(result: Result) -> Json:
    """Everything as JSON values. Dollars are strings, as everywhere; unknown is null."""
    evaluated, plan = result.evaluated, result.evaluated.plan
    standing = evaluated.standing
    return {
        "policies": [_score(score, plan.alternatives, result.pool) for score in result.scores],
        "split": plan.split,
        "pool": result.pool.name,
        "simulated": result.simulated,
        "baseline": plan.baseline,
        "strongest": sorted(result.strongest),
        "local": list(result.pool.local_aliases),
        "preferences": {name: _vector(preference) for name, preference in plan.preferences.items()},
        "weighed": None if plan.weighed is None else _vector(plan.weighed),
        "alternatives": plan.alternatives,
        "seed": plan.seed,
        "turns": plan.limits.turns,
        "intervals": {"method": "percentile bootstrap over tasks", "level": LEVEL, "resamples": RESAMPLES},
        "complete": evaluated.stopped is None,
        "stopped": evaluated.stopped,
        "spent": {
            "usd": _usd(standing.usd),
            "unpriced_calls": standing.unpriced_calls,
            "trajectories": standing.done,
            "elapsed_s": round(standing.elapsed_s, 3),
        },
    }


def _vector(p: PreferenceVector) -> Json:
    return {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, "tools": dict(p.tools)}


def _score(score: Score, alternatives: int, pool: Pool) -> Json:
    return {
        "policy": score.policy,
        "preference": score.preference,
        "tasks": score.tasks,
        "alternatives": alternatives,
        "solved": _interval(score.solved),
        "adherence": _interval(score.adherence),
        "reward": _interval(score.reward),
        "cost_usd": _usd(score.total_usd),
        "latency_s": _mean(score.latency_s),
        "calls": _mean(score.calls),
        "strongest_share": _mean(score.strongest_share),
        "alias_share": {alias: _rounded(share) for alias, share in alias_shares(score, pool).items()},
        "intervals": {
            "cost_usd": _dollars(score.cost_usd),
            "latency_s": _ends(score.latency_s),
            "calls": _ends(score.calls),
            "strongest_share": _ends(score.strongest_share),
        },
        "unpriced_calls": score.unpriced_calls,
        "ungraded": score.ungraded,
        "adherence_without_cost": score.without_cost,
        "simulated": score.simulated,
        "stop_reasons": dict(score.stop_reasons),
        "failure": score.failure,
        "allowed_turns": [
            {"turns": one.turns, "solved": _interval(one.solved), "cost_usd": _usd(one.cost_usd)} for one in score.turns
        ],
        "domains": {
            name: {
                "tasks": one.tasks,
                "solved": _interval(one.solved),
                "cost_usd": _usd(one.total_usd),
                "latency_s": _rounded(one.latency_s),
            }
            for name, one in score.domains.items()
        },
        "against_baseline": _comparison(score.against_baseline),
    }


def _comparison(found: Comparison) -> Json:
    return {
        "solved_difference": _interval(found.solved),
        "adherence_difference": _interval(found.adherence),
        "cost_ratio": _interval(found.cost_usd),
        "latency_ratio": _interval(found.latency_s),
    }


def _interval(interval: Interval | None) -> Mapping[str, float | None]:
    if interval is None:
        return {"mean": None, "low": None, "high": None}
    return {"mean": _rounded(interval.mean), **_ends(interval)}


def _ends(interval: Interval | None) -> Mapping[str, float | None]:
    if interval is None:
        return {"low": None, "high": None}
    return {"low": _rounded(interval.low), "high": _rounded(interval.high)}


def _dollars(interval: Interval | None) -> Mapping[str, str | None]:
    """Estimates, so to a millionth of a dollar; the total itself is exact."""
    if interval is None:
        return {"low": None, "high": None}
    return {
        "low": _usd(Decimal(interval.low).quantize(_MILLIONTH)),
        "high": _usd(Decimal(interval.high).quantize(_MILLIONTH)),
    }


def _mean(interval: Interval | None) -> float | None:
    return None if interval is None else _rounded(interval.mean)


def _rounded(value: float) -> float:
    return round(value, 6)


def _usd(usd: Decimal) -> str:
    """Plain digits, exact to the twelve decimals that a charge may have."""
    kept = usd.quantize(_EXACT).normalize()
    return f"{kept:f}"
