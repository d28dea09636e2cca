"""Studies in SQL: made once with their ballots, closed once; who has which ballot is in `storage.study_assignments`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, insert, select, update

from orchestrator.model_call import utc
from prefs.ballot import Ballot
from prefs.second_look import SecondLook
from prefs.study import MOST_BALLOTS, Assignment, AssignmentState, Progress, Study
from storage import judgements, second_looks, study_assignments, study_progress, study_queue, study_sources
from storage.errors import StoreConflict, StoreMissing
from storage.pages import batches
from storage.rankings import keep_ballot
from storage.study_queue import Queued
from storage.study_records import aware, dump_study, load_study
from storage.study_sources import RunAlternatives
from storage.tables import RANKING, STUDY, STUDY_BALLOT
from storage.trajectories import check_id

if TYPE_CHECKING:
    from storage.store import Store

_AT_ONCE: Final = 500


def create(connection: Connection, study: Study, ballots: Sequence[Ballot], gold: Collection[str]) -> None:
    """Keep a study with its ballots, all or none; see `Studies.create`."""
    study_assignments.alone(connection)
    stored = find(connection, study.id)
    if stored is not None:
        if stored == study and ballots_of(connection, study.id) == tuple(one.id for one in ballots):
            return
        raise StoreConflict(f"there is already a study {study.id} with other content")
    if len(ballots) > MOST_BALLOTS:
        raise StoreConflict(f"a study has at most {MOST_BALLOTS:,} ballots, not {len(ballots):,}; make several studies")
    row = {"id": check_id("a study", study.id), "made_at": study.made_at, "closed_at": study.closed_at}
    connection.execute(insert(STUDY), row | {"record": dump_study(study)})
    for ballot in ballots:
        keep_ballot(connection, ballot)
    rows = [
        {"study_id": study.id, "ballot_id": ballot.id, "place": place, "gold": ballot.id in gold}
        for place, ballot in enumerate(ballots)
    ]
    if rows:
        connection.execute(insert(STUDY_BALLOT), rows)
    _take_up(connection, study, [ballot.id for ballot in ballots])


def append(connection: Connection, study_id: str, ballot: Ballot) -> bool:
    """Keep one more ballot of a study; see `Studies.append`."""
    study = study_assignments.locked(connection, study_id)
    place = len(ballots_of(connection, study_id))
    if study.closed_at is not None or place >= (study.most_ballots or 0):
        return False
    keep_ballot(connection, ballot)
    connection.execute(
        insert(STUDY_BALLOT), {"study_id": study_id, "ballot_id": ballot.id, "place": place, "gold": False}
    )
    _take_up(connection, study, [ballot.id])
    return True


def close(connection: Connection, study_id: str, now: datetime) -> Study:
    """Close a study; one that is closed stays as it is."""
    study = study_assignments.locked(connection, study_id)
    if study.closed_at is not None:
        return study
    closed = replace(study, closed_at=utc(now))
    values = {"closed_at": closed.closed_at, "record": dump_study(closed)}
    connection.execute(update(STUDY).where(STUDY.c.id == study_id).values(values))
    return closed


def find(connection: Connection, study_id: str) -> Study | None:
    """The study of that id."""
    if not study_id.isprintable():  # not every database takes such a text as a value
        return None
    record = connection.execute(select(STUDY.c.record).where(STUDY.c.id == study_id)).scalar()
    return None if record is None else load_study(record)


def newest(connection: Connection, limit: int) -> tuple[Study, ...]:
    """Studies, newest first."""
    order = STUDY.c.made_at.desc(), STUDY.c.id.desc()
    found = connection.execute(select(STUDY.c.record).order_by(*order).limit(limit)).scalars()
    return tuple(load_study(record) for record in found)


def ballots_of(connection: Connection, study_id: str) -> tuple[str, ...]:
    """The ids of a study's ballots, in its order."""
    wanted = select(STUDY_BALLOT.c.ballot_id).where(STUDY_BALLOT.c.study_id == study_id)
    return tuple(connection.execute(wanted.order_by(STUDY_BALLOT.c.place)).scalars())


def _take_up(connection: Connection, study: Study, ballot_ids: Sequence[str]) -> None:
    """Rankings that were there before the study count for it, the earliest first."""
    for some in batches(iter(ballot_ids), _AT_ONCE):
        began = func.min(RANKING.c.made_at).label("began")
        before = select(RANKING.c.ballot_id, RANKING.c.annotator, began).where(RANKING.c.ballot_id.in_(some))
        first = before.group_by(RANKING.c.ballot_id, RANKING.c.annotator).order_by("began", RANKING.c.annotator)
        for row in connection.execute(first).all():
            study_assignments.take_up(connection, study, row.ballot_id, row.annotator, aware(row.began))


