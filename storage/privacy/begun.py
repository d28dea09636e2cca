"""Notes of who is being forgotten. A note has the name until all is done, and none while only bytes are left to go."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, select, update

from storage import sqlite
from storage.pages import Read
from storage.privacy_tables import FORGETTING
from storage.study_records import aware
from storage.tombstones import new_pseudonym

if TYPE_CHECKING:
    from storage.store import Store

NOBODY: Final = ""
"""The name of a note that only says that old pages are left in the write-ahead log of SQLite."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody who is being forgotten."""

    pseudonym: str
    """Of the rankings."""
    name: str
    rankings: bool
    """Whether the rankings are deleted; else they stay without a name."""
    at: datetime


def note(connection: Connection, name: str, now: datetime, *, rankings: bool) -> bool:
    """Have somebody forgotten; gives whether the rankings go, also where an earlier note that is not done says so."""
    before = find(connection, name)
    if before is None:
        row = {"pseudonym": new_pseudonym(), "name": name, "rankings": rankings, "begun_at": now}
        connection.execute(insert(FORGETTING), row)
        return rankings
    values = {"rankings": rankings or before.rankings, "begun_at": now}
    connection.execute(update(FORGETTING).where(FORGETTING.c.name == name).values(values))
    return rankings or before.rankings


def find(connection: Connection, name: str) -> Begun | None:
    """The note of exactly that name."""
    row = connection.execute(select(*_COLUMNS).where(FORGETTING.c.name == name).limit(1)).first()
    return None if row is None else Begun(*row[:3], aware(row.begun_at))


def waiting(read: Read) -> list[Begun]:
    """All people who are being forgotten."""
    named = select(*_COLUMNS).where(FORGETTING.c.name != NOBODY)
    return [Begun(pseudonym, name, rankings, aware(at)) for pseudonym, name, rankings, at in read(named)]


def done(connection: Connection, some: Sequence[Begun]) -> None:
    """Nothing tells these names any more but bytes."""
    these = FORGETTING.c.pseudonym.in_([one.pseudonym for one in some])
    connection.execute(update(FORGETTING).where(these).values(name=NOBODY, rankings=False))


def bytes_left(store: "Store") -> bool:
    """Whether the write-ahead log could not be emptied the last time."""
    return bool(store.rows(select(FORGETTING.c.pseudonym).where(FORGETTING.c.name == NOBODY).limit(1)))


async def leave_no_trace(store: "Store", now: datetime) -> bool:
    """Empty SQLite's write-ahead log. False where somebody reads just now; a note has it tried again later."""
    emptied = await asyncio.to_thread(store.read, sqlite.leave_no_trace)
    noted = bytes_left(store)
    if emptied and noted:
        await store.write(lambda c: c.execute(delete(FORGETTING).where(FORGETTING.c.name == NOBODY)).rowcount)
    elif not emptied and not noted:
        row = {"pseudonym": new_pseudonym(), "name": NOBODY, "rankings": False, "begun_at": now}
        await store.write(lambda c: c.execute(insert(FORGETTING), row).rowcount)
    return emptied


_COLUMNS: Final = (FORGETTING.c.pseudonym, FORGETTING.c.name, FORGETTING.c.rankings, FORGETTING.c.begun_at)
