"""All that is particular to SQLite: connecting, pragmas, transactions, integrity and copies."""

import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote, urlencode

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from storage.errors import StoreUnreachable, told_plainly, translated

BUSY_S: Final = 5.0
"""Seconds to wait for another process's lock."""
WRITES: Final = "podium_writes"
"""Execution option of a connection that will write: it takes the write lock at once, not when it may be too late."""

READS: Final = "podium_reads"
"""Execution option of an engine that can only read."""
_OF_THE_SOURCE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
"""What cannot be the fault of the new file while a database is copied into it."""
PLACE: Final = "podium_place"
"""Execution option of an engine: its file."""


def open_sqlite(url: URL, *, create: bool = True) -> Engine:
    """An engine for a file, for `sqlite://` (memory, shared by threads) or for an SQLite `file:` address.

    A file that cannot be written is opened for reading. Raises StoreUnreachable where its folder is missing, or where
    the file is and `create` is false.
    """
    address, memory = _address(url, create)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            _set_up(connection, wal=not memory and not _read_only(address))
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    if memory:
        _stay_alive(engine, connect)
    return engine.execution_options(**{READS: _read_only(address), PLACE: "" if memory else url.database})


def is_read_only(engine: Engine) -> bool:
    """Whether the engine was opened for reading."""
    return bool(engine.get_execution_options().get(READS))


def place(engine: Engine) -> str:
    """The file, for messages."""
    return str(engine.get_execution_options().get(PLACE, ""))


def unsound(connection: Connection) -> list[str]:
    """What SQLite itself finds wrong with the file: damaged pages, and rows that refer to nothing."""
    damage = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    orphans = [
        f"row {row[1]} of {row[0]} refers to a {row[2]} that is not there"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return damage + orphans


def driver(connection: Connection) -> sqlite3.Connection:
    """The connection below SQLAlchemy's. Leave it outside any transaction."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def sync_commits(connection: Connection, synced: bool) -> None:
    """Whether commits of this connection wait for the disk. Call it between transactions."""
    driver(connection).execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")


def copy(engine: Engine, path: Path) -> None:
    """A consistent copy of the database in a new file, also while others write.

    Raises StoreError where the database is at fault, otherwise what driver and system raise, such as FileExistsError.
    """
    path.touch(exist_ok=False)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with told_plainly(place(engine)):
            connection = engine.connect()
        with connection:
            _vacuum(connection, partial)
        os.fsync(handle)
        Path(partial).replace(path)
        sync_folder(path.parent)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        path.unlink()
        raise
    finally:
        os.close(handle)


def _vacuum(connection: Connection, partial: str) -> None:
    try:
        driver(connection).execute("VACUUM INTO ?", (partial,))
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_SOURCE:
            raise translated(error, place(connection.engine)) from error
        raise


def leave_no_trace(connection: Connection) -> bool:
    """Bring the write-ahead log into the file and empty it, so that no page of before stays in it.

    False where somebody reads at this moment, and it has to be done again. Call it outside any transaction.
    """
    if connection.dialect.name != "sqlite":
        return True
    busy, _, _ = driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def rewrite(connection: Connection) -> None:
    """Write the whole file anew: nothing of what was deleted is left between its rows. Others wait meanwhile."""
    if connection.dialect.name == "sqlite":
        driver(connection).execute("VACUUM")
        leave_no_trace(connection)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _address(url: URL, create: bool) -> tuple[str, bool]:
    """The `file:` address of a URL, and whether it is in memory."""
    database = url.database or ""
    if database in ("", ":memory:"):
        # memdb is shared by the connections of this process and locks like a file; a shared cache would not.
        return f"file:/podium-{uuid.uuid4().hex}?vfs=memdb", True
    if database.startswith("file:"):
        wanted = {name: value for name, value in url.query.items() if name != "uri"}
        return (f"{database}?{urlencode(wanted, doseq=True)}" if wanted else database), "memory" in wanted.values()
    path = Path(database).expanduser().absolute()
    if not path.parent.is_dir():
        raise StoreUnreachable(f"there is no folder {path.parent}: create it, or choose another place with --db")
    if path.is_dir():
        raise StoreUnreachable(f"{path} is a folder: give the name of a database file inside it")
    return f"file:{quote(str(path))}?{_mode(path, create)}", False


def _mode(path: Path, create: bool) -> str:
    if not path.exists():
        if not create:
            raise StoreUnreachable(f"there is no database {path}: check --db, or start Podium once to create it")
        return "mode=rwc"
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "mode=rw"
    # Reading a WAL database needs a file beside it; where none can be made, nobody else can be writing either.
    alone = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    return "mode=ro&immutable=1" if alone else "mode=ro"


def _read_only(address: str) -> bool:
    return "mode=ro" in address or "immutable=1" in address


def _set_up(connection: sqlite3.Connection, *, wal: bool) -> None:
    if wal:
        _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keep a write-ahead log. Where several do this first at once, SQLite refuses without waiting, so we wait."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _stay_alive(engine: Engine, connect: Callable[[], sqlite3.Connection]) -> None:
    """Memory lives as long as one connection to it."""
    keeper = connect()
    event.listen(engine, "engine_disposed", lambda _: keeper.close())
