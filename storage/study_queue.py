"""One person's ballots of a study: all of them at a glance, and the way back to what was put aside."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, and_, select

from orchestrator.model_call import utc
from prefs.ranking import Phase
from prefs.study import Assignment, Study
from storage.errors import StoreConflict, StoreMissing
from storage.rankings import not_superseded
from storage.records import load_ballot
from storage.study_assignments import changed, find, leased, locked, of_person, study_of
from storage.study_order import has_place
from storage.tables import BALLOT, RANKING, STUDY_BALLOT
from storage.trajectories import check_id


@dataclass(frozen=True, slots=True)
class Queued:
    """A ballot that a person was given, or ranked."""

    assignment: Assignment
    query: str
    ranking: str | None
    """Id of what the person says of it now."""
    phase: Phase | None
    """Of that ranking; `blind` waits for its second look."""


def queue(connection: Connection, study_id: str, annotator: str) -> tuple[Queued, ...]:
    """What a person has or had of a study, the latest change first; raises StoreMissing without the study."""
    check_id("an annotator", annotator)
    study = study_of(connection, study_id)
    said = and_(RANKING.c.ballot_id == BALLOT.c.id, RANKING.c.annotator == annotator, not_superseded())
    wanted = (
        select(BALLOT.c.id, BALLOT.c.record, RANKING.c.id.label("ranking"), RANKING.c.phase)
        .select_from(STUDY_BALLOT.join(BALLOT).outerjoin(RANKING, said))
        .where(STUDY_BALLOT.c.study_id == study.id)
    )
    mine = {one.ballot: one for one in reversed(of_person(connection, study, annotator))}
    rows = {row.id: row for row in connection.execute(wanted.where(BALLOT.c.id.in_(mine)))}
    return tuple(
        Queued(one, load_ballot(rows[id].record).query, rows[id].ranking, rows[id].phase) for id, one in mine.items()
    )


def release(connection: Connection, key: tuple[str, str, str], now: datetime) -> Assignment:
    """End a lease before its time; see `Studies.release`."""
    _, one = _found(connection, key)
    if not one.held(now):
        return one
    return changed(connection, replace(one, leased_until=utc(now), changed_at=utc(now)))


def take(connection: Connection, key: tuple[str, str, str], now: datetime) -> Assignment:
    """Take back what was put aside; see `Studies.take`."""
    study, one = _found(connection, key)
    if study.closed_at is not None and not one.held(now):
        raise StoreConflict("the study is closed: it gives out no ballots any more")
    if not has_place(connection, study, one, utc(now)):
        raise StoreConflict("there is no place left: enough others have ranked this ballot or have it now")
    return leased(connection, study, one, utc(now))


def _found(connection: Connection, key: tuple[str, str, str]) -> tuple[Study, Assignment]:
    """The study and the assignment, which is not ranked yet; raises StoreMissing or StoreConflict."""
    study_id, ballot_id, annotator = key
    study = locked(connection, study_id)
    one = find(connection, study_id, ballot_id, annotator)
    if one is None:
        raise StoreMissing(f"{annotator} was not given ballot {ballot_id} of study {study_id}; ask for the next one")
    if one.state == "ranked":
        raise StoreConflict("this ballot is ranked already; send another ranking to correct it")
    return study, one
