"""What a policy is measured by over the tasks of an evaluation, with intervals.

`docs/evaluation.md` defines each figure.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Final

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import StopReason, Trajectory
from prefs.bootstrap import Interval, Resamples
from prefs.features import OUTCOMES, features
from prefs.reward import against_baseline

TURNS: Final = (5, 10, 20, 50)
"""Numbers of allowed turns that the paper compares."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One task as one policy tried it, beside the baseline's alternatives with the same seeds."""

    task: str
    domain: str
    alternatives: tuple[Trajectory, ...]
    baseline: tuple[Trajectory, ...]
    rewards: tuple[float | None, ...]
    """R(τ) of each alternative, scaled over all that every policy did with the task. `None` where it is ungraded."""

    def __post_init__(self) -> None:
        if not self.alternatives:
            raise ValueError(f"task {self.task} was not tried")
        if {len(self.baseline), len(self.rewards)} != {len(self.alternatives)}:
            raise ValueError(f"task {self.task} needs a run of the baseline and a reward for each alternative")


@dataclass(frozen=True, slots=True)
class Measures:
    """One task's figures: means over its alternatives. `None` is unknown."""

    solved: float | None
    """Share of the graded alternatives that are solved."""
    adherence: float | None
    """Of the graded alternatives: reward against the baseline."""
    cost_usd: Decimal
    """Known dollars."""
    latency_s: float
    calls: float
    """Routed calls."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A policy against the baseline on the same tasks: differences of shares, ratios of totals."""

    solved: Interval | None
    adherence: Interval | None
    cost_usd: Interval | None
    latency_s: Interval | None


@dataclass(frozen=True, slots=True)
class AllowedTurns:
    """The same trajectories, had they been cut off after so many turns; what was cut off is not solved."""

    turns: int
    solved: Interval | None
    cost_usd: Decimal
    """Known dollars spent until then, as a total over the tasks."""


@dataclass(frozen=True, slots=True)
class DomainScore:
    """The figures of the tasks of one domain."""

    tasks: int
    solved: Interval | None
    total_usd: Decimal
    latency_s: float


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of one policy under one preference. Totals are over the tasks, of means over alternatives."""

    policy: str
    preference: str
    tasks: int
    solved: Interval | None
    adherence: Interval | None
    reward: Interval | None
    """Mean R(τ). It compares the policies of one evaluation and means nothing outside it."""
    total_usd: Decimal
    """Known dollars, exactly."""
    cost_usd: Interval | None
    """The same with its interval."""
    latency_s: Interval | None
    calls: Interval | None
    """Routed calls of one trajectory."""
    strongest_share: Interval | None
    """Share of routed calls that go to the dearest alias of their tool; `None` where no price is known."""
    alias_share: Mapping[str, float]
    """Alias to its share of the routed calls; empty where there are none."""
    unpriced_calls: int
    """In all trajectories together."""
    ungraded: int
    """Trajectories that nobody could grade; they are left out of solved and adherence."""
    without_cost: int
    """Trajectories whose adherence leaves cost out, because a price is unknown."""
    simulated: bool
    stop_reasons: Mapping[str, int]
    failure: str | None
    """Why trajectories failed: the most frequent detail. `None` where none did."""
    turns: tuple[AllowedTurns, ...]
    domains: Mapping[str, DomainScore]
    against_baseline: Comparison

    @property
    def all_failed(self) -> bool:
        """Whether no trajectory came to an end of its own, as when nothing answers at the policy's address."""
        return set(self.stop_reasons) == {"failed"}


def measures(alternatives: Sequence[Trajectory], baseline: Sequence[Trajectory], p: PreferenceVector) -> Measures:
    """The figures of one task. Alternatives and runs of the baseline are paired in order: they share their seed."""
    outcomes = [OUTCOMES[one.outcome.verdict] for one in alternatives]
    rewards = [against_baseline(one, base, p).value for one, base in zip(alternatives, baseline, strict=True)]
    return Measures(
        _mean(outcomes),
        _mean(rewards),
        _decimal_mean([one.cost_usd for one in alternatives]),
        fmean(one.latency_s for one in alternatives),
        fmean(sum(features(one).uses.values()) for one in alternatives),
    )


