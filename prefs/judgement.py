"""A ranking beside what was ranked: all that statistics need of it, without the texts and the steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.features import Features, features
from prefs.ranking import Phase, Ranking, RankingMismatch, StepMark, check, hidden_from


@dataclass(frozen=True, slots=True)
class Candidate:
    """One alternative of a ballot, with its features and what else may sway a person."""

    label: str
    trajectory: str
    policy: str
    """The policy's SPEC."""
    features: Features
    position: int
    """Place on the ballot as it was shown, 0 at the top."""
    steps: int
    answer: str | None
    """The final answer; `None` where the run ended without one."""
    preference: PreferenceVector
    """P that this alternative ran under."""

    @property
    def answer_length(self) -> int:
        """Characters of the answer; 0 where there is none."""
        return len(self.answer or "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two alternatives of one ranking: `better` was put above `worse`, or both share a group. Places on the ballot."""

    better: int
    worse: int
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one person says of one ballot now. Candidates are named by their place in `candidates`."""

    ranking: str
    ballot: str
    annotator: str
    query: str
    made_at: datetime
    candidates: tuple[Candidate, ...]
    """In the order shown."""
    groups: tuple[tuple[int, ...], ...]
    """Best first; places within a group are tied, in rising order."""
    unranked: tuple[int, ...] = ()
    """Nothing was said of these, except that they lie below the line where `acceptable` is 0 and there is no group."""
    acceptable: int | None = None
    """How many groups lie above the acceptability line; `None` where no line was drawn."""
    hidden: tuple[str, ...] = ()
    """What the person did not see: see `Ballot.hidden`. A second look, phase `revealed`, saw cost and latency."""
    phase: Phase | None = None
    marks: tuple[StepMark, ...] = ()

    @property
    def stated(self) -> PreferenceVector | None:
        """P that all alternatives ran under; `None` where they differ."""
        first = self.candidates[0].preference
        return first if all(candidate.preference == first for candidate in self.candidates) else None

    @property
    def below_line(self) -> tuple[int, ...] | None:
        """Places below the acceptability line; `None` where no line was drawn."""
        if self.acceptable is None:
            return None
        below = tuple(place for group in self.groups[self.acceptable :] for place in group)
        return below if self.groups else self.unranked

    def comparisons(self) -> Iterator[Comparison]:
        """Every pair of ranked candidates, once."""
        for group in self.groups:
            yield from (Comparison(one, other, tied=True) for one, other in combinations(group, 2))
        for above, below in combinations(self.groups, 2):
            yield from (Comparison(one, other) for one in above for other in below)


def judgement(ranking: Ranking, ballot: Ballot, trajectories: Mapping[str, Trajectory]) -> Judgement:
    """The ranking with the features of what it ranks. `trajectories` by id.

    Raises RankingMismatch where the ranking does not fit the ballot, KeyError for a trajectory that is missing.
    """
    return of_candidates(ranking, ballot, tuple(candidates(ballot, trajectories)))


def candidates(ballot: Ballot, trajectories: Mapping[str, Trajectory]) -> Iterator[Candidate]:
    """The alternatives of a ballot, in the order shown."""
    for place, alternative in enumerate(ballot.alternatives):
        yield candidate(alternative.label, place, trajectories[alternative.trajectory])


def candidate(label: str, position: int, trajectory: Trajectory) -> Candidate:
    """One alternative under its label."""
    return Candidate(
        label,
        trajectory.id,
        trajectory.policy,
        features(trajectory),
        position,
        len(trajectory.steps),
        trajectory.answer,
        trajectory.preference,
    )


def of_candidates(ranking: Ranking, ballot: Ballot, shown: tuple[Candidate, ...]) -> Judgement:
    """The same from candidates that are at hand already, in the ballot's order."""
    check(ranking, ballot)
    if tuple(candidate.label for candidate in shown) != ballot.labels:
        raise RankingMismatch("the candidates are not those of the ballot")
    places = {label: place for place, label in enumerate(ballot.labels)}
    return Judgement(
        ranking.id,
        ranking.ballot,
        ranking.annotator,
        ballot.query,
        ranking.made_at,
        shown,
        tuple(tuple(sorted(places[label] for label in group)) for group in ranking.groups),
        tuple(sorted(places[label] for label in ranking.unranked)),
        ranking.acceptable,
        hidden_from(ballot, ranking.phase),
        ranking.phase,
        ranking.marks,
    )
