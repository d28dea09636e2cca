"""What ballots of a study are made from: trajectories of runs that have ended; and which ballots have a gold pair."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Select, select

from prefs.agreement.gold import gold_pairs
from prefs.ballot import Ballot
from storage.askable import comparable
from storage.errors import StoreMissing
from storage.judgements import Candidates
from storage.pages import Read, batches, pages
from storage.records import load_run
from storage.tables import RUN, TRAJECTORY

_AT_ONCE: Final = 50
"""Ballots whose trajectories are in memory at once."""
_RUNS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class RunAlternatives:
    """The trajectories of a run that came to an end by themselves, oldest first."""

    run: str
    query: str
    asked_at: datetime
    trajectories: tuple[str, ...]


def run_alternatives(read: Read, runs: Collection[str] | None) -> tuple[RunAlternatives, ...]:
    """The same for these runs, or for all; the oldest run first. A run that is not here is absent."""
    query = select(RUN.c.record, TRAJECTORY.c.id.label("trajectory"))
    joined = query.select_from(RUN.join(TRAJECTORY, TRAJECTORY.c.run_id == RUN.c.id)).where(comparable())
    if runs is None:
        return tuple(_grouped(read, joined))
    some = batches(iter(sorted(set(runs))), _RUNS_AT_ONCE)
    found = [one for ids in some for one in _grouped(read, joined.where(RUN.c.id.in_(ids)))]
    return tuple(sorted(found, key=lambda one: (one.asked_at, one.run)))


def _grouped(read: Read, joined: Select[Any]) -> Iterator[RunAlternatives]:
    keys = RUN.c.asked_at, RUN.c.id, TRAJECTORY.c.started_at, TRAJECTORY.c.id
    rows = (row for page in pages(read, joined, keys) for row in page)
    for record, of_run in groupby(rows, key=itemgetter(0)):
        run = load_run(record)
        yield RunAlternatives(run.id, run.query, run.asked_at, tuple(row[1] for row in of_run))


def with_gold(read: Read, ballots: Iterable[Ballot]) -> tuple[str, ...]:
    """The ids of those ballots that have a gold pair; raises StoreMissing where a trajectory is not there."""
    measures = Candidates(read)
    found: list[str] = []
    for some in batches(iter(ballots), _AT_ONCE):
        known = measures.of(some)
        for ballot in some:
            missing = [one.trajectory for one in ballot.alternatives if one.trajectory not in known]
            if missing:
                raise StoreMissing(f"trajectory {missing[0]} of ballot {ballot.id} is not there: import it first")
            if gold_pairs([known[one.trajectory] for one in ballot.alternatives]):
                found.append(ballot.id)
    return tuple(found)