def score(
    policy: str,
    preference: tuple[str, PreferenceVector],
    tried: Sequence[Tried],
    strongest: Collection[str],
    *,
    seed: int = 0,
    turns: Sequence[int] = TURNS,
) -> Score:
    """The figures of a policy; `strongest` are the aliases of the dearest tier. Raises ValueError without tasks."""
    if not tried:
        raise ValueError("there is nothing to score: no task was tried to its end by every policy")
    name, p = preference
    resamples = Resamples(len(tried), seed)
    own = [measures(one.alternatives, one.baseline, p) for one in tried]
    base = [measures(one.baseline, one.baseline, p) for one in tried]
    each = [one for task in tried for one in task.alternatives]
    uses = sum((Counter(features(one).uses) for one in each), Counter[str]())
    cost = resamples.mean([float(m.cost_usd) for m in own])
    latency = resamples.mean([m.latency_s for m in own])
    return Score(
        policy=policy,
        preference=name,
        tasks=len(tried),
        solved=resamples.mean([m.solved for m in own]),
        adherence=resamples.mean([m.adherence for m in own]),
        reward=resamples.mean([_mean(one.rewards) for one in tried]),
        total_usd=sum((m.cost_usd for m in own), Decimal(0)),
        cost_usd=cost and cost.times(len(tried)),
        latency_s=latency and latency.times(len(tried)),
        calls=resamples.mean([m.calls for m in own]),
        strongest_share=_strongest(tried, strongest, resamples),
        alias_share={alias: count / uses.total() for alias, count in sorted(uses.items())},
        unpriced_calls=sum(one.unpriced_calls for one in each),
        ungraded=sum(OUTCOMES[one.outcome.verdict] is None for one in each),
        without_cost=_without_cost(tried) if p.cost > 0 else 0,
        simulated=any(one.simulated for one in each),
        stop_reasons=Counter(str(one.stop_reason) for one in each),
        failure=_failure(each),
        turns=tuple(_allowed(tried, limit, resamples) for limit in turns),
        domains=_domains(tried, own, seed),
        against_baseline=_comparison(own, base, resamples),
    )


def _failure(each: Sequence[Trajectory]) -> str | None:
    details = Counter(str(one.stop_detail) for one in each if one.stop_reason is StopReason.FAILED)
    return details.most_common(1)[0][0] if details else None


def _strongest(tried: Sequence[Tried], strongest: Collection[str], resamples: Resamples) -> Interval | None:
    if not strongest:
        return None
    routed = [[features(one).uses for one in task.alternatives] for task in tried]
    dear = [float(sum(uses.get(alias, 0) for uses in task for alias in strongest)) for task in routed]
    return resamples.ratio(dear, [float(sum(sum(uses.values()) for uses in task)) for task in routed])


def _without_cost(tried: Sequence[Tried]) -> int:
    pairs = [pair for task in tried for pair in zip(task.alternatives, task.baseline, strict=True)]
    return sum(bool(one.unpriced_calls or base.unpriced_calls) for one, base in pairs)


def _allowed(tried: Sequence[Tried], limit: int, resamples: Resamples) -> AllowedTurns:
    def verdict(one: Trajectory) -> int | None:
        return OUTCOMES[one.outcome.verdict] if len(one.steps) <= limit else 0

    solved = [_mean([verdict(one) for one in task.alternatives]) for task in tried]
    spent = [
        _decimal_mean([sum((step.cost_usd for step in one.steps[:limit]), Decimal(0)) for one in task.alternatives])
        for task in tried
    ]
    return AllowedTurns(limit, resamples.mean(solved), sum(spent, Decimal(0)))


def _domains(tried: Sequence[Tried], own: Sequence[Measures], seed: int) -> dict[str, DomainScore]:
    found = {}
    for domain in dict.fromkeys(task.domain for task in tried):
        of_domain = [m for task, m in zip(tried, own, strict=True) if task.domain == domain]
        found[domain] = DomainScore(
            len(of_domain),
            Resamples(len(of_domain), seed).mean([m.solved for m in of_domain]),
            sum((m.cost_usd for m in of_domain), Decimal(0)),
            math.fsum(m.latency_s for m in of_domain),
        )
    return found


def _comparison(own: Sequence[Measures], base: Sequence[Measures], resamples: Resamples) -> Comparison:
    return Comparison(
        resamples.difference([m.solved for m in own], [m.solved for m in base]),
        resamples.difference([m.adherence for m in own], [m.adherence for m in base]),
        resamples.ratio([float(m.cost_usd) for m in own], [float(m.cost_usd) for m in base]),
        resamples.ratio([m.latency_s for m in own], [m.latency_s for m in base]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _decimal_mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)
