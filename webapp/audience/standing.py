"""What an audience has said so far: a count without any model, and P̂ with intervals from its rankings alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from prefs.audience import Audience
from prefs.ballot import Ballot
from prefs.fit.live import LiveFit
from prefs.fit.result import Estimate, ScaledFit
from prefs.fit.scaling import WEIGHED, scaled
from prefs.judgement import Candidate, Judgement, of_candidates
from prefs.ranking import Ranking
from prefs.tally import Tallied, tally

MOST_POINTS: Final = 120
"""Of a trail; a longer one is thinned."""
_BETWEEN: Final = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 450, 675, 1000, 1500)
"""Phones after which the trail has a point in any case, also where their rankings come at once or are read back."""


@dataclass(frozen=True, slots=True)
class Point:
    """P̂ after so many phones had ranked."""

    ranked: int
    weights: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a stage shows of an audience."""

    audience: Audience
    joined: int
    """Phones."""
    ranked: int
    """Phones whose ranking counts: a phone that changed its mind counts once."""
    rankings: int
    """Kept, corrected ones too."""
    tally: tuple[Tallied, ...]
    weights: Mapping[str, Estimate]
    """What can be said of P; other names are untold."""
    certain: bool
    """Whether it is certain that anything is weighed at all."""
    trail: tuple[Point, ...]
    entangled: bool
    """Whether the alternatives differ too alike for the weights to be told apart, however many people rank them."""


@dataclass(slots=True)
class Heard:
    """The rankings of one audience, as they come. Not for several threads at once."""

    ballot: Ballot
    candidates: tuple[Candidate, ...]
    """Of the ballot, in its order."""
    prefix: str
    """Of the names of the audience's phones; what anybody else says of the ballot is not counted."""
    known: set[str] = field(default_factory=set)
    """Ids of all rankings that were looked at."""
    trail: list[Point] = field(default_factory=list)
    _now: dict[str, Judgement] = field(default_factory=dict)
    """Phone to what it says now."""
    _replaced: set[str | None] = field(default_factory=set)
    """Rankings that were corrected; two of one phone may be heard in either order."""
    _fit: ScaledFit | None = None

    @property
    def ranked(self) -> int:
        """Phones whose ranking counts."""
        return len(self._now)

    @property
    def fit(self) -> ScaledFit | None:
        """As of the last `take`; `None` while nothing can be said."""
        return self._fit

    @property
    def entangled(self) -> bool:
        """Whether what is told of the weights depends on each other on this ballot."""
        names = list(told(self._fit))
        if not names:
            return False
        measured = scaled(list(self._now.values())[:1], names, "ballot")[0]
        return int(np.linalg.matrix_rank(measured - measured.mean(axis=0))) < len(names)

    @property
    def tally(self) -> tuple[Tallied, ...]:
        """How often each alternative came first, and its mean place."""
        labels = self.ballot.labels
        said = ([[labels[place] for place in group] for group in one.groups] for one in self._now.values())
        return tally(labels, said)

    def take(self, some: Iterable[Ranking]) -> None:
        """Take in rankings that came behind those that are known; many at once leave the trail that each would."""
        before = self.ranked
        self._add(some)
        judgements = list(self._now.values())
        for count in _BETWEEN:
            if before < count < len(judgements):
                self._leave_trail(Point(count, told(_fitted(judgements[:count]))))
        self._fit = _fitted(judgements)
        self._leave_trail(Point(len(judgements), told(self._fit)))

    def _add(self, some: Iterable[Ranking]) -> None:
        for ranking in some:
            self._replaced.add(ranking.supersedes)
            stands = ranking.id not in self.known and ranking.id not in self._replaced
            if stands and ranking.annotator.startswith(self.prefix):
                self._now[ranking.annotator] = of_candidates(ranking, self.ballot, self.candidates)
            self.known.add(ranking.id)

    def _leave_trail(self, point: Point) -> None:
        if not point.weights:
            return
        if self.trail and self.trail[-1].ranked >= point.ranked:
            self.trail.pop()  # somebody changed a ranking
        self.trail.append(point)
        if len(self.trail) > MOST_POINTS:
            del self.trail[1:-1:2]


def told(fit: ScaledFit | None) -> dict[str, Estimate]:
    """Of accuracy, cost and latency those of which the rankings say anything."""
    return {} if fit is None else {name: fit.weights[name] for name in WEIGHED if name in fit.weights}


def _fitted(judgements: Sequence[Judgement]) -> ScaledFit | None:
    """Fitted anew, in about 15 ms for 300: on one ballot that is cheaper than to follow each of a burst one by one.

    Everybody saw the same order, in which a leaning to the first place cannot be told from a liking for what stands
    there, so none is fitted. Each phone is a cluster: the intervals speak of people like these, on this ballot.
    """
    return LiveFit(judgements, aliases=(), covariates=(), clustering="annotator").fit
