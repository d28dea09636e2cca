"""What a training file is written from: a judgement beside the whole trajectories that it is about."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.trajectory import Trajectory
from prefs.judgement import Judgement

Row = dict[str, Any]
"""One row of a file: JSON values only."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranking that stands (no correction supersedes it), with its trajectories in the order shown.

    Give the trajectories with their long texts (`Store.with_texts`) where a format tells what was sent.
    """

    judgement: Judgement
    trajectories: tuple[Trajectory, ...]

    def __post_init__(self) -> None:
        there = tuple(trajectory.id for trajectory in self.trajectories)
        wanted = tuple(candidate.trajectory for candidate in self.judgement.candidates)
        if there != wanted:
            raise ValueError(f"ranking {self.judgement.ranking} is about {wanted}, not {there}")


def judged(judgement: Judgement, trajectories: Mapping[str, Trajectory]) -> Judged:
    """The judgement with its trajectories, which come by id; raises KeyError where one is missing."""
    return Judged(judgement, tuple(trajectories[candidate.trajectory] for candidate in judgement.candidates))


@dataclass(slots=True)
class Tally:
    """What became of the rankings while a file was written. One for each file; the writer of rows fills it."""

    rankings: int = 0
    """Rankings read."""
    rows: int = 0
    """Rows written."""
    skipped: Counter[str] = field(default_factory=Counter)
    """What was left out, by the reason in words."""

    def skip(self, reason: str, number: int = 1) -> None:
        """That many were left out for this reason."""
        if number:
            self.skipped[reason] += number

    def lines(self) -> tuple[str, ...]:
        """The tally in words, one fact a line."""
        total = f"{self.rows:,} rows from {self.rankings:,} rankings"
        return (total, *(f"left out: {number:,} × {reason}" for reason, number in self.skipped.most_common()))
