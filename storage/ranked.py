"""Rankings with the ballots they were made on, as they leave one database and come into another.

`docs/exports.md` describes the record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from prefs.ballot import Ballot
from prefs.ranking import Ranking, RankingMismatch, check
from storage import search_rows, tombstones
from storage.errors import StoreConflict, StoreError, StoreMissing
from storage.pages import batches
from storage.rankings import ballot_row, check_steps, row_of
from storage.records import (
    Json,
    RecordError,
    ballot_json,
    load_ballot,
    load_ranking,
    ranking_json,
)
from storage.tables import BALLOT, RANKING, TRAJECTORY
from storage.trajectories import check_id

_AT_ONCE: Final = 500
"""Rankings that one statement adds."""
_OF_THE_BALLOT: Final = ("format", "id", "query")
"""What a ranking's own record tells of its ballot already."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ranking made elsewhere."""

    place: int
    """Where it stands in what is imported: the number of its line."""
    ranking: Ranking
    ballot: Ballot | None
    """`None` where its record does not hold the ballot, which must then be here already."""


class NotAdded(StoreError):
    """A ranking made elsewhere cannot be kept here; none of its file was."""

    def __init__(self, place: int, why: object) -> None:
        super().__init__(str(why))
        self.place = place


def ranked_json(ranking: Ranking, ballot: Ballot) -> Json:
    """The record of a ranking with all of its ballot below `shown`, as JSON values."""
    shown = {name: value for name, value in ballot_json(ballot).items() if name not in _OF_THE_BALLOT}
    return {**ranking_json(ranking, ballot), "shown": shown}


def load_ranked(record: str | bytes | Mapping[str, Any]) -> tuple[Ranking, Ballot | None]:
    """The ranking of a record, and its ballot where the record has it; raises RecordError or RankingMismatch."""
    ranking = load_ranking(record)
    if ranking.phase == "revealed" and ranking.supersedes is None:
        raise RankingMismatch("a revealed ranking stands after a blind one: name that in `supersedes`")
    if not isinstance(record, Mapping) or record.get("shown") is None:
        return ranking, None
    shown = record["shown"]
    if not isinstance(shown, Mapping):
        raise RecordError(f"`shown` must be the ballot as an object, not {type(shown).__name__}")
    of_record = {"format": record["format"], "id": ranking.ballot, "query": record.get("query")}
    ballot = load_ballot({**shown, **of_record})
    _agree(record, ballot)
    check(ranking, ballot)
    return ranking, ballot


def _agree(record: Mapping[str, Any], ballot: Ballot) -> None:
    """Raises RecordError where the record says two things of its ballot."""
    version = record["shown"].get("version", ballot.version)
    if version != ballot.version:
        raise RecordError(f"`shown.version` says {version}, but these alternatives give {ballot.version}")
    pairs = {one.label: one.trajectory for one in ballot.alternatives}
    if record.get("trajectories", pairs) != pairs:
        raise RecordError("`trajectories` and `shown.alternatives` name different trajectories")


def add(connection: Connection, some: Iterable[Ranked]) -> int:
    """Keep rankings made elsewhere and their ballots; gives how many rankings are new. Raises NotAdded.

    A correction may come before what it corrects.
    """
    early: list[Ranked] = []
    new = 0
    for batch in batches(iter(some), _AT_ONCE):
        _add_ballots(connection, batch)
        unknown = _unknown(connection, batch)
        new += len(unknown)
        early = _insert(connection, [*early, *unknown])
    waiting = {one.ranking.id for one in early}
    for one in early:
        if one.ranking.supersedes not in waiting or one.ranking.supersedes == one.ranking.id:
            raise NotAdded(
                one.place, f"it corrects ranking {one.ranking.supersedes}, which is neither here nor in the file"
            )
    if early:
        raise NotAdded(early[0].place, "the rankings of this annotator correct each other in a circle")
    return new


def _add_ballots(connection: Connection, batch: list[Ranked]) -> None:
    """Keep the ballots that are not here yet; each ranking must fit the one that is."""
    ids = {one.ranking.ballot for one in batch}
    kept = select(BALLOT.c.id, BALLOT.c.record).where(BALLOT.c.id.in_(ids))
    here = {row.id: load_ballot(row.record) for row in connection.execute(kept)}
    trajectories = _trajectories(connection, [one.ballot for one in batch if one.ballot and one.ballot.id not in here])
    rows = []
    for one in batch:
        try:
            known = here.get(one.ranking.ballot)
            ballot = known or _new(one, trajectories)
            if known is None:
                here[ballot.id] = ballot
                rows.append(ballot_row(ballot))
            elif one.ballot not in (None, known):
                raise StoreConflict(f"there is already a ballot {known.id} with other content")
            check(one.ranking, ballot)
            check_steps(connection, one.ranking, ballot)
        except (StoreError, RankingMismatch, RecordError) as error:
            raise NotAdded(one.place, error) from error
    if rows:
        connection.execute(insert(BALLOT), rows)
    search_rows.mark_ranked(connection, (shown.trajectory for ballot in here.values() for shown in ballot.alternatives))


