"""Who gets which ballot of a study: small functions over an open connection.

Of many who ask or rank at once, in whatever process, one goes after the other: see `alone`. The clock is passed in.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from orchestrator.model_call import utc
from prefs.study import LONGEST_FLAG, Assignment, AssignmentState, Study
from storage import second_looks
from storage.errors import StoreConflict, StoreMissing
from storage.records import RecordError
from storage.study_order import first, has_place, open_ballots
from storage.study_records import assignment_of, load_study
from storage.tables import ASSIGNMENT, STUDY, STUDY_BALLOT
from storage.trajectories import check_id

_ASSIGNING: Final = 0x5354554459
"""Key of the lock under which assignments and audiences change on PostgreSQL."""
_LOCK: Final = select(func.pg_advisory_xact_lock(_ASSIGNING))
_WITH_BALLOT: Final = STUDY_BALLOT.join(
    ASSIGNMENT,
    (ASSIGNMENT.c.study_id == STUDY_BALLOT.c.study_id) & (ASSIGNMENT.c.ballot_id == STUDY_BALLOT.c.ballot_id),
)

_EVERY: Final = select(ASSIGNMENT, STUDY_BALLOT.c.gold).select_from(_WITH_BALLOT)
_HERE: Final = ASSIGNMENT.c.study_id == bindparam("study")
_THIS: Final = ASSIGNMENT.c.ballot_id == bindparam("ballot")
_THEIRS: Final = ASSIGNMENT.c.annotator == bindparam("annotator")
_ONE: Final = _EVERY.where(_HERE, _THIS, _THEIRS)
_OF_BALLOT: Final = _EVERY.where(_THIS, _THEIRS).order_by(ASSIGNMENT.c.study_id)
_OF_PERSON: Final = _EVERY.where(_HERE, _THEIRS).order_by(ASSIGNMENT.c.changed_at, ASSIGNMENT.c.ballot_id)
_CHANGED: Final = update(ASSIGNMENT).where(
    ASSIGNMENT.c.study_id == bindparam("this_study"),
    ASSIGNMENT.c.ballot_id == bindparam("this_ballot"),
    ASSIGNMENT.c.annotator == bindparam("this_annotator"),
)
_INSERTED: Final = insert(ASSIGNMENT)
_STUDY: Final = select(STUDY.c.record).where(STUDY.c.id == bindparam("study"))
_STUDIES_WITH: Final = (
    select(STUDY.c.record)
    .join(STUDY_BALLOT)
    .where(STUDY_BALLOT.c.ballot_id == bindparam("ballot"))
    .order_by(STUDY.c.id)
)


def alone(connection: Connection) -> None:
    """Until the end of this transaction no other one changes assignments, or audiences and their seats.

    SQLite has one writer anyway. On PostgreSQL a lock for each study or audience would not do: writes are committed
    together in the order in which they came, and two servers that lock the same ones in different orders would wait for
    each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)


def locked(connection: Connection, study_id: str) -> Study:
    """The study, while nobody else changes its assignments; raises StoreMissing."""
    alone(connection)
    return study_of(connection, study_id)


def study_of(connection: Connection, study_id: str) -> Study:
    """The study; raises StoreMissing."""
    record = connection.execute(_STUDY, {"study": study_id}).scalar() if study_id.isprintable() else None
    if record is None:
        raise StoreMissing(f"there is no study {study_id[:200]!r}; `podium study list` names those there are")
    return load_study(record)


def next_for(
    connection: Connection,
    study_id: str,
    annotator: str,
    now: datetime,
    *,
    skipped: bool,
    besides: Collection[str] = (),
) -> Assignment | None:
    """The ballot that this person is to rank now; see `Studies.next`."""
    check_id("an annotator", annotator)
    study, now = locked(connection, study_id), utc(now)
    mine = of_person(connection, study, annotator)
    half_done = second_looks.half_done(connection, study, annotator)
    wanted = [one for one in mine if one.ballot not in besides]
    for one in wanted:
        if one.state == "ranked" and one.ballot in half_done:
            return one
    for one in wanted:
        if one.held(now) and has_place(connection, study, one, now):
            return leased(connection, study, one, now)
    if study.closed_at is not None:
        return None
    back = [one for one in wanted if one.state == ("skipped" if skipped else "leased")]
    if back:
        there = {row.ballot_id for row in open_ballots(connection, study, annotator, now, [one.ballot for one in back])}
        back = [one for one in back if one.ballot in there]
    if back or skipped:
        return leased(connection, study, back[0], now) if back else None
    known = {one.ballot for one in mine} | set(besides)
    new = first(connection, study, annotator, now, known, mine)
    return None if new is None else _given(connection, study, annotator, new, now)


def left_for(connection: Connection, study: Study, annotator: str, now: datetime) -> int:
    """How many ballots could be given to this person now, besides what is held and what was skipped."""
    known = {one.ballot: one for one in of_person(connection, study, annotator)}
    if study.closed_at is not None:
        return 0
    ballots = (row.ballot_id for row in open_ballots(connection, study, annotator, utc(now)))
    return sum(ballot not in known or _expired(known[ballot], now) for ballot in ballots)


