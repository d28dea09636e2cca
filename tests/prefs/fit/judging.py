"""Judgements for tests, built from a few numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.features import Features
from prefs.judgement import Candidate, Judgement

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLANTED: Mapping[str, float] = {"accuracy": 1.0, "cost": 0.6, "latency": 0.3}


def candidate(
    place: int,
    outcome: int | None = 1,
    usd: str | None = "0.01",
    seconds: float = 1.0,
    uses: Mapping[str, int] | None = None,
    name: str = "t",
) -> Candidate:
    cost = None if usd is None else Decimal(usd)
    measured = Features(outcome, cost, seconds, dict(uses or {}))
    return Candidate(chr(65 + place), f"{name}-{place}", "random", measured, place, 2, "an answer", PreferenceVector())


def judged(
    candidates: Sequence[Candidate],
    groups: Sequence[Sequence[int]],
    *,
    name: str = "r",
    annotator: str = "ann",
    **changes: Any,
) -> Judgement:
    ranked = tuple(tuple(group) for group in groups)
    return Judgement(name, f"ballot {name}", annotator, "a query", NOW, tuple(candidates), ranked, **changes)


@st.composite
def judgements(draw: st.DrawFn, *, most: int = 12, line: bool = True, size: int = 4) -> list[Judgement]:
    """Rankings of two to `size` candidates, with ties, trays and lines."""
    return [draw(_judgement(f"r{number}", line, size)) for number in range(draw(st.integers(2, most)))]


@st.composite
def _judgement(draw: st.DrawFn, name: str, line: bool, size: int) -> Judgement:
    count = draw(st.integers(2, size))
    shown = [
        candidate(
            place,
            draw(st.sampled_from([0, 1])),
            str(draw(st.decimals("0.001", "1", places=4))),
            draw(st.floats(0.5, 100)),
            {"search-1": draw(st.integers(0, 3))},
            name,
        )
        for place in range(count)
    ]
    order = draw(st.permutations(range(count)))
    ranked = order[: draw(st.integers(2, count))]
    groups: list[list[int]] = []
    for place in ranked:
        if groups and draw(st.integers(0, 3)) == 0:
            groups[-1].append(place)
        else:
            groups.append([place])
    acceptable = draw(st.none() | st.integers(0, len(groups))) if line else None
    return judged(
        shown,
        [sorted(group) for group in groups],
        name=name,
        annotator=draw(st.sampled_from(["ada", "ben", "cleo"])),
        unranked=tuple(sorted(order[len(ranked) :])),
        acceptable=acceptable,
    )
