"""What several people said of the same alternatives, side by side.

Ballots that show the same trajectories of one query are the same, whatever their labels and order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefs.judgement import Judgement

Alternatives = tuple[str, frozenset[str]]
"""A query and the trajectories shown."""


@dataclass(frozen=True, slots=True)
class SharedBallot:
    """One set of alternatives and each person's latest ranking of it."""

    alternatives: Alternatives
    positions: Mapping[str, Mapping[str, float]]
    """Annotator to trajectory to mid-rank, 1 being best; what was left unranked is absent."""


def shared_ballots(judgements: Iterable[Judgement]) -> tuple[SharedBallot, ...]:
    """Every set of alternatives, in an order that depends on neither annotators nor labels."""
    found: dict[Alternatives, dict[str, Mapping[str, float]]] = {}
    for one in in_order(judgements):
        found.setdefault(alternatives(one), {})[one.annotator] = positions(one)
    ordered = sorted(found.items(), key=lambda item: (item[0][0], sorted(item[0][1])))
    return tuple(SharedBallot(key, dict(sorted(people.items()))) for key, people in ordered)


def alternatives(judgement: Judgement) -> Alternatives:
    """What was shown, without labels and order."""
    return judgement.query, frozenset(candidate.trajectory for candidate in judgement.candidates)


def in_order(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Oldest first."""
    return sorted(judgements, key=lambda one: (one.made_at, one.ranking))


def positions(judgement: Judgement) -> dict[str, float]:
    """Trajectory to mid-rank among what was ranked: tied ones share the mean of the ranks they take up."""
    found: dict[str, float] = {}
    for group in judgement.groups:
        middle = len(found) + (len(group) + 1) / 2
        found |= {judgement.candidates[place].trajectory: middle for place in group}
    return found


def table(ballot: SharedBallot) -> NDArray[np.float64] | None:
    """(people, alternatives) mid-ranks without gaps: the largest that there is. `None` without two of each.

    Where some rank only part, either those people or those alternatives are left out, whichever keeps more
    (people × (alternatives − 1)); the rest is ranked anew among what is kept.
    """
    ranked = {person: frozenset(of) for person, of in ballot.positions.items() if len(of) >= 2}
    if len(ranked) < 2:
        return None
    kept = max({*ranked.values(), frozenset.intersection(*ranked.values())}, key=lambda of: _worth(of, ranked))
    if not _worth(kept, ranked)[0]:
        return None
    people = [person for person, of in ranked.items() if of >= kept]
    columns = sorted(kept)
    raw = np.array([[ballot.positions[person][one] for one in columns] for person in people])
    return mid_ranks(raw)


def _worth(kept: frozenset[str], ranked: Mapping[str, frozenset[str]]) -> tuple[int, int, list[str]]:
    people = sum(of >= kept for of in ranked.values())
    size = people * (len(kept) - 1) if people >= 2 and len(kept) >= 2 else 0
    return size, people, sorted(kept)


def mid_ranks(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row's values as ranks from 1; equal ones share their mean rank."""
    below = (rows[:, None, :] < rows[:, :, None]).sum(axis=2)
    same = (rows[:, None, :] == rows[:, :, None]).sum(axis=2)
    ranks: NDArray[np.float64] = below + (same + 1) / 2
    return ranks


def preferred(ballot: SharedBallot) -> NDArray[np.int64]:
    """(people, alternatives, alternatives): 1 where the first was put above the second, −1 below, 0 tied or unsaid."""
    columns = sorted(ballot.alternatives[1])
    rows = [[of.get(one, np.nan) for one in columns] for of in ballot.positions.values()]
    ranks = np.array(rows, dtype=np.float64)
    return np.nan_to_num(np.sign(ranks[:, None, :] - ranks[:, :, None])).astype(np.int64)


def compared(ballot: SharedBallot) -> NDArray[np.int64]:
    """(people, alternatives, alternatives): 1 where the person ranked both, tied or not; 0 on the diagonal."""
    columns = sorted(ballot.alternatives[1])
    ranked = np.array([[one in of for one in columns] for of in ballot.positions.values()], dtype=np.int64)
    return ranked[:, :, None] * ranked[:, None, :] * (1 - np.eye(len(columns), dtype=np.int64))
