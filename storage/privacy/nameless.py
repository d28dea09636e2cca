"""What somebody said, without who said it: a few ballots at a time."""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from prefs.study import TAGS
from storage.audience_tables import SEAT
from storage.privacy.begun import NOBODY
from storage.privacy_tables import FORGETTING, FORGOTTEN_RANKING
from storage.records import dump_line
from storage.study_assignments import alone
from storage.study_records import load_study
from storage.tables import ASSIGNMENT, RANKING, STUDY, STUDY_BALLOT

AT_ONCE: Final = 50
"""Ballots in one transaction."""
_NAMELESS: Final = ASSIGNMENT.alias()
_CHANGE: Final = (
    update(RANKING)
    .where(RANKING.c.id == bindparam("wanted"))
    .values(annotator=bindparam("pseudonym"), idempotency_key=None, record=bindparam("nameless"))
)


def some_nameless(connection: Connection, pseudonym: str) -> bool:
    """Go on with somebody's rankings; False where none is left, and then no ranking and no place tells the name."""
    alone(connection)
    row = connection.execute(select(FORGETTING).where(FORGETTING.c.pseudonym == pseudonym)).first()
    if row is None or row.name == NOBODY:
        return False
    names = (row.name, pseudonym) if row.rankings else (row.name,)
    ballots = _some_ballots(connection, names)
    if ballots and row.rankings:
        _delete_rankings(connection, names, ballots)
    elif ballots:
        late = _some_ballots(connection, (pseudonym,), among=ballots)
        _delete_late(connection, row.name, pseudonym, late)
        _anonymise(connection, row.name, pseudonym, [one for one in ballots if one not in late])
    if _some_ballots(connection, names, most=1):
        return True
    _rest_of_assignments(connection, row.name, pseudonym)
    connection.execute(delete(SEAT).where(SEAT.c.annotator == row.name))
    return False


def _some_ballots(
    connection: Connection, names: Sequence[str], most: int = AT_ONCE, among: Sequence[str] | None = None
) -> list[str]:
    some = select(RANKING.c.ballot_id).where(RANKING.c.annotator.in_(names)).distinct().limit(most)
    return list(connection.scalars(some if among is None else some.where(RANKING.c.ballot_id.in_(among))))


def _delete_rankings(connection: Connection, names: Sequence[str], ballots: Sequence[str]) -> None:
    """All that this person ever said of these ballots, and the assignments, so that others may get their places.

    What an earlier wish had already taken the name from goes, too.
    """
    _bury(connection, names, ballots)
    given = ASSIGNMENT.c.annotator.in_(names) & ASSIGNMENT.c.ballot_id.in_(ballots)
    connection.execute(delete(ASSIGNMENT).where(given))


def _delete_late(connection: Connection, name: str, pseudonym: str, ballots: Sequence[str]) -> None:
    """What was said of ballots after the name was taken from what was said before: that counts."""
    if not ballots:
        return
    _bury(connection, (name,), ballots)
    same = (_NAMELESS.c.study_id == ASSIGNMENT.c.study_id) & (_NAMELESS.c.ballot_id == ASSIGNMENT.c.ballot_id)
    twice = exists().where(same, _NAMELESS.c.annotator == pseudonym)
    connection.execute(delete(ASSIGNMENT).where(ASSIGNMENT.c.annotator == name, twice))


def _bury(connection: Connection, names: Sequence[str], ballots: Sequence[str]) -> None:
    theirs = RANKING.c.annotator.in_(names) & RANKING.c.ballot_id.in_(ballots)
    ids = list(connection.scalars(select(RANKING.c.id).where(theirs)))
    connection.execute(insert(FORGOTTEN_RANKING), [{"id": id} for id in ids])
    connection.execute(delete(RANKING).where(RANKING.c.id.in_(ids)))


def _anonymise(connection: Connection, name: str, pseudonym: str, ballots: Sequence[str]) -> None:
    if not ballots:
        return
    offered = _offered_tags(connection, ballots)
    theirs = (RANKING.c.annotator == name) & RANKING.c.ballot_id.in_(ballots)
    rows = connection.execute(select(RANKING.c.id, RANKING.c.record).where(theirs)).all()
    changed = [
        {"wanted": row.id, "pseudonym": pseudonym, "nameless": nameless(row.record, pseudonym, offered)} for row in rows
    ]
    connection.execute(_CHANGE, changed)


def nameless(record: str, pseudonym: str, offered: Collection[str]) -> str:
    """The record of a ranking without name, words, times of attention and tags that nobody offered."""
    said: dict[str, Any] = json.loads(record)
    marks = [{**mark, "note": ""} for mark in said.get("marks") or ()]
    tags = [tag for tag in said.get("tags") or () if tag in offered]
    bare: dict[str, Any] = {"annotator": pseudonym, "reason": None, "marks": marks, "tags": tags, "active_s": {}}
    return dump_line({**said, **bare})


def _offered_tags(connection: Connection, ballots: Sequence[str]) -> set[str]:
    records = select(STUDY.c.record).join(STUDY_BALLOT).where(STUDY_BALLOT.c.ballot_id.in_(ballots)).distinct()
    return {tag for record in connection.scalars(records) for tag in load_study(record).tags} | set(TAGS)


def _rest_of_assignments(connection: Connection, name: str, pseudonym: str) -> None:
    """Those whose rankings stay lose the name; leases, and what was skipped or flagged, go."""
    theirs = ASSIGNMENT.c.annotator == name
    connection.execute(delete(ASSIGNMENT).where(theirs, ASSIGNMENT.c.state != "ranked"))
    connection.execute(update(ASSIGNMENT).where(theirs).values(annotator=pseudonym, reason=None))
