"""Backups: one file, an SQLite database, whichever database it was taken from."""

from pathlib import Path

from storage import sqlite
from storage.database import open_engine
from storage.errors import StoreError, StoreUnreachable, told_plainly
from storage.keeping.copy import Progress, copy_to_file


def backup(url: str, path: Path | str, on_progress: Progress | None = None) -> None:
    """A consistent copy of a database in a new file, also while others write. Never overwrites. Raises StoreError.

    Of PostgreSQL it is a logical copy, read in one transaction; `on_progress` counts its rows.
    """
    target = Path(path).absolute()
    if target.exists():
        raise StoreError(f"{path} exists already: give the backup a new name; nothing was overwritten")
    if not target.parent.is_dir():
        raise StoreUnreachable(f"there is no folder {target.parent}: create it first")
    engine = open_engine(url, create=False)
    try:
        with told_plainly(str(target)):
            if engine.dialect.name == "sqlite":
                sqlite.copy(engine, target)
            else:
                copy_to_file(engine, target, on_progress)
    finally:
        engine.dispose()
