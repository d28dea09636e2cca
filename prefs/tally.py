"""What a ballot's rankings say without any model: how often each alternative came first, and its mean place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tallied:
    """One alternative. Ties share: of two that are first together each has half a first choice and place 1.5."""

    label: str
    first: float
    """Share of the rankings that put it first, 0 to 1; `0` before the first ranking."""
    place: float | None
    """Mean place, 1 is the best; `None` where nobody placed it."""


def tally(labels: Sequence[str], rankings: Iterable[Sequence[Sequence[str]]]) -> tuple[Tallied, ...]:
    """The alternatives in the order of `labels`; each ranking is given as its best-first groups of labels."""
    firsts = dict.fromkeys(labels, 0.0)
    places: dict[str, list[float]] = {label: [] for label in labels}
    count = 0
    for groups in rankings:
        if not groups:
            continue
        count += 1
        for label in groups[0]:
            firsts[label] += 1 / len(groups[0])
        above = 0
        for group in groups:
            for label in group:
                places[label].append(above + (len(group) + 1) / 2)
            above += len(group)
    return tuple(
        Tallied(label, firsts[label] / count if count else 0.0, sum(found) / len(found) if found else None)
        for label, found in places.items()
    )