def _new(one: Ranked, trajectories: set[str]) -> Ballot:
    """The ballot that came with a ranking; raises StoreMissing unless all that it shows is here."""
    if one.ballot is None:
        raise StoreMissing(f"ballot {one.ranking.ballot} is not here, and the record does not hold it")
    for shown in one.ballot.alternatives:
        if shown.trajectory not in trajectories:
            raise StoreMissing(
                f"trajectory {shown.trajectory}, alternative {shown.label} of its ballot, is not here: import the "
                "trajectories first"
            )
    return one.ballot


def _trajectories(connection: Connection, ballots: list[Ballot]) -> set[str]:
    """The trajectories on these ballots that are here."""
    wanted = {shown.trajectory for ballot in ballots for shown in ballot.alternatives}
    here: set[str] = set()
    for some in batches(iter(sorted(wanted)), _AT_ONCE):
        here.update(connection.execute(select(TRAJECTORY.c.id).where(TRAJECTORY.c.id.in_(some))).scalars())
    return here


def _unknown(connection: Connection, batch: list[Ranked]) -> list[Ranked]:
    """Those that are not kept yet, each once; not those of people who were forgotten."""
    ids = {one.ranking.id for one in batch}
    kept = select(RANKING.c.id, RANKING.c.record).where(RANKING.c.id.in_(ids))
    here = {row.id: load_ranking(row.record) for row in connection.execute(kept)}
    gone = tombstones.forgotten(connection, [one.ranking for one in batch])
    unknown = []
    for one in batch:
        if one.ranking.id in gone:
            continue
        known = here.get(one.ranking.id)
        if known is None:
            here[one.ranking.id] = one.ranking
            unknown.append(one)
        elif known != one.ranking:
            raise NotAdded(one.place, f"there is already a ranking {known.id} with other content")
    return unknown


def _insert(connection: Connection, batch: list[Ranked]) -> list[Ranked]:
    """Keep all that can be kept now, and give those whose corrected ranking is not here yet."""
    corrected = {one.ranking.supersedes for one in batch if one.ranking.supersedes is not None}
    kept = select(RANKING.c.id, RANKING.c.ballot_id, RANKING.c.annotator).where(RANKING.c.id.in_(corrected))
    here = {row.id: (row.ballot_id, row.annotator) for row in connection.execute(kept)}
    ready, early = _in_order(batch, here)
    for one in ready:
        ranking = one.ranking
        try:
            check_id("a ranking", ranking.id)
            check_id("an annotator", ranking.annotator)
        except RecordError as error:
            raise NotAdded(one.place, error) from error
        if ranking.supersedes is not None and here[ranking.supersedes] != (ranking.ballot, ranking.annotator):
            raise NotAdded(
                one.place, f"it corrects ranking {ranking.supersedes}, which is somebody else's or of another ballot"
            )
    rows = [row_of(one.ranking) for one in ready]
    try:
        with connection.begin_nested():
            if rows:
                connection.execute(insert(RANKING), rows)
    except IntegrityError:
        _insert_singly(connection, ready)
    return early


def _in_order(batch: list[Ranked], here: dict[str, tuple[str, str]]) -> tuple[list[Ranked], list[Ranked]]:
    """Corrections behind what they correct, added to what is `here`; and those that correct what is not."""
    ready: list[Ranked] = []
    waiting = batch
    while waiting:
        later = []
        for one in waiting:
            if one.ranking.supersedes is None or one.ranking.supersedes in here:
                here[one.ranking.id] = (one.ranking.ballot, one.ranking.annotator)
                ready.append(one)
            else:
                later.append(one)
        if len(later) == len(waiting):
            break
        waiting = later
    return ready, waiting


def _insert_singly(connection: Connection, ready: list[Ranked]) -> None:
    """The same one by one, to name the line that contradicts; always raises NotAdded."""
    for one in ready:
        try:
            with connection.begin_nested():
                connection.execute(insert(RANKING), row_of(one.ranking))
        except IntegrityError as error:
            raise NotAdded(one.place, _contradiction(one.ranking)) from error
    raise AssertionError("rows that are refused together are refused one by one")


def _contradiction(ranking: Ranking) -> str:
    if ranking.supersedes is None:
        return (
            f"annotator {ranking.annotator} has a first ranking of ballot {ranking.ballot} already; this one must name "
            "the ranking that it `supersedes`"
        )
    return f"ranking {ranking.supersedes} was corrected already, or there is another ranking {ranking.id}"
