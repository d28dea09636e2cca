"""Judgements for tests of agreement, from plain ranks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.features import Features
from prefs.judgement import Candidate, Judgement

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def candidate(
    place: int,
    trajectory: str,
    *,
    outcome: int | None = None,
    usd: str | None = "1",
    seconds: float = 1,
    answer: str | None = None,
) -> Candidate:
    cost = None if usd is None else Decimal(usd)
    label = chr(ord("A") + place)
    return Candidate(label, trajectory, "p", Features(outcome, cost, seconds), place, 1, answer, PreferenceVector())


def judged(
    annotator: str,
    ranks: Mapping[str, float] | Sequence[float],
    *,
    query: str = "q",
    shown: Sequence[Candidate] | None = None,
    minute: int = 0,
    show: Sequence[str] | None = None,
) -> Judgement:
    """`ranks` by trajectory, 1 best; what is shown but has no rank is left on the tray."""
    by_name = dict(ranks) if isinstance(ranks, Mapping) else {f"{query}-{i}": rank for i, rank in enumerate(ranks)}
    candidates = tuple(shown or (candidate(i, name) for i, name in enumerate(show or by_name)))
    place = {one.trajectory: i for i, one in enumerate(candidates)}
    groups = tuple(
        tuple(sorted(place[name] for name, own in by_name.items() if own == rank))
        for rank in sorted(set(by_name.values()))
    )
    tray = tuple(i for name, i in sorted(place.items(), key=lambda item: item[1]) if name not in by_name)
    number = f"{query}-{annotator}-{minute}"
    return Judgement(
        number, f"b-{number}", annotator, query, NOON + timedelta(minutes=minute), candidates, groups, tray
    )


@st.composite
def tables(draw: st.DrawFn) -> list[Judgement]:
    """Whole rankings with ties of a few people on one to four queries of three or four alternatives."""
    people = draw(st.integers(2, 5))
    found = []
    for query in range(draw(st.integers(1, 4))):
        size = draw(st.integers(3, 4))
        for person in range(people):
            ranks = draw(st.lists(st.integers(1, 4), min_size=size, max_size=size))
            found.append(judged(f"person {person}", ranks, query=f"q{query}"))
    return found
