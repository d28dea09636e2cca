"""Which ballots of a study a person could be given, and which of them comes first."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, or_, select

from prefs.study import Assignment, Study
from storage.study_orders import order
from storage.tables import ASSIGNMENT, RANKING, STUDY_BALLOT

TRIED: Final = 40
"""So many ballots at the head of a person's order are looked at before all are: mostly one of them is open."""


def takes_place(now: datetime) -> ColumnElement[bool]:
    """That an assignment takes one of the places that the overlap gives its ballot."""
    on_lease = and_(ASSIGNMENT.c.state == "leased", ASSIGNMENT.c.leased_until > now)
    return or_(and_(ASSIGNMENT.c.state == "ranked", ASSIGNMENT.c.counted.is_(True)), on_lease)


def open_ballots(study: Study, annotator: str, now: datetime, among: Collection[str] | None = None) -> Select[Any]:
    """The ballots that have a place left and that this person has not ranked, and how often each was skipped.

    Of those named by `among`, or of all.
    """
    used = ASSIGNMENT.c.study_id == study.id
    wanted = STUDY_BALLOT.c.study_id == study.id
    if among is not None:
        used &= ASSIGNMENT.c.ballot_id.in_(among)
        wanted &= STUDY_BALLOT.c.ballot_id.in_(among)
    uses = (
        select(
            ASSIGNMENT.c.ballot_id,
            func.sum(case((takes_place(now), 1), else_=0)).label("taken"),
            func.sum(case((ASSIGNMENT.c.state == "skipped", 1), else_=0)).label("skips"),
        )
        .where(used)
        .group_by(ASSIGNMENT.c.ballot_id)
        .subquery()
    )
    ranked = exists().where(RANKING.c.ballot_id == STUDY_BALLOT.c.ballot_id, RANKING.c.annotator == annotator)
    return (
        select(
            STUDY_BALLOT.c.ballot_id,
            STUDY_BALLOT.c.place,
            STUDY_BALLOT.c.gold,
            func.coalesce(uses.c.skips, 0).label("skips"),
        )
        .outerjoin(uses, uses.c.ballot_id == STUDY_BALLOT.c.ballot_id)
        .where(wanted, func.coalesce(uses.c.taken, 0) < study.overlap, ~ranked)
    )


def first(
    connection: Connection,
    study: Study,
    annotator: str,
    now: datetime,
    known: Collection[str],
    mine: Sequence[Assignment],
) -> Row[Any] | None:
    """A gold ballot where one is due; what others skipped comes last; then the person's own order. None of `known`."""
    due = study.gold_is_due(annotator, len(mine), sum(one.gold for one in mine))
    open_to_them = [one for one in order(connection, study, annotator) if one[0] not in known]
    ordered = [ballot for ballot, gold in open_to_them if gold is due]
    ordered += [ballot for ballot, gold in open_to_them if gold is not due]
    ranks = {ballot: rank for rank, ballot in enumerate(ordered)}
    found = connection.execute(open_ballots(study, annotator, now, ordered[:TRIED])).all()
    if best := [row for row in found if row.skips == 0 and bool(row.gold) is due]:
        return min(best, key=lambda row: ranks[row.ballot_id])
    found = [row for row in connection.execute(open_ballots(study, annotator, now)).all() if row.ballot_id in ranks]
    return min(found, key=lambda row: (bool(row.gold) is not due, row.skips, ranks[row.ballot_id]), default=None)
