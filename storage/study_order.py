"""Which ballots of a study a person could be given, and which of them comes first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select

from prefs.study import Assignment, Study
from storage.tables import ASSIGNMENT, RANKING, STUDY_BALLOT


def takes_place(now: datetime) -> ColumnElement[bool]:
    """That an assignment takes one of the places that the overlap gives its ballot."""
    on_lease = and_(ASSIGNMENT.c.state == "leased", ASSIGNMENT.c.leased_until > now)
    return or_(and_(ASSIGNMENT.c.state == "ranked", ASSIGNMENT.c.counted.is_(True)), on_lease)


def open_ballots(study: Study, annotator: str, now: datetime) -> Select[Any]:
    """The ballots that have a place left and that this person has not ranked, and how often each was skipped."""
    uses = (
        select(
            ASSIGNMENT.c.ballot_id,
            func.sum(case((takes_place(now), 1), else_=0)).label("taken"),
            func.sum(case((ASSIGNMENT.c.state == "skipped", 1), else_=0)).label("skips"),
        )
        .where(ASSIGNMENT.c.study_id == study.id)
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
        .where(STUDY_BALLOT.c.study_id == study.id, func.coalesce(uses.c.taken, 0) < study.overlap, ~ranked)
    )


def first(study: Study, annotator: str, new: Sequence[Row[Any]], mine: Sequence[Assignment]) -> Row[Any]:
    """A gold ballot where one is due; what others skipped comes last; then the person's own order."""
    due = study.gold_is_due(annotator, len(mine), sum(one.gold for one in mine))
    return min(
        new,
        key=lambda row: (
            bool(row.gold) is not due,
            row.skips,
            study.position(annotator, row.ballot_id, row.place),
            row.place,
        ),
    )
