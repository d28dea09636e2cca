"""Ballots and rankings in SQL: small functions over an open connection. Nothing here is ever changed or deleted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, insert, select

from prefs.ballot import Ballot
from prefs.ranking import Ranking, RankingMismatch, check
from storage import search_rows, second_looks, study_assignments
from storage.audience_tables import AUDIENCE
from storage.errors import StoreConflict, StoreMissing
from storage.pages import Read, pages
from storage.records import RecordError, dump_ballot, dump_ranking, load_ballot, load_ranking
from storage.tables import BALLOT, RANKING, RUN, STEP
from storage.trajectories import LONGEST_ID, check_id

_LATER: Final = RANKING.alias("later")
_NOT_SUPERSEDED: Final = ~exists().where(_LATER.c.supersedes == RANKING.c.id)
_RECORD: Final = select(RANKING.c.record)
_THEIRS: Final = RANKING.c.annotator == bindparam("annotator")
_CURRENT: Final = _RECORD.where(RANKING.c.ballot_id == bindparam("ballot"), _THEIRS, _NOT_SUPERSEDED)
_UNDER_KEY: Final = _RECORD.where(_THEIRS, RANKING.c.idempotency_key == bindparam("key"))
_TAKEN: Final = select(RANKING.c.id).where(RANKING.c.id == bindparam("ranking"))
_ADD: Final = insert(RANKING)
_BALLOT: Final = select(BALLOT.c.record).where(BALLOT.c.id == bindparam("ballot"))
_LOCKED_BALLOT: Final = _BALLOT.with_for_update()
"""Statements of what many do at once; to build one costs several times what it does."""
REMEMBERED: Final = 1_000
"""Ballots that a stream of rankings remembers: those who rank at the same time rank the same ones."""


def keep_ballot(connection: Connection, ballot: Ballot) -> None:
    """Keep a ballot. Raises StoreConflict where there is another one of that id."""
    stored = find_ballot(connection, ballot.id)
    if stored == ballot:
        return
    if stored is not None:
        raise StoreConflict(f"there is already a ballot {ballot.id} with other content")
    connection.execute(insert(BALLOT), ballot_row(ballot))


def keep_ballot_of_run(connection: Connection, ballot: Ballot) -> Ballot:
    """Keep a ballot of a run, unless its newest one shows the same alternatives; gives the one that counts.

    Of several processes that make it at once, the first one's is kept.
    """
    connection.execute(select(RUN.c.id).where(RUN.c.id == ballot.run).with_for_update())
    newest = newest_ballot(connection, ballot.run or "")
    shown = {alternative.trajectory for alternative in ballot.alternatives}
    if newest is not None and {alternative.trajectory for alternative in newest.alternatives} == shown:
        return newest
    keep_ballot(connection, ballot)
    return ballot


def ballot_row(ballot: Ballot) -> dict[str, Any]:
    """The row of a ballot; raises RecordError for an id that cannot be kept."""
    return {
        "id": check_id("a ballot", ballot.id),
        "run_id": None if ballot.run is None else check_id("a run", ballot.run),
        "made_at": ballot.made_at,
        "record": dump_ballot(ballot),
    }


def keep_ranking(connection: Connection, ranking: Ranking, ballot_version: str | None, key: str | None) -> Ranking:
    """The ranking as it is stored; see `Store.keep_ranking`."""
    check_id("an annotator", ranking.annotator)
    repeated = _repeated(connection, ranking, key)
    if repeated is not None:
        return repeated
    study_assignments.rank(connection, ranking.ballot, ranking.annotator, ranking.made_at)
    ballot = _locked_ballot(connection, ranking.ballot)
    if ballot_version is not None and ballot_version != ballot.version:
        raise StoreConflict("the ballot changed since it was shown; reload it")
    check(ranking, ballot)
    check_steps(connection, ranking, ballot)
    current = current_ranking(connection, ballot.id, ranking.annotator)
    if current is not None and _says_the_same(current, ranking):
        return current
    if ranking.supersedes not in (None, None if current is None else current.id):
        raise StoreConflict("the ranking that this one corrects was corrected meanwhile; reload it")
    in_phase = second_looks.in_phase(connection, ranking, current)
    stored = replace(in_phase, supersedes=None if current is None else current.id)
    _insert(connection, stored, key)
    search_rows.mark_ranked(connection, (shown.trajectory for shown in ballot.alternatives))
    return stored


def check_steps(connection: Connection, ranking: Ranking, ballot: Ballot) -> None:
    """Raises RankingMismatch where it marks a step that its alternative does not have."""
    for label in sorted({mark.label for mark in ranking.marks}):
        of_this = select(func.count()).select_from(STEP).where(STEP.c.trajectory_id == ballot.trajectory(label))
        count = int(connection.execute(of_this).scalar_one())
        beyond = [mark.step for mark in ranking.marks if mark.label == label and mark.step >= count]
        if beyond and count == 0:
            raise RankingMismatch(f"{label} has no steps, so none can be marked")
        if beyond:
            raise RankingMismatch(f"{label} has no step {max(beyond)}: its steps are 0 to {count - 1}")


def find_ballot(connection: Connection, ballot_id: str) -> Ballot | None:
    """The ballot of that id."""
    record = connection.execute(_BALLOT, {"ballot": ballot_id}).scalar()
    return None if record is None else load_ballot(record)


def newest_ballot(connection: Connection, run_id: str) -> Ballot | None:
    """The newest ballot of a run."""
    of_run = select(BALLOT.c.record).where(BALLOT.c.run_id == run_id)
    record = connection.execute(of_run.order_by(BALLOT.c.made_at.desc(), BALLOT.c.id.desc()).limit(1)).scalar()
    return None if record is None else load_ballot(record)


def next_ballot(connection: Connection, annotator: str, besides: Sequence[str] = ()) -> Ballot | None:
    """The oldest ballot that this annotator has not ranked, none of `besides` and none that an audience ranks."""
    audience = exists().where(AUDIENCE.c.ballot_id == BALLOT.c.id)
    ranked = exists().where(RANKING.c.ballot_id == BALLOT.c.id, RANKING.c.annotator == annotator)
    wanted = and_(~ranked, ~audience, BALLOT.c.id.not_in([id for id in besides if id.isprintable()]))
    waiting = select(BALLOT.c.record).where(wanted).order_by(BALLOT.c.made_at, BALLOT.c.id).limit(1)
    record = connection.execute(waiting).scalar()
    return None if record is None else load_ballot(record)


def rankings_of(connection: Connection, ballot_id: str) -> tuple[Ranking, ...]:
    """All rankings of a ballot, oldest first, superseded ones too."""
    of_ballot = select(RANKING.c.record).where(RANKING.c.ballot_id == ballot_id)
    ordered = of_ballot.order_by(RANKING.c.made_at, RANKING.c.id)
    return tuple(load_ranking(record) for record in connection.execute(ordered).scalars())


def current_ranking(connection: Connection, ballot_id: str, annotator: str) -> Ranking | None:
    """What this annotator says of the ballot now."""
    record = connection.execute(_CURRENT, {"ballot": ballot_id, "annotator": annotator}).scalar()
    return None if record is None else load_ranking(record)


def ranked(read: Read, *, superseded: bool = True) -> Iterator[tuple[Ranking, Ballot]]:
    """Every ranking, oldest first, each with its ballot; corrected ones only if `superseded`."""
    query = select(RANKING.c.record, BALLOT.c.record.label("ballot")).join_from(RANKING, BALLOT)
    if not superseded:
        query = query.where(not_superseded())
    known: dict[str, Ballot] = {}
    for page in pages(read, query, (RANKING.c.made_at, RANKING.c.id)):
        if len(known) > REMEMBERED:
            known.clear()
        for ranking, record in (row[:2] for row in page):
            if record not in known:
                known[record] = load_ballot(record)
            yield load_ranking(ranking), known[record]


def not_superseded() -> ColumnElement[bool]:
    """That no other ranking corrects this one."""
    return _NOT_SUPERSEDED


def _repeated(connection: Connection, ranking: Ranking, key: str | None) -> Ranking | None:
    """The ranking that was submitted under the same idempotency key."""
    if key is None:
        return None
    if not key or len(key) > LONGEST_ID or not key.isprintable():
        raise RecordError(f"an idempotency key must have 1 to {LONGEST_ID} printable characters")
    record = connection.execute(_UNDER_KEY, {"annotator": ranking.annotator, "key": key}).scalar()
    if record is None:
        return None
    stored = load_ranking(record)
    if not _says_the_same(stored, ranking):
        raise StoreConflict("this idempotency key was used for another ranking; use a new key for a new ranking")
    return stored


def _locked_ballot(connection: Connection, ballot_id: str) -> Ballot:
    """The ballot, locked against other processes that rank it at this moment."""
    record = connection.execute(_LOCKED_BALLOT, {"ballot": ballot_id}).scalar()
    if record is None:
        raise StoreMissing(f"there is no ballot {ballot_id}; reload the page to get one")
    return load_ballot(record)


def _says_the_same(stored: Ranking, said: Ranking) -> bool:
    """A ranking sent without its phase repeats one in any."""
    return said.phase in (None, stored.phase) and _content(stored) == _content(said)


def _content(ranking: Ranking) -> tuple[object, ...]:
    """What a ranking says; the order within a tie says nothing, and how long it took is beside the point."""
    tied: Sequence[Sequence[str]] = [sorted(group) for group in ranking.groups]
    marks = sorted((mark.label, mark.step, mark.kind, mark.note) for mark in ranking.marks)
    said = (ranking.ballot, tied, sorted(ranking.unranked), ranking.acceptable, ranking.reason)
    return (*said, sorted(ranking.tags), marks)


def _insert(connection: Connection, ranking: Ranking, key: str | None) -> None:
    if connection.execute(_TAKEN, {"ranking": check_id("a ranking", ranking.id)}).first() is not None:
        raise StoreConflict(f"there is already a ranking {ranking.id}")
    connection.execute(_ADD, row_of(ranking, key))


def row_of(ranking: Ranking, key: str | None = None) -> dict[str, Any]:
    """The row of a ranking that came under that idempotency key."""
    return {
        "id": ranking.id,
        "ballot_id": ranking.ballot,
        "annotator": ranking.annotator,
        "supersedes": ranking.supersedes,
        "made_at": ranking.made_at,
        "idempotency_key": key,
        "record": dump_ranking(ranking),
        "phase": ranking.phase,
    }
