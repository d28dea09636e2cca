"""Which ballots of a study a person could be given, and which of them comes first.

Statements are built once: to build one costs several times what it does.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, exists, func, or_, select

from prefs.study import Assignment, Study
from storage.study_orders import order
from storage.tables import ASSIGNMENT, RANKING, STUDY_BALLOT

TRIED: Final = (40, 160, 640)
"""So many ballots at the head of a person's order are looked at before all are: mostly one of the first is open."""

_TAKES_PLACE: Final = or_(
    and_(ASSIGNMENT.c.state == "ranked", ASSIGNMENT.c.counted.is_(True)),
    and_(ASSIGNMENT.c.state == "leased", ASSIGNMENT.c.leased_until > bindparam("now")),
)
"""That an assignment takes one of the places that the overlap gives its ballot."""
_OTHERS: Final = (
    select(func.count())
    .select_from(ASSIGNMENT)
    .where(
        ASSIGNMENT.c.study_id == bindparam("study"),
        ASSIGNMENT.c.ballot_id == bindparam("ballot"),
        ASSIGNMENT.c.annotator != bindparam("annotator"),
        _TAKES_PLACE,
    )
)


def has_place(connection: Connection, study: Study, one: Assignment, now: datetime) -> bool:
    """Whether others leave a place for it. A lease is not enough: the clock of another process may be ahead."""
    values = {"study": study.id, "ballot": one.ballot, "annotator": one.annotator, "now": now}
    return int(connection.execute(_OTHERS, values).scalar_one()) < study.overlap


def _open_ballots(*, among: bool) -> Select[Any]:
    used = ASSIGNMENT.c.study_id == bindparam("study")
    wanted = STUDY_BALLOT.c.study_id == bindparam("study")
    if among:
        used &= ASSIGNMENT.c.ballot_id.in_(bindparam("among", expanding=True))
        wanted &= STUDY_BALLOT.c.ballot_id.in_(bindparam("among", expanding=True))
    uses = (
        select(
            ASSIGNMENT.c.ballot_id,
            func.sum(case((_TAKES_PLACE, 1), else_=0)).label("taken"),
            func.sum(case((ASSIGNMENT.c.state == "skipped", 1), else_=0)).label("skips"),
        )
        .where(used)
        .group_by(ASSIGNMENT.c.ballot_id)
        .subquery()
    )
    ranked = exists().where(
        RANKING.c.ballot_id == STUDY_BALLOT.c.ballot_id, RANKING.c.annotator == bindparam("annotator")
    )
    return (
        select(STUDY_BALLOT.c.ballot_id, STUDY_BALLOT.c.gold, func.coalesce(uses.c.skips, 0).label("skips"))
        .outerjoin(uses, uses.c.ballot_id == STUDY_BALLOT.c.ballot_id)
        .where(wanted, func.coalesce(uses.c.taken, 0) < bindparam("overlap"), ~ranked)
    )


_OPEN: Final = _open_ballots(among=False)
_OPEN_AMONG: Final = _open_ballots(among=True)


def open_ballots(
    connection: Connection, study: Study, annotator: str, now: datetime, among: Sequence[str] | None = None
) -> Sequence[Row[Any]]:
    """The ballots that have a place left and that this person has not ranked, and how often each was skipped.

    Of those named by `among`, or of all.
    """
    values: dict[str, Any] = {"study": study.id, "annotator": annotator, "now": now, "overlap": study.overlap}
    if among is None:
        return connection.execute(_OPEN, values).all()
    return connection.execute(_OPEN_AMONG, values | {"among": among}).all()


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
    ballots, numbers = order(connection, study, annotator)
    in_turn = (ballots[number] for number in numbers)
    wanted = (one.ballot for one in in_turn if one.gold is due and one.ballot not in known)
    for head in _heads(wanted):
        tried = open_ballots(connection, study, annotator, now, head)
        found = {row.ballot_id: row for row in tried if not row.skips}
        if best := next((found[ballot] for ballot in head if ballot in found), None):
            return best
    ranks = {ballots[number].ballot: rank for rank, number in enumerate(numbers)}
    left = [row for row in open_ballots(connection, study, annotator, now) if row.ballot_id not in known]

    def turn(row: Row[Any]) -> tuple[bool, int, int]:
        return bool(row.gold) is not due, row.skips, ranks.get(row.ballot_id, len(ranks))

    return min(left, key=turn, default=None)


def _heads(ballots: Iterator[str]) -> Iterator[Sequence[str]]:
    """The first ones, then more of them; never none."""
    for size in TRIED:
        if head := list(islice(ballots, size)):
            yield head
