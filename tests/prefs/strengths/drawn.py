"""Comparisons, rankings and judgements to estimate strengths from."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.features import Features
from prefs.judgement import Candidate, Judgement

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("ant", "bee", "cat", "dog", "eel")
Pair = tuple[str, str, bool]
"""Better, worse, and whether they tied."""
Groups = list[list[str]]


@st.composite
def linked_pairs(draw: st.DrawFn) -> list[Pair]:
    """Comparisons in which a circle of wins links all items, so that best strengths exist."""
    size = draw(st.integers(2, len(NAMES)))
    circle = [(NAMES[at], NAMES[(at + 1) % size], False) for at in range(size)]
    if size == 2:
        circle = [("ant", "bee", False), ("bee", "ant", False)]
    places = st.integers(0, size - 1)
    more = draw(st.lists(st.tuples(places, places, st.booleans()).filter(lambda p: p[0] != p[1]), max_size=30))
    return [*circle, *((NAMES[a], NAMES[b], tied) for a, b, tied in more)]


@st.composite
def rankings_with_ties(draw: st.DrawFn) -> list[Groups]:
    """Rankings of at least two of the names, in groups."""
    made = []
    for _ in range(draw(st.integers(1, 12))):
        shown = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
        groups = [[shown[0]]]
        for name in shown[1:]:
            if draw(st.booleans()):
                groups.append([name])
            else:
                groups[-1].append(name)
        made.append(groups)
    return made


def plackett_luce_draws(
    chance: np.random.Generator, strengths: NDArray[np.float64], count: int, length: int
) -> NDArray[np.intp]:
    """A table of rankings, one in each row, best first, of items drawn alike."""
    shown = np.argsort(chance.random((count, len(strengths))), axis=1)[:, :length]
    utility = strengths[shown] + chance.gumbel(size=shown.shape)
    return np.take_along_axis(shown, np.argsort(-utility, axis=1), axis=1)


def judged(number: int, groups: Groups, *, unranked: tuple[str, ...] = (), annotator: str = "ann") -> Judgement:
    """A ballot of policies, ranked in groups."""
    shown = [policy for group in groups for policy in group] + list(unranked)
    places = iter(range(len(shown)))
    placed = tuple(tuple(next(places) for _ in group) for group in groups)
    candidates = tuple(
        Candidate(
            chr(65 + place),
            f"t{number}-{place}",
            policy,
            Features(None, None, 1.0),
            place,
            1,
            None,
            PreferenceVector(accuracy=1.0, cost=0.0, latency=0.0),
        )
        for place, policy in enumerate(shown)
    )
    return Judgement(f"r{number}", f"b{number}", annotator, "q", NOW, candidates, placed, tuple(places))
