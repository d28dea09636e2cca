"""Is everything that was kept still whole? Reads the database from end to end, one trajectory in memory at a time."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.ranking import RankingMismatch, check
from storage import sqlite, texts
from storage.rankings import find_ballot, not_superseded
from storage.records import RecordError, load_ballot, load_ranking, load_run
from storage.tables import BALLOT, RANKING, RUN, STEP, TRAJECTORY
from storage.trajectories import FINAL, State, find, state

PAGE: Final = 200
"""Rows read at once."""


def problems(connection: Connection) -> list[str]:
    """What is wrong with what the database holds, in words; empty where all is well."""
    return [
        *(sqlite.unsound(connection) if connection.dialect.name == "sqlite" else ()),
        *_unreadable_runs(connection),
        *_wrong_trajectories(connection),
        *texts.problems(connection),
        *_wrong_ballots(connection),
        *_wrong_rankings(connection),
        *_rival_rankings(connection),
    ]


def _unreadable_runs(connection: Connection) -> Iterator[str]:
    for id, record in _records(connection, RUN):
        try:
            run = load_run(record)
        except RecordError as error:
            yield f"run {id}: {error}"
            continue
        if run.id != id:
            yield f"run {id}: its record has the id {run.id}"


def _wrong_trajectories(connection: Connection) -> Iterator[str]:
    for id, _ in _pages(connection, TRAJECTORY, TRAJECTORY.c.state):
        try:
            trajectory = find(connection, id)
        except RecordError as error:
            yield f"trajectory {id}: {error}"
            continue
        row = connection.execute(select(TRAJECTORY).where(TRAJECTORY.c.id == id)).one()
        if trajectory is not None:
            yield from (f"trajectory {id}: {problem}" for problem in _disagreements(row, trajectory))
            yield from (f"trajectory {id}: {problem}" for problem in _lost_texts(connection, row.state, trajectory))
    lost = select(STEP.c.trajectory_id).where(STEP.c.trajectory_id.not_in(select(TRAJECTORY.c.id))).distinct()
    for id in connection.execute(lost).scalars():
        yield f"steps of trajectory {id} are there, but it is not"


def _disagreements(row: Row[tuple[object, ...]], trajectory: Trajectory) -> Iterator[str]:
    if trajectory.id != row.id:
        yield f"its record has the id {trajectory.id}"
    if (row.stop_reason, row.verdict) != (trajectory.stop_reason, trajectory.outcome.verdict):
        said = f"{trajectory.stop_reason}, {trajectory.outcome.verdict}"
        yield f"its row says {row.stop_reason}, {row.verdict}; its record {said}"
    if State(row.state) is State.FINISHED and trajectory.stop_reason is None:
        yield "it is finished without a stop reason"
    if State(row.state) not in FINAL:
        return
    kept = (Decimal(row.cost_usd or "NaN"), row.unpriced_calls, row.latency_s, row.simulated)
    derived = (trajectory.cost_usd, trajectory.unpriced_calls, trajectory.latency_s, trajectory.simulated)
    if kept != derived:
        yield f"its totals are kept as {_told(kept)}, but its calls give {_told(derived)}"


def _lost_texts(connection: Connection, state: str, trajectory: Trajectory) -> Iterator[str]:
    """Texts that were kept here and are gone. What was imported, or shared with another, may never have had them."""
    if State(state) is State.IMPORTED:
        return
    own = trajectory.steps[0 if trajectory.fork is None else trajectory.fork.step :]
    judging = () if trajectory.outcome.call is None else (trajectory.outcome.call,)
    calls = (*(call for step in own for call in step.calls), *judging)
    for address in sorted(texts.missing(connection, texts.addresses(calls))):
        yield f"the text at {address} is not there"


def _told(totals: tuple[object, ...]) -> str:
    dollars, unpriced, seconds, simulated = totals
    return f"${dollars}, {unpriced} unpriced, {seconds} s{', simulated' if simulated else ''}"


def _wrong_ballots(connection: Connection) -> Iterator[str]:
    for id, record in _records(connection, BALLOT):
        try:
            ballot = load_ballot(record)
        except RecordError as error:
            yield f"ballot {id}: {error}"
            continue
        yield from (f"ballot {id}: {problem}" for problem in _missing(connection, ballot))


def _missing(connection: Connection, ballot: Ballot) -> Iterator[str]:
    for shown in ballot.alternatives:
        if state(connection, shown.trajectory) is None:
            yield f"trajectory {shown.trajectory}, its alternative {shown.label}, is not there"


def _wrong_rankings(connection: Connection) -> Iterator[str]:
    for id, record in _records(connection, RANKING):
        try:
            ranking = load_ranking(record)
            ballot = find_ballot(connection, ranking.ballot)
            if ballot is None:
                yield f"ranking {id}: its ballot {ranking.ballot} is not there"
            else:
                check(ranking, ballot)
        except (RecordError, RankingMismatch) as error:
            yield f"ranking {id}: {error}"


def _rival_rankings(connection: Connection) -> Iterator[str]:
    current = select(RANKING.c.ballot_id, RANKING.c.annotator).where(not_superseded())
    rivals = current.group_by(RANKING.c.ballot_id, RANKING.c.annotator).having(func.count() > 1)
    for ballot, annotator in connection.execute(rivals):
        yield f"ballot {ballot}: {annotator} has more than one current ranking of it"


def _records(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    return _pages(connection, table, table.c.record)


def _pages(connection: Connection, table: Table, column: ColumnElement[str]) -> Iterator[tuple[str, str]]:
    """The id and one column of every row, a page in memory at a time."""
    query = select(table.c.id, column).order_by(table.c.id).limit(PAGE)
    page = connection.execute(query).all()
    while page:
        yield from ((row[0], row[1]) for row in page)
        page = connection.execute(query.where(table.c.id > page[-1][0])).all()
