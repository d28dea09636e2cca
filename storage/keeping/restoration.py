"""Putting a backup in the place of a database. Nothing is ever lost by it: what was there before stays beside."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, inspect, make_url, text

from storage import database, integrity, sqlite
from storage.database import foreign_version, named, open_engine, schema_version, upgrade_alone, upgrade_engine, writing
from storage.errors import StoreConflict, StoreCorrupt, StoreError, StoreLocked, StoreVersion, told_plainly
from storage.keeping.contents import Contents
from storage.keeping.copy import Progress, copy_rows, snapshot
from storage.opened_file import OpenedFile
from storage.presence import Presence


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    version: str
    """Of the backup's schema; what was restored has this Podium's."""
    replaced: str | None
    """Where the database lies that was there before; `None` where there was none."""
    problems: tuple[str, ...] = ()
    """Contradictions that the backup holds, as `podium db check` tells them."""


def restore(file: Path, url: str, *, replace: bool = False, on_progress: Progress | None = None) -> Restored:
    """Put a backup in the place of the database at this URL, and bring it up to date.

    The backup is checked first, and not changed. Raises StoreConflict where rows are there already, unless `replace`
    moves them aside; StoreLocked while something uses the database; StoreCorrupt or StoreVersion for a backup that
    cannot be restored. The database is then as it was before.
    """
    backup = _open_backup(file)
    try:
        version = _verified(backup, file)
        if make_url(url).get_backend_name() == "sqlite":
            return _into_file(backup, version, url, replace=replace)
        return _into_server(backup, version, url, replace=replace, on_progress=on_progress)
    finally:
        backup.dispose()


def _open_backup(file: Path) -> Engine:
    if not file.is_file():
        raise StoreError(f"there is no backup {file}")
    alone = "" if Path(f"{file}-wal").exists() else "&immutable=1"
    return open_engine(f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro{alone}&uri=true")


def _verified(backup: Engine, file: Path) -> str:
    """The version of a sound backup."""
    with told_plainly(str(file)), backup.connect() as connection:
        damage = sqlite.unsound(connection)
        if damage:
            raise StoreCorrupt(f"{file} is damaged and was not restored: {'; '.join(damage[:5])}")
        foreign = foreign_version(connection)
        if foreign is not None:
            raise StoreVersion(f"{file} was not restored: {foreign}")
        version = schema_version(connection)
        if version is None:
            raise StoreCorrupt(f"{file} is no backup of Podium: it has none of its tables")
        return version


def _into_file(backup: Engine, version: str, url: str, *, replace: bool) -> Restored:
    place = OpenedFile.of(open_engine(url))
    if place is None:
        raise StoreError("restore into a file, such as sqlite:///podium.sqlite3, or into PostgreSQL")
    there = place.identity is not None
    if there and not replace:
        raise StoreConflict(f"{place.path} is there already: --replace keeps it beside under another name")
    with _nobody_running(place.path):
        fresh = place.path.with_name(f".{place.path.name}.restoring")
        fresh.unlink(missing_ok=True)
        try:
            sqlite.copy(backup, fresh)
            problems = _brought_up_to_date(fresh)
            if there:
                _belongs_to(fresh, place.path.stat())
            aside = _set_aside(place.path) if there else None
            fresh.replace(place.path)
            sqlite.sync_folder(place.path.parent)
        finally:
            for left in ("", "-wal", "-shm"):
                Path(f"{fresh}{left}").unlink(missing_ok=True)
    return Restored(version, None if aside is None else str(aside), problems)


def _belongs_to(file: Path, before: os.stat_result) -> None:
    """Let whoever could use the database before use this one, also where root restores it."""
    file.chmod(stat.S_IMODE(before.st_mode))
    with suppress(PermissionError):
        os.chown(file, before.st_uid, before.st_gid)


def _brought_up_to_date(file: Path) -> tuple[str, ...]:
    """What is wrong with the contents of a copied backup, once its schema is this version's."""
    engine = open_engine(str(URL.create("sqlite", database=str(file))))
    try:
        upgrade_engine(engine)
        with told_plainly(str(file)), engine.connect() as connection:
            problems = tuple(integrity.problems(connection))
        with told_plainly(str(file)), engine.connect() as connection:
            sqlite.driver(connection).execute("PRAGMA journal_mode=DELETE")
    finally:
        engine.dispose()
    return problems


@contextmanager
def _nobody_running(path: Path) -> Iterator[None]:
    """Raises StoreLocked while a server uses the file; none that comes later gets to it before this is done."""
    with told_plainly(str(path)):
        presence = Presence(str(path))
    try:
        if not presence.alone:
            raise StoreLocked(f"a server uses {path}: stop it, then try again; nothing was changed")
        yield
    finally:
        presence.close()


def _set_aside(path: Path) -> Path:
    """The name under which the database stays beside, together with what it has not written into its file yet."""
    aside = path.with_name(f"{path.name}.replaced-{_now()}")
    with suppress(sqlite3.DatabaseError):  # It may be the damaged one that is to be replaced.
        _closed_properly(path)
    for part in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{part}").rename(f"{aside}{part}")
    aside.hardlink_to(path)
    return aside


def _closed_properly(path: Path) -> None:
    """Have its log written into the file; raises StoreLocked where any other program has it open."""
    connection = sqlite3.connect(path, timeout=2, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreLocked(
                f"another program has {path} open: end it, then try again; nothing was changed"
            ) from error
        raise
    finally:
        connection.close()


def _into_server(backup: Engine, version: str, url: str, *, replace: bool, on_progress: Progress | None) -> Restored:
    engine = open_engine(url)
    try:
        with told_plainly(named(engine)), writing(engine).begin() as target, snapshot(backup) as source:
            upgrade_alone(target)
            _refuse_company(target)
            aside = _moved_aside(target, version, replace=replace)
            copy_rows(source, target, on_progress)
            database.bring(target, "head")
            problems = tuple(integrity.problems(target))
    finally:
        engine.dispose()
    return Restored(version, aside, problems)


def _refuse_company(target: Connection) -> None:
    others = text(
        "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a program without a name') FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL ORDER BY 1"
    )
    found = list(target.execute(others).scalars())
    if found:
        raise StoreLocked(
            f"others are connected to this database: {', '.join(found)}: stop them, then try again; nothing was changed"
        )


def _moved_aside(target: Connection, version: str, *, replace: bool) -> str | None:
    """The schema into which the tables that are there were moved; `None` where an empty database can be used."""
    tables = inspect(target).get_table_names()
    if not tables or (schema_version(target) == version and Contents.of(target).empty(target)):
        return None
    if not replace:
        raise StoreConflict("the database is in use by Podium already: --replace keeps its tables in another schema")
    quoted = target.dialect.identifier_preparer.quote
    aside = f"replaced_{_now().lower()}"
    target.execute(text(f"CREATE SCHEMA {aside}"))
    for table in tables:
        target.execute(text(f"ALTER TABLE {quoted(table)} SET SCHEMA {aside}"))
    return f"schema {aside}"


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
