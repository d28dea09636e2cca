"""After rankings went: trajectories that are on no ranked ballot any more are found as unranked again."""

import asyncio
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, exists, select, update

from storage.privacy.shown import Shown, on_later_ballots, shown
from storage.search_tables import LISTING
from storage.tables import BALLOT, RANKING

if TYPE_CHECKING:
    from storage.store import Store

_AT_ONCE: Final = 200


async def unmark(store: "Store", now: datetime) -> int:
    """Correct what searches say; gives how many trajectories it was."""
    marked = [row[0] for row in store.rows(select(LISTING.c.trajectory_id).where(LISTING.c.ranked))]
    seen = await asyncio.to_thread(shown, store.rows, frozenset(marked), now)
    loose = [id for id in marked if seen.ranked.isdisjoint(seen.of([id]))]
    changed = 0
    for start in range(0, len(loose), _AT_ONCE):
        some = loose[start : start + _AT_ONCE]
        changed += await store.write(partial(_unmark, some=some, seen=seen))
    return changed


def _unmark(connection: Connection, some: Collection[str], seen: Shown) -> int:
    later = on_later_ballots(connection, seen, some)
    ballots = sorted(seen.of(some))
    ranked = select(BALLOT.c.id).where(BALLOT.c.id.in_(ballots), exists().where(RANKING.c.ballot_id == BALLOT.c.id))
    again = set(connection.scalars(ranked))
    ids = [id for id in some if id not in later and again.isdisjoint(seen.of([id]))]
    connection.execute(update(LISTING).where(LISTING.c.trajectory_id.in_(ids)).values(ranked=False))
    return len(ids)
