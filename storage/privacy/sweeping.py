"""Texts that no record names any more are deleted.

A text may come to be named again at any moment, and records are not indexed by the texts they name. So a text leaves
`text` first, lies aside while all records are looked through once more, and comes back if one names it. Whoever names
it after it left has kept it anew.
"""

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, select, text, update

from storage import texts
from storage.pages import Read, pages
from storage.privacy.removal import ADDRESS
from storage.privacy_tables import FADING_TEXT
from storage.tables import STEP, TEXT, TRAJECTORY

if TYPE_CHECKING:
    from storage.store import Store

_AT_ONCE: Final = 40
"""Texts in one transaction."""
_MOST: Final = 50_000
"""Addresses that are looked for at once."""
_PAGE: Final = 500


async def sweep(store: "Store") -> int:
    """Delete the texts in doubt that nothing names, and give how many those were. It goes on where it was stopped."""
    deleted = 0
    while doubtful := _waiting(store, moved=False):
        used = await asyncio.to_thread(named, store.rows, doubtful)
        for some in _portions(doubtful):
            await store.write(partial(_aside, some=some, used=used))
        deleted += await _last_look(store)
    return deleted + await _last_look(store)


async def _last_look(store: "Store") -> int:
    moved = _waiting(store, moved=True)
    if not moved:
        return 0
    used = await asyncio.to_thread(named, store.rows, moved)
    for some in _portions(moved):
        await store.write(partial(_settle, some=some, used=used))
    return len(moved) - len(used)


def named(read: Read, addresses: Collection[str]) -> set[str]:
    """Those of these addresses that some record names: every record is looked through, a page in memory at a time."""
    wanted, found = set(addresses), set[str]()
    for query, key in ((select(STEP.c.record), STEP.c.sequence), (select(TRAJECTORY.c.header), TRAJECTORY.c.id)):
        for page in pages(read, query, (key,), size=_PAGE):
            for row in page:
                found.update(wanted.intersection(ADDRESS.findall(row[0])))
    return found


def _aside(connection: Connection, some: Sequence[str], used: Collection[str]) -> None:
    """Take the unused ones out of `text`."""
    if connection.dialect.name == "postgresql":  # whoever is about to name one of them commits first
        connection.execute(text("LOCK TABLE text IN SHARE ROW EXCLUSIVE MODE"))
    unused = [address for address in some if address not in used]
    rows = connection.execute(select(TEXT).where(TEXT.c.address.in_(unused))).all()
    there = {row.address for row in rows}
    connection.execute(delete(FADING_TEXT).where(FADING_TEXT.c.address.in_([one for one in some if one not in there])))
    for row in rows:
        values = {"packed": row.packed, "characters": row.characters}
        connection.execute(update(FADING_TEXT).where(FADING_TEXT.c.address == row.address).values(values))
    connection.execute(delete(TEXT).where(TEXT.c.address.in_(sorted(there))))


def _settle(connection: Connection, some: Sequence[str], used: Collection[str]) -> None:
    """Put the used ones back, and delete all from here."""
    back = [address for address in some if address in used]
    rows = connection.execute(select(FADING_TEXT).where(FADING_TEXT.c.address.in_(back))).all()
    texts.keep(connection, {row.address: dict(row._mapping) for row in rows})
    connection.execute(delete(FADING_TEXT).where(FADING_TEXT.c.address.in_(some)))


def _waiting(store: "Store", *, moved: bool) -> list[str]:
    state = FADING_TEXT.c.packed.is_not(None) if moved else FADING_TEXT.c.packed.is_(None)
    return [row[0] for row in store.rows(select(FADING_TEXT.c.address).where(state).limit(_MOST))]


def _portions(all_of_them: Sequence[str]) -> list[Sequence[str]]:
    return [all_of_them[start : start + _AT_ONCE] for start in range(0, len(all_of_them), _AT_ONCE)]
