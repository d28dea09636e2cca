"""Runs deleted with all that belongs to them: trajectories, steps, what they are found by, ballots nobody ranked."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from storage import askers
from storage.privacy.shown import Shown, needed_now, on_later_ballots
from storage.privacy_tables import FADING_TEXT, LEAVING_RUN
from storage.search_tables import LISTING, ROUTED_CALL
from storage.tables import BALLOT, RUN, STEP, TRAJECTORY
from storage.trajectories import State

AT_ONCE: Final = 12
"""Trajectories in one transaction: what waits behind it waits for some milliseconds."""
ADDRESS: Final = re.compile(r'"(sha256:[0-9a-f]{64})"')
"""Of a text, as it stands in a record."""
_DOUBT: Final = {
    "sqlite": sqlite.insert(FADING_TEXT).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(FADING_TEXT).on_conflict_do_nothing(),
}


@dataclass(frozen=True, slots=True)
class Family:
    """A run with its trajectories, or one that was imported without a run."""

    run: str | None
    trajectories: tuple[str, ...]


def families(connection: Connection, runs: Sequence[str]) -> list[Family]:
    """These runs as they are now."""
    return [Family(run, _of_run(connection, run)) for run in runs]


def in_portions(some: Sequence[Family]) -> list[list[Family]]:
    """The same in lists of a few trajectories."""
    portions: list[list[Family]] = []
    size = AT_ONCE
    for one in some:
        if size + len(one.trajectories) > AT_ONCE:
            portions.append([])
            size = 0
        portions[-1].append(one)
        size += len(one.trajectories) or 1
    return portions


def remove(connection: Connection, some: Sequence[Family], shown: Shown) -> list[Family]:
    """Delete those that nothing runs in and that nobody needs; gives them.

    `shown` is what a look through the ballots found before. What came since is found here.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(text("LOCK TABLE ballot IN SHARE ROW EXCLUSIVE MODE"))
    going = may_go(connection, some, shown)
    ids = [id for one in going for id in one.trajectories]
    runs = [one.run for one in going if one.run is not None]
    doubt(connection, _addresses(connection, ids))
    _delete(connection, BALLOT, BALLOT.c.id, shown.of(ids))
    for table in (ROUTED_CALL, LISTING, STEP):
        _delete(connection, table, table.c.trajectory_id, ids)
    _delete(connection, TRAJECTORY, TRAJECTORY.c.id, ids)
    _delete(connection, RUN, RUN.c.id, runs)
    askers.forget_runs(connection, runs)
    _delete(connection, LEAVING_RUN, LEAVING_RUN.c.run_id, runs)
    return going


def may_go(connection: Connection, some: Sequence[Family], shown: Shown) -> list[Family]:
    """Those that nothing runs in and that nobody needs now."""
    later = on_later_ballots(connection, shown, [id for one in some for id in one.trajectories])
    return [one for one in some if _may_go(connection, one, shown, later)]


def doubt(connection: Connection, addresses: Collection[str]) -> None:
    """Remember that perhaps nothing names these texts any more."""
    if addresses:
        rows = [{"address": address} for address in sorted(addresses)]
        connection.execute(_DOUBT[connection.dialect.name], rows)


def leave(connection: Connection, runs: Sequence[str]) -> None:
    """Have these runs deleted as soon as they do not run."""
    known = set(connection.scalars(select(LEAVING_RUN.c.run_id)))
    new = [{"run_id": run} for run in runs if run not in known]
    if new:
        connection.execute(insert(LEAVING_RUN), new)


def stay(connection: Connection, runs: Sequence[str]) -> None:
    """These runs stay after all."""
    _delete(connection, LEAVING_RUN, LEAVING_RUN.c.run_id, runs)


def _may_go(connection: Connection, one: Family, shown: Shown, later: set[str]) -> bool:
    if one.run is not None and set(_of_run(connection, one.run)) != set(one.trajectories):
        return False  # it was forked meanwhile
    if not later.isdisjoint(one.trajectories):
        return False
    rows = connection.execute(
        select(TRAJECTORY.c.state, LISTING.c.ranked)
        .join(LISTING, LISTING.c.trajectory_id == TRAJECTORY.c.id)
        .where(TRAJECTORY.c.id.in_(one.trajectories))
    ).all()
    if any(row.state == State.RUNNING.value or row.ranked for row in rows):
        return False  # a ranking may have come with a ballot of its own, in a file
    return not needed_now(connection, shown.of(one.trajectories))


def _addresses(connection: Connection, ids: Sequence[str]) -> set[str]:
    records = connection.scalars(select(STEP.c.record).where(STEP.c.trajectory_id.in_(ids))).all()
    headers = connection.scalars(select(TRAJECTORY.c.header).where(TRAJECTORY.c.id.in_(ids))).all()
    return {address for record in (*records, *headers) for address in ADDRESS.findall(record)}


def _of_run(connection: Connection, run: str) -> tuple[str, ...]:
    return tuple(
        connection.scalars(select(TRAJECTORY.c.id).where(TRAJECTORY.c.run_id == run).order_by(TRAJECTORY.c.id))
    )


def _delete(connection: Connection, table: Table, column: Column[Any], values: Collection[str]) -> None:
    if values:
        connection.execute(delete(table).where(column.in_(sorted(values))))
