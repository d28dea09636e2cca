"""The leaderboard: policies by how people ranked what they did.

A candidate is its policy's entry on the ballot. Two candidates of one policy are two entries of equal strength: each is
ranked against the others, and their order among themselves says nothing of strengths (of ties it does).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from prefs.bootstrap import LEVEL, Interval
from prefs.judgement import Candidate, Judgement
from prefs.strengths.coded import numbered
from prefs.strengths.connection import linked
from prefs.strengths.fragility import Fragility
from prefs.strengths.orders import Orders, orders_with_ties
from prefs.strengths.plackett_luce import plackett_luce
from prefs.strengths.strength import Strengths

PRIOR_SD: Final = 3.0
"""Two policies then differ by less than 8.3 log-odds with 95 %: it only bounds what always wins or always loses."""
Cluster = Literal["ranking", "annotator", "ballot", "query"]
CLUSTERS: Final[dict[Cluster, Callable[[Judgement], Hashable]]] = {
    "ranking": lambda judgement: (judgement.annotator, judgement.ballot),
    "annotator": lambda judgement: judgement.annotator,
    "ballot": lambda judgement: judgement.ballot,
    "query": lambda judgement: judgement.query,
}


@dataclass(frozen=True, slots=True)
class Flip:
    """What would have to be missing for a row and the next one to change places; fitted again without it, they do.

    As few as were found, so an upper bound on the fewest.
    """

    rankings: tuple[str, ...] | None
    """Ids; `None` where no removal was found that does it and leaves both policies ranked."""
    annotators: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Row:
    """A policy among the others."""

    policy: str
    rank: int
    """1 + how many of its part have the lower end of their interval above the upper end of this one's."""
    strength: float
    """Natural-log odds against the average policy."""
    interval: Interval | None
    """`None` where a single ranking (or cluster) leaves nothing to estimate it from."""
    rankings: int
    """Rankings that place it against another policy."""
    win_rate: float
    """Share of its comparisons with other policies that it won, a tie as half."""
    part: int
    """0 is the largest part. Policies of different parts were never compared, directly or through others."""
    flip: Flip | None = None
    """With the next row of its part; `None` for the last one, and where it was not asked for."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The strongest first, part by part."""

    rows: tuple[Row, ...]
    rankings: int
    """Rankings that place one policy against another; the others say nothing here."""
    annotators: int
    ties: tuple[tuple[int, float], ...]
    """Group size and log δ of Davidson–Luce."""
    prior_sd: float
    cluster: Cluster
    notes: tuple[str, ...]
    """What the strengths cannot say, in whole sentences."""


def leaderboard(
    judgements: Sequence[Judgement],
    *,
    cluster: Cluster = "ranking",
    prior_sd: float = PRIOR_SD,
    flips: bool = False,
    level: float = LEVEL,
    item: Callable[[Candidate], str] = lambda candidate: candidate.policy,
) -> Leaderboard:
    """Plackett–Luce strengths with ties of the judgements' policies under a weak normal prior.

    `item` names what a candidate counts for. `flips` looks for the fewest rankings and annotators that hold each row
    above the next. Unranked candidates and the acceptability line are not used. No judgement, no rows.
    """
    said = [judgement for judgement in judgements if _policies(judgement, item) > 1]
    if not said:
        note = "no ranking places one policy against another yet"
        return Leaderboard((), 0, 0, (), prior_sd, cluster, (note,))
    seen = entered(said, item=item, cluster=cluster)
    strengths = plackett_luce(seen, prior_sd=prior_sd)
    wins = seen.wins()
    part = linked(wins)
    order = sorted(range(len(seen.names)), key=lambda at: (part[at], -strengths.values[at], seen.names[at]))
    found = _flips(seen, said, order, part, prior_sd) if flips else {}
    ranks, met = _ranks(strengths, part, level), _met(seen)
    rows = tuple(
        Row(
            seen.names[at],
            ranks[at],
            float(strengths.values[at]),
            strengths.interval(seen.names[at], level),
            met[at],
            float(wins[at].sum() / (wins[at] + wins[:, at]).sum()),
            int(part[at]),
            found.get(at),
        )
        for at in order
    )
    annotators = len({judgement.annotator for judgement in said})
    return Leaderboard(rows, len(said), annotators, strengths.ties, prior_sd, cluster, _notes(seen.names, wins, part))


def entered(
    judgements: Sequence[Judgement],
    *,
    cluster: Cluster = "ranking",
    item: Callable[[Candidate], str] = lambda candidate: candidate.policy,
) -> Orders:
    """The judgements as rankings of policies, unranked candidates left out."""
    groups = [
        [[item(judgement.candidates[place]) for place in group] for group in judgement.groups]
        for judgement in judgements
    ]
    return orders_with_ties(groups, clusters=[CLUSTERS[cluster](judgement) for judgement in judgements])


def _policies(judgement: Judgement, item: Callable[[Candidate], str]) -> int:
    return len({item(judgement.candidates[place]) for group in judgement.groups for place in group})


def _met(seen: Orders) -> dict[int, int]:
    """In how many rankings each item is."""
    ranking = np.repeat(np.arange(len(seen)), seen.lengths)
    pairs = np.unique(ranking * len(seen.names) + seen.items)
    return Counter((pairs % len(seen.names)).tolist())


def _ranks(strengths: Strengths, part: NDArray[np.intp], level: float) -> list[int]:
    ends = strengths.ends(level)
    if ends is None:
        return [1] * len(part)
    low, high = ends
    surely_above = (low > high[:, None]) & (part == part[:, None])
    return [1 + int(count) for count in surely_above.sum(axis=1)]


def _flips(
    seen: Orders, said: Sequence[Judgement], order: list[int], part: NDArray[np.intp], prior_sd: float
) -> dict[int, Flip]:
    annotators = list(dict.fromkeys(judgement.annotator for judgement in said))
    by_ranking = Fragility(seen, prior_sd)
    by_annotator = Fragility(seen, prior_sd, units=numbered([judgement.annotator for judgement in said]))
    found = {}
    for above, below in pairwise(order):
        if part[above] == part[below]:
            rankings, people = by_ranking.fewest(above, below), by_annotator.fewest(above, below)
            found[above] = Flip(
                None if rankings is None else tuple(said[at].ranking for at in rankings),
                None if people is None else tuple(annotators[at] for at in people),
            )
    return found


def _notes(names: tuple[str, ...], wins: NDArray[np.float64], part: NDArray[np.intp]) -> tuple[str, ...]:
    notes = []
    if part.any():
        notes.append(f"never compared with each other, so ranked apart: {_parts(names, part)}")
    strong = linked(wins, strong=True)
    if strong.max() > part.max():
        said = "every preference goes one way, so that only the prior bounds the distance"
        notes.append(f"between some of these {said}: {_parts(names, strong)}")
    return tuple(notes)


def _parts(names: tuple[str, ...], part: NDArray[np.intp]) -> str:
    parts = ([names[at] for at in np.flatnonzero(part == one)] for one in range(int(part.max()) + 1))
    return " | ".join(map(", ".join, parts))
