"""What can go wrong with the store, as one tree. Each message says what to do."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StoreError(Exception):
    """The store cannot do what was asked; nothing of it was kept."""

    anybody: str | None = None
    """The same for people who need not know where the database is; `None` where the message does not say it."""


class StoreConflict(StoreError):
    """What is stored already says otherwise."""


class StoreMissing(StoreError):
    """What the write refers to is not stored."""


class StoreReadOnly(StoreError):
    """The database can be read but not written."""


class StoreFull(StoreError):
    """The disk, or the size that the database may have, is used up."""


class StoreFailing(StoreError):
    """The disk does not take or give what it should."""


class StoreLocked(StoreError):
    """Another process holds the database."""


class StoreCorrupt(StoreError):
    """The file is not a database, or it is damaged."""


class StoreReplaced(StoreError):
    """Another file lies in the place of the one that is open."""


class StoreUnreachable(StoreError):
    """The database cannot be opened: no such folder, no permission, no server."""


class StoreVersion(StoreError):
    """The database has the schema of another Podium version."""


class StoreClosed(StoreError):
    """The store was closed; open it again to write."""


READ_ONLY: Final = (
    "the database is read-only: make its file and its folder writable for this user, or choose another one with --db"
)
_SAYS: Final[dict[type[StoreError], str]] = {
    StoreReadOnly: READ_ONLY,
    StoreFull: "the disk is full: free some space and try again; what was acknowledged before is safe",
    StoreFailing: "the disk fails to read or write: look at its space, its limits and quotas, and its health; what was "
    "acknowledged before is safe",
    StoreLocked: "another process keeps the database locked: close the other program that uses it, then try again",
    StoreCorrupt: "this is not a sound Podium database: restore a backup, or choose another one with --db",
    StoreReplaced: "the database was replaced or taken away while Podium used it: nothing is written any more, so that "
    "nothing is lost; stop Podium, put the right file in its place, and start it again",
    StoreUnreachable: "the database cannot be opened: check that --db names the right place and that this user may "
    "read it",
}
_SQLITE: Final[dict[int, type[StoreError]]] = {
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreFailing,
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_CANTOPEN: StoreUnreachable,
    sqlite3.SQLITE_PERM: StoreUnreachable,
    sqlite3.SQLITE_AUTH: StoreUnreachable,
}
_POSTGRES: Final[dict[str, type[StoreError]]] = {
    "25006": StoreReadOnly,
    "53100": StoreFull,
    "58030": StoreFailing,
    "55P03": StoreLocked,
    "40P01": StoreLocked,
    "28P01": StoreUnreachable,
    "3D000": StoreUnreachable,
}
_SYSTEM: Final[dict[int, type[StoreError]]] = {
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EROFS: StoreReadOnly,
    errno.EACCES: StoreReadOnly,
    errno.EPERM: StoreReadOnly,
    errno.ENOENT: StoreUnreachable,
}


@contextmanager
def told_plainly(place: str = "") -> Iterator[None]:
    """Raises StoreError for what the driver, the system or SQLAlchemy raise inside. `place` names the database."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise translated(error, place) from error


def translated(error: Exception, place: str = "") -> StoreError:
    """The StoreError for what a driver, the system or SQLAlchemy raised."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    kind = _kind(cause)
    message = _SAYS.get(kind, "the database refused")
    where = f"{place}: " if place else ""
    found = kind(f"{where}{message} ({cause})")
    found.anybody = message
    return found


def told_to_anybody(error: Exception) -> str:
    """What went wrong, without the place of the database and without the driver's own words."""
    if not isinstance(error, StoreError):
        return str(error)
    return error.anybody or _SAYS.get(type(error)) or str(error)


def _kind(cause: BaseException) -> type[StoreError]:
    if isinstance(cause, sqlite3.IntegrityError):
        return StoreConflict
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, StoreError)
    if isinstance(cause, OSError):
        return _SYSTEM.get(cause.errno or 0, StoreUnreachable)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return StoreConflict if state.startswith("23") else _POSTGRES.get(state, StoreError)
    return StoreUnreachable if type(cause).__name__ == "OperationalError" else StoreError