def put_aside(
    connection: Connection, key: tuple[str, str, str], state: AssignmentState, reason: str | None, now: datetime
) -> Assignment:
    """Mark an assignment as skipped or flagged; see `Studies.skip` and `Studies.flag`."""
    study_id, ballot_id, annotator = key
    _check_reason(reason)
    locked(connection, study_id)
    one = find(connection, study_id, ballot_id, annotator)
    if one is None:
        raise StoreMissing(f"{annotator} was not given ballot {ballot_id} of study {study_id}; ask for the next one")
    if one.state == "ranked":
        raise StoreConflict("this ballot is ranked already; send another ranking to correct it")
    if one.state == state and one.reason == reason:
        return one
    return changed(connection, replace(one, state=state, reason=reason, changed_at=utc(now)))


def rank(connection: Connection, ballot_id: str, annotator: str, at: datetime) -> None:
    """Mark the ballot as ranked in every study that has it: part of keeping the ranking, and before its other locks.

    A ranking on lease has a place and counts towards the overlap. Any other counts while there is one, or is extra.
    """
    if not ballot_id.isprintable():  # not every database takes such a text as a value
        return
    alone(connection)
    for record in connection.execute(_STUDIES_WITH, {"ballot": ballot_id}).scalars().all():
        take_up(connection, load_study(record), ballot_id, annotator, utc(at))


def take_up(connection: Connection, study: Study, ballot_id: str, annotator: str, at: datetime) -> None:
    """Mark a ballot of a study as ranked by this person, unless it is already. The caller is `alone`."""
    one = find(connection, study.id, ballot_id, annotator)
    if one is not None and one.state == "ranked":
        return
    unasked = Assignment(study.id, ballot_id, annotator, "ranked", at, at, at)
    counted = has_place(connection, study, one or unasked, at)
    if one is None:
        connection.execute(_INSERTED, _row(replace(unasked, counted=counted)))
        return
    changed(connection, replace(one, state="ranked", counted=counted, reason=None, changed_at=at))


def find(connection: Connection, study_id: str, ballot_id: str, annotator: str) -> Assignment | None:
    """What this person has to do with that ballot of the study."""
    if not (study_id + ballot_id + annotator).isprintable():  # not every database takes such a text as a value
        return None
    row = connection.execute(_ONE, {"study": study_id, "ballot": ballot_id, "annotator": annotator}).first()
    return None if row is None else assignment_of(row)


def of_ballot(connection: Connection, ballot_id: str, annotator: str) -> tuple[Assignment, ...]:
    """What this person has to do with that ballot, in every study that has it."""
    if not (ballot_id + annotator).isprintable():
        return ()
    found = connection.execute(_OF_BALLOT, {"ballot": ballot_id, "annotator": annotator})
    return tuple(assignment_of(row) for row in found)


def all_of(connection: Connection, study_id: str, state: AssignmentState | None) -> tuple[Assignment, ...]:
    """Every assignment of the study, or those in one state; the latest change first."""
    wanted = _EVERY.where(_HERE)
    if state is not None:
        wanted = wanted.where(ASSIGNMENT.c.state == state)
    ordered = wanted.order_by(ASSIGNMENT.c.changed_at.desc(), ASSIGNMENT.c.ballot_id, ASSIGNMENT.c.annotator)
    return tuple(assignment_of(row) for row in connection.execute(ordered, {"study": study_id}))


def of_person(connection: Connection, study: Study, annotator: str) -> list[Assignment]:
    """All of this person's, the earliest first."""
    found = connection.execute(_OF_PERSON, {"study": study.id, "annotator": annotator})
    return [assignment_of(row) for row in found]


def _given(connection: Connection, study: Study, annotator: str, row: Row[Any], now: datetime) -> Assignment:
    made = Assignment(study.id, row.ballot_id, annotator, "leased", study.lease(now), now, now, gold=bool(row.gold))
    connection.execute(_INSERTED, _row(made))
    return made


def leased(connection: Connection, study: Study, one: Assignment, now: datetime) -> Assignment:
    """The same on a fresh lease; a clock that goes back shortens none."""
    until = max(study.lease(now), one.leased_until if one.held(now) else study.lease(now))
    return changed(connection, replace(one, state="leased", leased_until=until, reason=None, changed_at=now))


def changed(connection: Connection, one: Assignment) -> Assignment:
    """Keep the assignment as it is now."""
    this = {"this_study": one.study, "this_ballot": one.ballot, "this_annotator": one.annotator}
    connection.execute(_CHANGED, _row(one) | this)
    return one


def _expired(one: Assignment, now: datetime) -> bool:
    return one.state == "leased" and not one.held(now)


def _row(one: Assignment) -> dict[str, Any]:
    return {
        "study_id": one.study,
        "ballot_id": one.ballot,
        "annotator": one.annotator,
        "state": one.state,
        "leased_until": one.leased_until,
        "first_leased_at": one.first_leased_at,
        "changed_at": one.changed_at,
        "counted": one.counted,
        "reason": one.reason,
    }


def _check_reason(reason: str | None) -> None:
    if reason is None:
        return
    if len(reason) > LONGEST_FLAG:
        raise RecordError(f"a reason has at most {LONGEST_FLAG:,} characters, not {len(reason):,}")
    if "\0" in reason or reason.encode("utf-8", "ignore").decode() != reason:
        raise RecordError("the reason holds half a character or a NUL; send it as proper Unicode")
