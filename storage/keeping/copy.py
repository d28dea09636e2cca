"""Everything from one database into another: SQLite to PostgreSQL, and back."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, func, insert, inspect, make_url, select, text

from storage import sqlite
from storage.database import (
    bring,
    foreign_version,
    named,
    open_engine,
    schema_version,
    upgrade_alone,
    writing,
)
from storage.errors import StoreCorrupt, StoreError, StoreUnreachable, StoreVersion, told_plainly
from storage.keeping.contents import CHUNK_ROWS, Contents, Tally, chunks, count, tally

Progress = Callable[[str, int, int], None]
"""Told a table's name, how many of its rows are copied, and how many it has."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, as both databases tell it."""

    version: str
    """Of the schema."""
    rows: dict[str, int]
    """By table."""
    digest: str
    """SHA-256 over every table's rows; the same for the same content in any database."""


def copy(source_url: str, target_url: str, on_progress: Progress | None = None) -> Copied:
    """Copy all that one database holds at one moment into an empty one, all of it or nothing. Raises StoreError.

    Others may use the source meanwhile. The target is an SQLite file that does not exist yet, or a PostgreSQL database
    without any rows. The schema keeps its version.
    """
    source = open_engine(source_url, create=False)
    try:
        if make_url(target_url).get_backend_name() == "sqlite":
            return copy_to_file(source, _path(target_url), on_progress)
        target = open_engine(target_url)
        try:
            with told_plainly(named(target)), writing(target).begin() as into, snapshot(source) as there:
                return copy_rows(there, into, on_progress)
        finally:
            target.dispose()
    finally:
        source.dispose()


def copy_to_file(source: Engine, path: Path, on_progress: Progress | None = None) -> Copied:
    """Copy into a new SQLite file, which is there when it is whole. Never overwrites."""
    if path.exists():
        raise StoreError(f"{path} exists already: give the copy a new name; nothing was overwritten")
    if not path.parent.is_dir():
        raise StoreUnreachable(f"there is no folder {path.parent}: create it first")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    partial = Path(name)
    try:
        target = open_engine(str(URL.create("sqlite", database=name)))
        try:
            copied = _fill(source, target, on_progress)
        finally:
            target.dispose()
        os.fsync(handle)
        path.touch(exist_ok=False)
        partial.replace(path)
        sqlite.sync_folder(path.parent)
    finally:
        os.close(handle)
        for left in (partial, Path(f"{name}-wal"), Path(f"{name}-shm")):
            left.unlink(missing_ok=True)
    return copied


def _fill(source: Engine, target: Engine, on_progress: Progress | None) -> Copied:
    with told_plainly(named(target)), writing(target).connect() as into:
        sqlite.driver(into).execute("PRAGMA journal_mode=OFF")  # Half a copy is thrown away as a whole.
        with snapshot(source) as there, into.begin():
            copied = copy_rows(there, into, on_progress)
        sqlite.driver(into).execute("PRAGMA journal_mode=DELETE")
    return copied


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is at one moment, however long it reads.

    What is done with it is told plainly by whoever does it: the other end may be at fault.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with ExitStack() as held:
        with told_plainly(named(engine)):
            connection = held.enter_context(engine.connect())
            held.enter_context(connection.begin())
            if engine.dialect.name == "postgresql":  # It waits while the other end writes and is read again.
                connection.execute(select(func.set_config("idle_in_transaction_session_timeout", "0", True)))
        yield connection


def copy_rows(source: Connection, target: Connection, on_progress: Progress | None = None) -> Copied:
    """Copy every row between open transactions, and read them again. Raises StoreError where anything differs.

    The target gets the schema that the source has; it must hold nothing yet. What goes wrong in the source is told
    under its name, what goes wrong in the target is left to the caller.
    """
    with told_plainly(named(source.engine)):
        version, there = _version(source), Contents.of(source)
    _prepare(target, version)
    here = Contents.of(target)
    into = {table.name: table for table in here.tables}
    if set(into) != {table.name for table in there.tables}:
        raise StoreError(f"the two databases have different tables, though both are of version {version}")
    rows, digest = {}, hashlib.sha256()
    with _references_checked_late(target, here):
        for table in sorted(there.tables, key=lambda one: list(into).index(one.name)):
            copied = _copy_table(source, target, table, into[table.name], on_progress)
            rows[table.name] = copied.rows
            digest.update(f"{table.name} {copied.rows} {copied.digest}\n".encode())
    return Copied(version, rows, digest.hexdigest())


def _copy_table(
    source: Connection, target: Connection, table: Table, into: Table, on_progress: Progress | None
) -> Tally:
    copied, place = Tally(), named(source.engine)
    with told_plainly(place):
        whole = count(source, table) if on_progress is not None else 0
    for rows in _read(source, table, place):
        target.execute(insert(into), rows)
        for row in rows:
            copied.add(row)
        if on_progress is not None and copied.rows % (10 * CHUNK_ROWS) == 0:
            on_progress(table.name, copied.rows, whole)
    if on_progress is not None:
        on_progress(table.name, copied.rows, whole)
    found = tally(target, into)
    if (found.rows, found.digest) != (copied.rows, copied.digest):
        raise StoreCorrupt(f"table {table.name} arrived with other rows than it was sent with; nothing was kept")
    count_on(target, into)
    return copied


def _read(source: Connection, table: Table, place: str) -> Iterator[list[dict[str, Any]]]:
    with told_plainly(place):
        yield from chunks(source, table)


def _version(source: Connection) -> str:
    foreign = foreign_version(source)
    if foreign is not None:
        raise StoreVersion(foreign)
    version = schema_version(source)
    if version is None:
        raise StoreError("there is no Podium database to copy from: it has no tables")
    return version


def _prepare(target: Connection, version: str) -> None:
    """Make the tables of that version, unless they are there and empty."""
    if target.dialect.name == "postgresql":
        upgrade_alone(target)
    if not inspect(target).get_table_names():
        bring(target, version)
        return
    if schema_version(target) != version:
        raise StoreError(
            f"the target's schema is {schema_version(target) or 'none of Podium'}, the source's is {version}: "
            "copy into an empty database"
        )
    if not Contents.of(target).empty(target):
        raise StoreError("the target holds rows already: copy into an empty database; nothing was changed")


@contextmanager
def _references_checked_late(target: Connection, contents: Contents) -> Iterator[None]:
    """Rows may refer to later ones, as a ranking does to the one that it supersedes; all is checked at the end."""
    if target.dialect.name == "sqlite":
        target.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield
        return
    quoted = target.dialect.identifier_preparer.quote
    for table, name in contents.late:
        change = f"ALTER TABLE {quoted(table)} ALTER CONSTRAINT {quoted(name)}"
        target.execute(text(f"{change} DEFERRABLE INITIALLY DEFERRED"))
    yield
    target.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, name in contents.late:
        target.execute(text(f"ALTER TABLE {quoted(table)} ALTER CONSTRAINT {quoted(name)} NOT DEFERRABLE"))


def count_on(target: Connection, table: Table) -> None:
    """Let the numbers that PostgreSQL gives go on behind those that were copied. SQLite sees them by itself."""
    if target.dialect.name != "postgresql":
        return
    for column in table.columns:
        sequence: Any = target.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
        if sequence is not None:
            highest = target.execute(select(func.max(column))).scalar()
            target.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def _path(url: str) -> Path:
    database = make_url(url).database or ""
    if database in ("", ":memory:") or database.startswith("file:"):
        raise StoreError("copy into a file, such as sqlite:///copy.sqlite3")
    return Path(database).expanduser().absolute()
