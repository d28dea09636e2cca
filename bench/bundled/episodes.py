"""Whole episodes in the real loop, and what a policy is measured by over them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from bench.bundled.cases import SILENT, ReadsInstructions
from bench.bundled.instructions import HeldOut
from bench.bundled.setting import ORACLE, Setting
from orchestrator.bill import Bill
from orchestrator.policy import Decision, Policy, Turn
from orchestrator.pool import Pool
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.tasks import Task
from orchestrator.trajectory import Trajectory
from prefs.bootstrap import Interval, Resamples
from prefs.evaluation import Measures, measures
from prefs.features import features
from prefs.reward import rewards
from webapp.evaluation.bench import Bench, Evaluated, Standing
from webapp.evaluation.plan import Job, Plan
from webapp.evaluation.strongest import strongest_route

Tick = Callable[[Standing], None]
INSTRUCTED: Final = "held-out instructions"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which episodes: so many test tasks, each so many times with other seeds."""

    limit: int | None
    alternatives: int
    seed: int
    concurrency: int = 1
    """Episodes at the same time. Measured seconds are a part of the figures, and neighbours lengthen them."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one policy did with the tasks. Totals are over the tasks, of means over their alternatives."""

    policy: str
    tasks: int
    solved: Interval | None
    adherence: Interval | None
    reward: Interval | None
    """Mean R(τ) of the training reward, scaled over all that was tried on the same task in this table."""
    cost_usd: Interval | None
    latency_s: Interval | None
    calls: Interval | None
    """Of one trajectory."""
    strongest_share: Interval | None
    local_share: Interval | None
    """Shares of routed calls."""


