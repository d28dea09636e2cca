"""Which ballots show a trajectory, and whether somebody needs them. Only their records name trajectories."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from storage.audience_tables import AUDIENCE
from storage.pages import Read, pages
from storage.tables import BALLOT, RANKING, STUDY_BALLOT

PAGE: Final = 500
"""Ballots in memory at once."""
MARGIN: Final = timedelta(minutes=5)
"""How far the clocks of two processes may be apart."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look through all ballots found."""

    looked_at: datetime
    ballots: dict[str, list[str]]
    """Trajectory to the ballots that show it."""
    needed: set[str]
    """Ballots that somebody ranked, that a study asks or that an audience saw."""
    ranked: set[str]
    """Those of them that somebody ranked."""

    def of(self, trajectories: Collection[str]) -> set[str]:
        """The ballots that show any of these."""
        return {ballot for id in trajectories for ballot in self.ballots.get(id, ())}

    def needs(self, trajectories: Collection[str]) -> bool:
        """Whether any of these is on a ballot that is needed."""
        return not self.needed.isdisjoint(self.of(trajectories))


def shown(read: Read, wanted: Collection[str], now: datetime) -> Shown:
    """The ballots of these trajectories: every ballot is looked at, a page in memory at a time."""
    found = Shown(now, {}, set(), set())
    ranked = exists().where(RANKING.c.ballot_id == BALLOT.c.id)
    query = select(BALLOT.c.id, BALLOT.c.record, is_needed().label("needed"), ranked.label("ranked"))
    for page in pages(read, query, (BALLOT.c.id,), size=PAGE):
        for id, record, needed, ranked_too in (row[:4] for row in page):
            ids = [one for one in on_ballot(record) if one in wanted]
            for one in ids:
                found.ballots.setdefault(one, []).append(id)
            if ids and needed:
                found.needed.add(id)
            if ids and ranked_too:
                found.ranked.add(id)
    return found


def on_ballot(record: str) -> Iterator[str]:
    """The trajectories that the record of a ballot names."""
    return (one["trajectory"] for one in json.loads(record)["alternatives"])


def is_needed() -> ColumnElement[bool]:
    """That somebody ranked the ballot, that a study has it or that an audience saw it."""
    return or_(*(exists().where(table.c.ballot_id == BALLOT.c.id) for table in (RANKING, STUDY_BALLOT, AUDIENCE)))


def needed_now(connection: Connection, ballots: Collection[str]) -> set[str]:
    """Those of these ballots that are needed now."""
    ids, found = sorted(ballots), set[str]()
    for start in range(0, len(ids), _AT_ONCE):
        some = BALLOT.c.id.in_(ids[start : start + _AT_ONCE])
        found.update(connection.scalars(select(BALLOT.c.id).where(some, is_needed())))
    return found


def on_later_ballots(connection: Connection, seen: Shown, trajectories: Collection[str]) -> set[str]:
    """Those of these trajectories that are on a ballot which was made after a look through all of them."""
    known = seen.of(trajectories)
    made = select(BALLOT.c.id, BALLOT.c.record).where(BALLOT.c.made_at >= seen.looked_at - MARGIN)
    later = {id for row in connection.execute(made) if row.id not in known for id in on_ballot(row.record)}
    return later.intersection(trajectories)
