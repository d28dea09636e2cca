"""Whether a store can do its work now: read, write, and understand what is there."""

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from storage.database import version_problem
from storage.errors import StoreError, StoreLocked
from storage.store import Store

_SAME_AGAIN: Final = text("UPDATE alembic_version SET version_num = version_num")
"""A write that changes nothing, and yet goes all the way to the disk."""


def folders(store: Store) -> tuple[Path, ...]:
    """Where the database needs space on a disk of this machine."""
    return () if store.file is None else (store.file.parent,)


def reads(store: Store) -> str | None:
    """Why the database cannot be read, or has another schema; `None` where all is well."""
    try:
        return store.read(version_problem)
    except StoreError as error:
        return str(error)


async def writes(store: Store, within_s: float) -> str | None:
    """Why nothing can be written now; `None` where a write came to the disk within that time."""

    def write(connection: Connection) -> None:
        connection.execute(_SAME_AGAIN)

    try:
        async with asyncio.timeout(within_s):
            await store.write(write)
    except TimeoutError:
        return str(StoreLocked(f"the database took no write within {within_s:g} s"))
    except StoreError as error:
        return str(error)
    return None
