"""What an evaluation runs: which tasks, under which preferences, with which seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.chance import draw
from orchestrator.rehearsal.tasks import DOMAINS, Split, Task, all_tasks
from orchestrator.trajectory import Limits

MOST_ALTERNATIVES: Final = 64
LIMITS: Final = Limits(turns=50)
"""Of each trajectory: as many turns as the paper's largest limit."""


@dataclass(frozen=True, slots=True)
class Job:
    """One trajectory to run."""

    policy: str
    """SPEC."""
    preference: str
    """Its name within the plan."""
    task: str
    alternative: int
    """From 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every policy tries every task under every preference, with the same seeds. Raises ValueError."""

    policies: tuple[str, ...]
    """SPECs."""
    preferences: Mapping[str, PreferenceVector] = field(hash=False)
    """By name; treat it as read-only."""
    baseline: str
    """SPEC of the policy whose runs adherence is a ratio to."""
    split: Split = "test"
    limit: int | None = None
    """Most tasks; `None`: all of the split."""
    alternatives: int = 1
    seed: int = 0
    limits: Limits = LIMITS
    concurrency: int = 8
    """Trajectories at the same time."""
    weighed: PreferenceVector | None = None
    """What rewards and adherence weigh, where that is not what is asked: P as rankings reveal it, say."""
    budget_usd: Decimal | None = None
    """No new trajectory starts once so many known dollars are spent."""

    def __post_init__(self) -> None:
        if not self.policies or not self.preferences:
            raise ValueError("an evaluation needs at least one policy and one preference")
        if len(set(self.policies)) != len(self.policies):
            raise ValueError(f"a policy is named twice: {', '.join(self.policies)}")
        _between("the number of alternatives", self.alternatives, 1, MOST_ALTERNATIVES)
        _between("the number of trajectories at the same time", self.concurrency, 1, 256)
        _between("the seed", self.seed, 0, 2**31 - 1)
        if self.limit is not None:
            _between("the limit of tasks", self.limit, 1, len(all_tasks()))

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of the split in a seeded order, the domains taking turns, so that any few are of all domains."""
        shuffled = sorted(of_split(self.split), key=lambda task: draw("evaluation", self.seed, task.id))
        place: dict[str, int] = dict.fromkeys(DOMAINS, 0)
        ranks = {}
        for task in shuffled:
            place[task.domain] += 1
            ranks[task.id] = (place[task.domain], DOMAINS.index(task.domain))
        return tuple(sorted(shuffled, key=lambda task: ranks[task.id])[: self.limit])

    @property
    def jobs(self) -> Iterator[Job]:
        """Task after task, so that an evaluation that is stopped early has tried the same tasks with every policy."""
        for task in self.tasks:
            for number in range(self.alternatives):
                yield from dict.fromkeys(
                    Job(policy, preference, task.id, number) for policy, preference in self._routed()
                )

    def baseline_job(self, task: str, alternative: int) -> Job:
        """The run of the baseline that an alternative of that task is compared with."""
        return Job(self.baseline, next(iter(self.preferences)), task, alternative)

    def seed_of(self, job: Job) -> int:
        """Differs by task and alternative, and is the same for every policy and preference."""
        return int(draw("evaluation seed", self.seed, job.task, job.alternative) * 2**31)

    def _routed(self) -> Iterator[tuple[str, str]]:
        yield self.baseline, next(iter(self.preferences))
        for preference in self.preferences:
            for policy in self.policies:
                yield policy, preference


def of_split(split: Split) -> tuple[Task, ...]:
    """The tasks of that split."""
    return tuple(task for task in all_tasks() if task.split == split)


def _between(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:,} to {most:,}, not {value:,}")
