"""Rankings that are old enough to go: all of one person and ballot at once, and not while a study of it is open."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, delete, exists, or_, select

from storage.pages import Read, pages
from storage.study_assignments import alone
from storage.study_records import aware
from storage.tables import ASSIGNMENT, RANKING, STUDY, STUDY_BALLOT

AT_ONCE: Final = 100
"""Rankings that are looked at in one transaction."""
Chain = tuple[str, str]
"""A ballot and an annotator."""


def chains(read: Read, cutoff: datetime) -> Iterator[list[Chain]]:
    """Ballots and annotators with a ranking from before that, the oldest first."""
    query: Select[Any] = select(RANKING.c.ballot_id, RANKING.c.annotator).where(RANKING.c.made_at < cutoff)
    for page in pages(read, query, (RANKING.c.made_at, RANKING.c.id), size=AT_ONCE):
        yield sorted({(row[0], row[1]) for row in page})


def old(connection: Connection, some: Sequence[Chain], cutoff: datetime) -> dict[str, Chain]:
    """The rankings of those chains that may go."""
    these = or_(*(and_(RANKING.c.ballot_id == ballot, RANKING.c.annotator == who) for ballot, who in some))
    going = STUDY_BALLOT.join(STUDY, STUDY.c.id == STUDY_BALLOT.c.study_id)
    asked = (
        exists().select_from(going).where(STUDY_BALLOT.c.ballot_id == RANKING.c.ballot_id, STUDY.c.closed_at.is_(None))
    )
    query = select(RANKING.c.id, RANKING.c.ballot_id, RANKING.c.annotator, RANKING.c.made_at).where(these, ~asked)
    rows = connection.execute(query).all()
    young = {(row.ballot_id, row.annotator) for row in rows if aware(row.made_at) >= cutoff}
    return {row.id: (row.ballot_id, row.annotator) for row in rows if (row.ballot_id, row.annotator) not in young}


def remove(connection: Connection, some: Sequence[Chain], cutoff: datetime) -> set[str]:
    """Delete them with their assignments; gives the ids of the rankings."""
    alone(connection)
    going = old(connection, some, cutoff)
    connection.execute(delete(RANKING).where(RANKING.c.id.in_(sorted(going))))
    for ballot, who in sorted(set(going.values())):
        given = and_(ASSIGNMENT.c.ballot_id == ballot, ASSIGNMENT.c.annotator == who)
        connection.execute(delete(ASSIGNMENT).where(given))
    return set(going)