@dataclass(slots=True)
class Episodes:
    """Everything that was tried under one or several preferences, with one pool."""

    evaluated: Evaluated
    pool: Pool
    strongest: Collection[str]
    told: Mapping[str, HeldOut]
    """Question to the held-out instruction that its task was tried with; empty where the plan's preferences hold."""
    tasks: tuple[Task, ...] = field(init=False)
    """Those that every policy tried."""
    _measured: dict[tuple[str, str], list[Measures]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.tasks = self.evaluated.tasks

    @property
    def preferences(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.evaluated.plan.preferences)

    def figures(self, preference: str) -> tuple[Figures, ...]:
        """Of each policy, in the order asked."""
        return tuple(self.of(policy, preference) for policy in self.evaluated.plan.policies)

    def measured(self, policy: str, preference: str) -> list[Measures]:
        """Task by task."""
        if (policy, preference) not in self._measured:
            self._measured[policy, preference] = self._measures(policy, preference)
        return self._measured[policy, preference]

    def _measures(self, policy: str, preference: str) -> list[Measures]:
        plan, ended = self.evaluated.plan, self.evaluated.trajectories
        return [
            measures(
                self._tried(policy, preference, task.id),
                tuple(ended[plan.baseline_job(task.id, number)] for number in range(plan.alternatives)),
                self._vector(preference, task.question),
            )
            for task in self.tasks
        ]

    def difference(self, name: str, one: str, other: str, preference: str) -> Interval | None:
        """Of `solved`, `adherence` or `reward`: one policy's mean less another's, task by task."""
        return self.resamples.difference(self._column(name, one, preference), self._column(name, other, preference))

    def ratio(self, name: str, one: str, other: str, preference: str) -> Interval | None:
        """Of `cost_usd` or `latency_s`: one policy's total as a share of another's."""
        own, base = (self.measured(policy, preference) for policy in (one, other))
        over, under = ([float(getattr(measure, name)) for measure in several] for several in (own, base))
        return self.resamples.ratio(over, under)

    def _column(self, name: str, policy: str, preference: str) -> list[float | None]:
        if name == "reward":
            return self._rewards(policy, preference)
        return [getattr(one, name) for one in self.measured(policy, preference)]

    @property
    def resamples(self) -> Resamples:
        """The same draws of tasks for every statistic."""
        return _resamples(len(self.tasks), self.evaluated.plan.seed)

    def of(self, policy: str, preference: str) -> Figures:
        """Of one policy."""
        own, resamples = self.measured(policy, preference), self.resamples
        size = len(own)
        cost = resamples.mean([float(one.cost_usd) for one in own])
        latency = resamples.mean([one.latency_s for one in own])
        return Figures(
            policy,
            size,
            resamples.mean([one.solved for one in own]),
            resamples.mean([one.adherence for one in own]),
            resamples.mean(self._rewards(policy, preference)),
            cost and cost.times(size),
            latency and latency.times(size),
            resamples.mean([one.calls for one in own]),
            self._share(policy, preference, self.strongest),
            self._share(policy, preference, self.pool.local_aliases),
        )

    def _share(self, policy: str, preference: str, aliases: Collection[str]) -> Interval | None:
        tried = [self._tried(policy, preference, task.id) for task in self.tasks]
        uses = [[features(one).uses for one in task] for task in tried]
        of_them = [float(sum(one.get(alias, 0) for one in task for alias in aliases)) for task in uses]
        return self.resamples.ratio(of_them, [float(sum(sum(one.values()) for one in task)) for task in uses])

    def _rewards(self, policy: str, preference: str) -> list[float | None]:
        plan, ended = self.evaluated.plan, self.evaluated.trajectories
        found: list[float | None] = []
        for task in self.tasks:
            group = {spec: self._tried(spec, preference, task.id) for spec in plan.policies}
            baseline = [ended[plan.baseline_job(task.id, number)] for number in range(plan.alternatives)]
            every = [*(one for tried in group.values() for one in tried), *baseline]
            scaled = rewards(every, self._vector(preference, task.question))
            first = list(group).index(policy) * plan.alternatives
            values = [one.value for one in scaled[first : first + plan.alternatives]]
            known = [value for value in values if value is not None]
            found.append(sum(known) / len(known) if known else None)
        return found

    def _tried(self, policy: str, preference: str, task: str) -> tuple[Trajectory, ...]:
        plan, ended = self.evaluated.plan, self.evaluated.trajectories
        return tuple(ended[Job(policy, preference, task, number)] for number in range(plan.alternatives))

    def _vector(self, preference: str, question: str) -> PreferenceVector:
        if question in self.told:
            return self.told[question].preference
        return self.evaluated.plan.preferences[preference]


async def tried(
    setting: Setting,
    specs: Sequence[str],
    preferences: Mapping[str, PreferenceVector],
    asked: Asked,
    *,
    pool: Pool | None = None,
    tick: Tick | None = None,
) -> Episodes:
    """Every policy with every test task under every preference, with the same seeds."""
    here = pool or setting.pool
    plan = _plan(setting, specs, preferences, asked, here)
    policies = setting.policies((plan.baseline, *plan.policies), here)
    evaluated = await Bench(plan, setting.workshop(here), policies, on_progress=tick).run()
    return Episodes(evaluated, here, setting.strongest, {})


async def instructed(
    setting: Setting,
    specs: Sequence[str],
    instructions: Sequence[HeldOut],
    asked: Asked,
    *,
    tick: Tick | None = None,
) -> Episodes:
    """Every policy with every test task, each task under one of the held-out instructions, which take turns."""
    plan = _plan(setting, specs, {INSTRUCTED: SILENT}, asked, setting.pool)
    told = {task.question: instructions[place % len(instructions)] for place, task in enumerate(plan.tasks)}
    made = setting.policies((plan.baseline, *plan.policies))
    policies: dict[str, Policy] = {spec: Told(policy, told) for spec, policy in made.items()}
    evaluated = await Bench(plan, setting.workshop(setting.pool), policies, on_progress=tick).run()
    return Episodes(evaluated, setting.pool, setting.strongest, told)


class Told:
    """A policy that is told each question's held-out instruction, in its words alone where it reads any.

    One that reads no words is given the intended vector: the oracle needs it, the others do not look.
    """

    def __init__(self, policy: Policy, told: Mapping[str, HeldOut]) -> None:
        self._policy = policy
        self._told = told

    @property
    def spec(self) -> str:
        """Of the policy itself."""
        return self._policy.spec

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """Its decision under the instruction that belongs to the question."""
        held = self._told[turn.query]
        if isinstance(self._policy, ReadsInstructions):
            return await self._policy.decide_for(replace(turn, preference=SILENT), held.text, bill)
        return await self._policy.decide(replace(turn, preference=held.preference), bill)


@cache
def _resamples(size: int, seed: int) -> Resamples:
    return Resamples(size, seed)


def _plan(
    setting: Setting, specs: Sequence[str], preferences: Mapping[str, PreferenceVector], asked: Asked, pool: Pool
) -> Plan:
    return Plan(
        policies=tuple(dict.fromkeys((*specs, ORACLE))),
        preferences=preferences,
        baseline=strongest_route(pool, setting.fitter.book),
        limit=asked.limit,
        alternatives=asked.alternatives,
        seed=asked.seed,
        concurrency=asked.concurrency,
    )
