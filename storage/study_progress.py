"""How far a study is, for each person and for the whole."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, case, func, select

from orchestrator.model_call import utc
from prefs.study import OwnProgress, Progress, Study
from storage.study_assignments import left_for
from storage.tables import ASSIGNMENT, STUDY_BALLOT
from storage.trajectories import check_id

_KINDS: Final = ("counted", "extra", "skipped", "flagged", "held", "expired")
"""Every assignment is of exactly one of them."""


def progress(connection: Connection, study: Study, annotator: str | None, now: datetime) -> Progress:
    """How far the study is, with the progress of one person, or of all who were given a ballot."""
    now = utc(now)
    ballots, gold = _ballots(connection, study.id)
    by_person = _kinds(connection, study.id, now)
    total = {kind: sum(kinds[kind] for kinds in by_person.values()) for kind in _KINDS}
    wanted = ballots * study.overlap
    return Progress(
        ballots=ballots,
        gold=gold,
        wanted=wanted,
        counted=total["counted"],
        held=total["held"],
        free=wanted - total["counted"] - total["held"],
        complete=_complete(connection, study),
        extra=total["extra"],
        skipped=total["skipped"],
        flagged=total["flagged"],
        expired=total["expired"],
        annotators=len(by_person),
        own=tuple(_own(connection, study, by_person, annotator, now)),
    )


def _own(
    connection: Connection,
    study: Study,
    by_person: Mapping[str, Mapping[str, int]],
    annotator: str | None,
    now: datetime,
) -> Iterable[OwnProgress]:
    if annotator is None:
        return (_of(person, kinds) for person, kinds in sorted(by_person.items()))
    check_id("an annotator", annotator)
    nothing = dict.fromkeys(_KINDS, 0)
    left = left_for(connection, study, annotator, now)
    return (_of(annotator, by_person.get(annotator, nothing), left),)


def _of(annotator: str, kinds: Mapping[str, int], left: int | None = None) -> OwnProgress:
    return OwnProgress(
        annotator,
        ranked=kinds["counted"] + kinds["extra"],
        extra=kinds["extra"],
        skipped=kinds["skipped"],
        flagged=kinds["flagged"],
        held=kinds["held"],
        expired=kinds["expired"],
        left=left,
    )


def _ballots(connection: Connection, study_id: str) -> tuple[int, int]:
    """How many, and how many of them are gold."""
    gold = func.sum(case((STUDY_BALLOT.c.gold.is_(True), 1), else_=0))
    found = connection.execute(select(func.count(), gold).where(STUDY_BALLOT.c.study_id == study_id)).one()
    return int(found[0]), int(found[1] or 0)


def _kinds(connection: Connection, study_id: str, now: datetime) -> dict[str, dict[str, int]]:
    """How many assignments of each kind every person has."""
    state = ASSIGNMENT.c.state
    kind = case(
        (and_(state == "ranked", ASSIGNMENT.c.counted.is_(True)), "counted"),
        (state == "ranked", "extra"),
        (and_(state == "leased", ASSIGNMENT.c.leased_until > now), "held"),
        (state == "leased", "expired"),
        else_=state,
    ).label("kind")
    each = select(ASSIGNMENT.c.annotator, kind).where(ASSIGNMENT.c.study_id == study_id).subquery()
    counted = select(each.c.annotator, each.c.kind, func.count()).group_by(each.c.annotator, each.c.kind)
    found: dict[str, dict[str, int]] = {}
    for annotator, which, count in connection.execute(counted):
        found.setdefault(annotator, dict.fromkeys(_KINDS, 0))[which] = int(count)
    return found


def _complete(connection: Connection, study: Study) -> int:
    """Ballots with as many counted rankings as the overlap."""
    full = (
        select(ASSIGNMENT.c.ballot_id)
        .where(ASSIGNMENT.c.study_id == study.id, ASSIGNMENT.c.state == "ranked", ASSIGNMENT.c.counted.is_(True))
        .group_by(ASSIGNMENT.c.ballot_id)
        .having(func.count() >= study.overlap)
        .subquery()
    )
    return int(connection.execute(select(func.count()).select_from(full)).scalar_one())
