"""What a data card counts: one pass over the rankings that stand, and one over all of them."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.trajectory import Trajectory
from prefs.judgement import Judgement
from storage.records import dump_trajectory
from storage.store import Store


@dataclass(slots=True)
class Said:
    """Every ranking that was ever given."""

    rankings: int = 0
    corrections: int = 0
    first: datetime | None = None
    last: datetime | None = None
    blind: int = 0
    """Made before cost and latency were revealed."""
    revealed: int = 0
    """Made after, corrections too."""
    tagged: int = 0
    marks: int = 0
    """Steps that people marked."""


@dataclass(slots=True)
class Shown:
    """The trajectories that were ranked, each counted once."""

    policies: Counter[str] = field(default_factory=Counter)
    pools: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    simulated: int = 0
    unpriced: int = 0
    digests: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 of the record of each, by id."""

    def see(self, trajectory: Trajectory) -> None:
        """Count it, unless it was counted."""
        if trajectory.id in self.digests:
            return
        record = dump_trajectory(trajectory)
        self.digests[trajectory.id] = hashlib.sha256(record.encode("utf-8", "surrogatepass")).digest()
        self.policies[trajectory.policy] += 1
        self.pools[trajectory.pool] += 1
        self.verdicts[trajectory.outcome.verdict.value] += 1
        self.simulated += trajectory.simulated
        self.unpriced += trajectory.unpriced_calls > 0

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all records in the order of their ids."""
        together = b"".join(self.digests[id] for id in sorted(self.digests))
        return hashlib.sha256(together).hexdigest()


@dataclass(slots=True)
class Standing:
    """The rankings that stand: what each annotator says of each ballot now."""

    rankings: int = 0
    annotators: Counter[str] = field(default_factory=Counter)
    """Annotator to rankings."""
    ballots: Counter[str] = field(default_factory=Counter)
    """Ballot to annotators."""
    queries: set[str] = field(default_factory=set)
    sizes: Counter[int] = field(default_factory=Counter)
    """Alternatives on the ballot to rankings."""
    with_ties: int = 0
    partial: int = 0
    lines: int = 0
    none_acceptable: int = 0
    comparisons: int = 0
    tied_comparisons: int = 0
    best_shares: dict[int, Counter[int]] = field(default_factory=dict)
    """Alternatives on the ballot, then place as shown: how often it was the only best one."""
    single_best: Counter[int] = field(default_factory=Counter)
    """Alternatives on the ballot to rankings that put exactly one alternative first."""

    def see(self, judgement: Judgement) -> None:
        """Count one ranking."""
        size = len(judgement.candidates)
        self.rankings += 1
        self.annotators[judgement.annotator] += 1
        self.ballots[judgement.ballot] += 1
        self.queries.add(judgement.query)
        self.sizes[size] += 1
        self.with_ties += any(len(group) > 1 for group in judgement.groups)
        self.partial += bool(judgement.unranked)
        self.lines += judgement.acceptable is not None
        self.none_acceptable += judgement.acceptable == 0
        for comparison in judgement.comparisons():
            self.comparisons += 1
            self.tied_comparisons += comparison.tied
        if judgement.groups and len(judgement.groups[0]) == 1:
            self.single_best[size] += 1
            self.best_shares.setdefault(size, Counter())[judgement.groups[0][0]] += 1


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a data card counts."""

    said: Said
    standing: Standing
    shown: Shown


def figures(store: Store) -> Figures:
    """Counted from the store; raises StoreMissing where a trajectory is not there."""
    said, standing, shown = Said(), Standing(), Shown()
    for ranking in store.iter_rankings():
        said.rankings += 1
        said.corrections += ranking.supersedes is not None
        said.blind += ranking.phase == "blind"
        said.revealed += ranking.phase == "revealed"
        said.tagged += bool(ranking.tags)
        said.marks += len(ranking.marks)
        said.first = ranking.made_at if said.first is None else min(said.first, ranking.made_at)
        said.last = ranking.made_at if said.last is None else max(said.last, ranking.made_at)
    for judgement, trajectories in store.iter_judged():
        standing.see(judgement)
        for trajectory in trajectories:
            shown.see(trajectory)
    return Figures(said, standing, shown)