class Studies:
    """The studies that a store keeps, and who has which of their ballots. The clock is passed in."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def create(self, study: Study, ballots: Sequence[Ballot], gold: Collection[str] = ()) -> None:
        """Keep a study with its ballots in that order, and those ballots that are not kept yet; `gold` names some.

        Rankings that are there already count towards the overlap. Doing it again does nothing. Raises StoreConflict
        where the study's id, or a ballot's, means something else.
        """
        await self._store.write(lambda connection: create(connection, study, ballots, gold))

    async def append(self, study_id: str, ballot: Ballot) -> bool:
        """Keep one more ballot of an informative study. False, and nothing is kept, where it is closed or has enough.

        Raises StoreMissing without the study, StoreConflict where the ballot's id means another one.
        """
        return await self._store.write(lambda connection: append(connection, study_id, ballot))

    async def next(
        self, study_id: str, annotator: str, now: datetime, *, skipped: bool = False, besides: Collection[str] = ()
    ) -> Assignment | None:
        """The ballot that this person is to rank now; `None` where nothing is left.

        First comes one that was ranked blind and waits for its second look; then one that is on lease, on a fresh
        lease. Of a closed study there is no more than these. Then comes one whose lease ran out; with `skipped` one
        that this person skipped, the earliest first; else one that this person never had. None of `besides`, which the
        person has before them or is about to submit. Raises StoreMissing.
        """
        return await self._store.write(
            lambda connection: study_assignments.next_for(
                connection, study_id, annotator, now, skipped=skipped, besides=besides
            )
        )

    async def skip(
        self, study_id: str, ballot_id: str, annotator: str, now: datetime, reason: str | None = None
    ) -> Assignment:
        """Give a ballot back: it comes to others, and again to this person only where skipped ones are asked for.

        Raises StoreMissing unless this person was given it, StoreConflict where it is ranked.
        """
        key = (study_id, ballot_id, annotator)
        return await self._store.write(
            lambda connection: study_assignments.put_aside(connection, key, "skipped", reason, now)
        )

    async def flag(self, study_id: str, ballot_id: str, annotator: str, reason: str, now: datetime) -> Assignment:
        """Say what is wrong with a ballot: this person does not get it again, others do. Raises as `skip` does."""
        key = (study_id, ballot_id, annotator)
        return await self._store.write(
            lambda connection: study_assignments.put_aside(connection, key, "flagged", reason, now)
        )

    async def release(self, study_id: str, ballot_id: str, annotator: str, now: datetime) -> Assignment:
        """End this person's lease before its time, which frees the place; what is not on lease stays as it is.

        Raises StoreMissing unless this person was given it, StoreConflict where it is ranked.
        """
        key = (study_id, ballot_id, annotator)
        return await self._store.write(lambda connection: study_queue.release(connection, key, now))

    async def take(self, study_id: str, ballot_id: str, annotator: str, now: datetime) -> Assignment:
        """Take back on lease what this person skipped or flagged, or whose lease ran out or was given back.

        Raises StoreMissing unless this person was given it, StoreConflict where it is ranked, where no place is left
        and where the study is closed.
        """
        key = (study_id, ballot_id, annotator)
        return await self._store.write(lambda connection: study_queue.take(connection, key, now))

    async def close(self, study_id: str, now: datetime) -> Study:
        """Give out nothing any more; what is on lease may still be ranked. Raises StoreMissing."""
        return await self._store.write(lambda connection: close(connection, study_id, now))

    def find(self, study_id: str) -> Study | None:
        """The study of that id."""
        return self._store.read(lambda connection: find(connection, study_id))

    def newest(self, limit: int = 100) -> tuple[Study, ...]:
        """Studies, newest first."""
        return self._store.read(lambda connection: newest(connection, limit))

    def ballots(self, study_id: str) -> tuple[str, ...]:
        """The ids of a study's ballots, in its order."""
        return self._store.read(lambda connection: ballots_of(connection, study_id))

    def has(self, study_id: str, ballot_id: str) -> bool:
        """Whether the ballot is one of the study's."""
        if not (study_id + ballot_id).isprintable():  # not every database takes such a text as a value
            return False
        this = (STUDY_BALLOT.c.study_id == study_id) & (STUDY_BALLOT.c.ballot_id == ballot_id)
        return bool(self._store.rows(select(STUDY_BALLOT.c.place).where(this)))

    def two_phases(self, ballot_id: str) -> bool:
        """Whether some study has people rank the ballot twice."""
        return self._store.read(lambda connection: second_looks.two_phases(connection, ballot_id))

    def second_looks(self, study_id: str | None = None) -> Iterator[SecondLook]:
        """Blind rankings beside the later ones of the same people, of one study's ballots or of all that are kept."""
        return judgements.second_looks(self._store.rows, study_id)

    def assignment(self, study_id: str, ballot_id: str, annotator: str) -> Assignment | None:
        """What this person has to do with that ballot of the study."""
        return self._store.read(lambda connection: study_assignments.find(connection, study_id, ballot_id, annotator))

    def of_ballot(self, ballot_id: str, annotator: str) -> tuple[Assignment, ...]:
        """What this person has to do with that ballot, in every study that has it."""
        return self._store.read(lambda connection: study_assignments.of_ballot(connection, ballot_id, annotator))

    def queue(self, study_id: str, annotator: str) -> tuple[Queued, ...]:
        """What this person has or had of a study, the latest change first. Raises StoreMissing without the study."""
        return self._store.read(lambda connection: study_queue.queue(connection, study_id, annotator))

    def assignments(self, study_id: str, state: AssignmentState | None = None) -> tuple[Assignment, ...]:
        """Who has or had which ballot, or those in one state, such as `flagged`; the latest change first."""
        return self._store.read(lambda connection: study_assignments.all_of(connection, study_id, state))

    def progress(self, study_id: str, now: datetime, annotator: str | None = None) -> Progress:
        """How far a study is, with the progress of one person, or of everybody. Raises StoreMissing."""

        def read(connection: Connection) -> Progress:
            study = find(connection, study_id)
            if study is None:
                raise StoreMissing(f"there is no study {study_id[:200]!r}")
            return study_progress.progress(connection, study, annotator, now)

        return self._store.read(read)

    def with_gold(self, ballots: Iterable[Ballot]) -> tuple[str, ...]:
        """The ids of those ballots that have a gold pair. Raises StoreMissing where a trajectory is not there."""
        return study_sources.with_gold(self._store.rows, ballots)

    def run_alternatives(self, runs: Collection[str] | None) -> tuple[RunAlternatives, ...]:
        """What these runs, or all where `None`, have to be put on ballots; the oldest run first."""
        return study_sources.run_alternatives(self._store.rows, runs)
