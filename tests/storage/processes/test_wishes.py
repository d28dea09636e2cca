"""Wishes that a trajectory be ended, told to the process that drives it through the database."""

import asyncio

from sqlalchemy import select

from storage.database import open_engine, writing
from storage.process_tables import CANCEL_WISH
from storage.processes import wishes
from storage.store import Store
from tests.kept import ended, going, run
from tests.storage.processes.conftest import declare_dead


def wished(store: Store) -> list[str]:
    """The trajectories that somebody wants to be ended."""
    return list(store.read(lambda connection: connection.execute(select(CANCEL_WISH.c.trajectory_id)).scalars().all()))


async def test_a_wish_reaches_the_process_that_drives_it_and_ends_with_it(store: Store, other: Store) -> None:
    await store.come()
    await other.come()
    await store.begin(run(), [going(1), going(2)])
    for _ in range(2):
        await other.write(lambda connection: wishes.ask(connection, ["t1"]))
    mine, theirs = store.membership.id or "", other.membership.id or ""
    assert store.read(lambda connection: wishes.of(connection, mine)) == ("t1",)
    assert store.read(lambda connection: wishes.of(connection, theirs)) == ()
    await declare_dead(other, mine)
    await other.reopen("t1")
    assert other.read(lambda connection: wishes.of(connection, theirs)) == (), "an old wish must not end a new try"


async def test_two_who_ask_for_the_same_end_at_once_are_both_heard_and_the_wish_ends_with_the_trajectory(
    url: str, store: Store, other: Store
) -> None:
    await store.come()
    await store.begin(run(), [going(1)])
    engine = open_engine(url)
    try:
        with writing(engine).begin() as connection:
            wishes.ask(connection, ["t1", "unknown"])
            late = asyncio.create_task(other.write(lambda connection: wishes.ask(connection, ["t1"])))
            await asyncio.wait([late], timeout=0.3)
        await late
    finally:
        engine.dispose()
    assert wished(store) == ["t1"]
    await store.finish(ended(going(1), 0))
    assert wished(store) == []
    await other.write(lambda connection: wishes.ask(connection, ["t1"]))
    assert wished(store) == [], "it has ended"
