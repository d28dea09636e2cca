"""The roll of processes in SQL: who comes, who is alive, who has died, and what becomes of what they drove."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from storage.process_tables import PROCESS
from storage.processes.process import AtWork, Ending, Process, this_process
from storage.study_records import aware
from storage.tables import TRAJECTORY
from storage.trajectories import State

REMEMBERED: Final = timedelta(days=30)
"""How long a process that ended is still told of."""
_ALIVE: Final = PROCESS.c.ending.is_(None)
_RUNNING: Final = TRAJECTORY.c.state == State.RUNNING.value


def clock(connection: Connection) -> datetime:
    """The moment by the database's clock; that of SQLite is this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return aware(connection.execute(select(func.clock_timestamp())).scalar_one())


def enter(connection: Connection, address: str | None) -> Process:
    """Count this process in, under a new id, and forget those that ended long ago."""
    now = clock(connection)
    row = this_process(address) | {"started_at": now, "beats": 0, "heartbeat_at": now}
    connection.execute(insert(PROCESS), row)
    connection.execute(delete(PROCESS).where(PROCESS.c.ended_at < now - REMEMBERED))
    return Process(**row)


def beat(connection: Connection, id: str) -> bool:
    """Say that a process lives. False where it was declared dead meanwhile, or is not on the roll any more."""
    anew = {"beats": PROCESS.c.beats + 1, "heartbeat_at": clock(connection)}
    return connection.execute(update(PROCESS).where(PROCESS.c.id == id, _ALIVE).values(anew)).rowcount == 1


def alive(connection: Connection) -> tuple[AtWork, ...]:
    """Every process that has not ended, oldest first."""
    return _told(connection, _ALIVE)


def all_known(connection: Connection) -> tuple[AtWork, ...]:
    """Also those that ended in the last days, oldest first."""
    return _told(connection, PROCESS.c.id.is_not(None))


def end(connection: Connection, ids: Collection[str], ending: Ending) -> tuple[str, ...]:
    """These processes have ended; gives those of them that were counted as alive."""
    if not ids:
        return ()
    values = {"ending": ending.value, "ended_at": clock(connection)}
    ended = update(PROCESS).where(PROCESS.c.id.in_(ids), _ALIVE).values(values)
    return tuple(connection.execute(ended.returning(PROCESS.c.id)).scalars())


def interrupt_orphans(connection: Connection, *, unowned: bool = False) -> tuple[str, ...]:
    """Running trajectories whose process has ended become interrupted; their ids, oldest first.

    With `unowned` also those that no process claimed. Of two who do this at once, one gets each.
    """
    living = select(PROCESS.c.id).where(_ALIVE)
    orphaned: ColumnElement[bool] = TRAJECTORY.c.owner.not_in(living)
    if unowned:
        orphaned = or_(orphaned, TRAJECTORY.c.owner.is_(None))
    marked = update(TRAJECTORY).where(and_(_RUNNING, orphaned)).values(state=State.INTERRUPTED.value)
    found = connection.execute(marked.returning(TRAJECTORY.c.started_at, TRAJECTORY.c.id)).all()
    return tuple(id for _, id in sorted(map(tuple, found)))


def orphans(connection: Connection) -> bool:
    """Whether there is anything for `interrupt_orphans` to do."""
    living = select(PROCESS.c.id).where(_ALIVE)
    found = select(TRAJECTORY.c.id).where(_RUNNING, TRAJECTORY.c.owner.not_in(living)).limit(1)
    return connection.execute(found).scalar() is not None


def _told(connection: Connection, wanted: ColumnElement[bool]) -> tuple[AtWork, ...]:
    running = select(func.count()).where(TRAJECTORY.c.owner == PROCESS.c.id, _RUNNING).scalar_subquery()
    rows = connection.execute(select(*PROCESS.c, running).where(wanted).order_by(PROCESS.c.started_at, PROCESS.c.id))
    now = clock(connection)
    return tuple(_at_work(row._mapping, row[-1], now) for row in rows)


def _at_work(row: Any, running: int, now: datetime) -> AtWork:
    moments: dict[str, Any] = {name: aware(row[name]) for name in ("started_at", "heartbeat_at")}
    columns = {name: row[name] for name in ("id", "host", "pid", "machine", "born", "address", "beats")}
    ended_at = None if row["ended_at"] is None else aware(row["ended_at"])
    ending = None if row["ending"] is None else Ending(row["ending"])
    known = Process(**columns, **moments, ended_at=ended_at, ending=ending)
    return AtWork(known, (now - known.heartbeat_at).total_seconds(), running)
