"""A trajectory belongs to one process. Who was declared dead and comes back late writes nothing into it any more."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import update

from storage.database import open_engine, writing
from storage.errors import StoreConflict
from storage.owner import StoreFenced
from storage.process_tables import PROCESS
from storage.processes import roll
from storage.processes.heartbeat import SILENT_S
from storage.processes.process import Ending
from storage.processes.pulse import pulses
from storage.processes.watch import SEEN_S
from storage.store import Store
from storage.tables import TRAJECTORY
from storage.trajectories import State
from tests.kept import ended, going, run, step
from tests.storage.processes.conftest import declare_dead


def drives(store: Store, trajectory: str) -> str | None:
    (pulse,) = [one for one in store.read(lambda c: pulses(c, ["r1"])) if one.trajectory == trajectory]
    return pulse.owner


async def test_a_trajectory_belongs_to_the_process_that_began_it(store: Store, other: Store) -> None:
    await store.come("http://127.0.0.1:8000")
    await other.come()
    await store.begin(run(), [going(1)])
    assert drives(other, "t1") == store.membership.id
    with pytest.raises(StoreFenced, match="not this process's any more"):
        await other.keep_step("t1", step(0))
    await store.keep_step("t1", step(0))
    with pytest.raises(StoreFenced):
        await other.finish(ended(going(1), 1))
    await store.finish(ended(going(1), 1))
    first, second = store.membership.known()
    assert (first.process.address, second.process.address) == ("http://127.0.0.1:8000", None)
    assert (first.running, second.running) == (0, 0)


async def test_a_process_declared_dead_writes_nothing_into_what_another_took_over(store: Store, other: Store) -> None:
    await store.come()
    await other.come()
    await store.begin(run(), [going(1), going(2)])
    await store.keep_step("t1", step(0))
    assert await declare_dead(other, store.membership.id) == ("t1", "t2")
    with pytest.raises(StoreConflict, match="the trajectory is interrupted"):
        await store.keep_step("t1", step(1))
    with pytest.raises(StoreFenced):
        await store.finish(ended(going(1), 1))
    await other.reopen("t1")
    refused = await asyncio.gather(
        store.keep_step("t1", step(1, "late")), store.finish(ended(going(1), 1)), return_exceptions=True
    )
    assert [type(one) for one in refused] == [StoreFenced, StoreFenced]
    await other.keep_step("t1", step(1))
    await other.finish(ended(going(1), 2))
    assert store.trajectory("t1") == ended(going(1), 2)
    assert store.state("t2") is State.INTERRUPTED


async def test_a_step_that_meets_a_take_over_waits_and_is_refused(url: str, store: Store, other: Store) -> None:
    """On PostgreSQL the row is read again behind the lock: a step may not slip in between."""
    await store.come()
    await other.come()
    await store.begin(run(), [going(1)])
    engine = open_engine(url)
    try:
        with writing(engine).connect() as connection:
            taking = connection.begin()
            anew = {"owner": other.membership.id, "state": State.RUNNING.value}
            connection.execute(update(TRAJECTORY).where(TRAJECTORY.c.id == "t1").values(anew))
            late = asyncio.create_task(store.keep_step("t1", step(0)))
            await asyncio.wait([late], timeout=0.3)
            assert not late.done()
            taking.commit()
            with pytest.raises(StoreFenced):
                await late
    finally:
        engine.dispose()
    assert store.trajectory("t1") == going(1)


async def test_a_process_declared_dead_begins_nothing_before_it_came_back(
    request: pytest.FixtureRequest, store: Store, other: Store
) -> None:
    await store.come()
    await other.come()
    before = store.membership.id
    await declare_dead(other, before)
    if "postgresql" in request.node.name:
        with pytest.raises(StoreFenced, match="took it for dead"):
            await store.begin(run(), [going(1)])
        assert store.run("r1") is None
    await asyncio.to_thread(store.membership.enter_again)
    assert store.membership.id not in (None, before)
    await store.begin(run(), [going(1)])
    await store.keep_step("t1", step(0))
    endings = {one.process.id: one.process.ending for one in store.membership.known()}
    assert endings[before or ""] is Ending.DEAD
    assert endings[store.membership.id or ""] is None


NOBODY = 2**22 + 1
"""No process has this number."""


async def killed(store: Store, process: str | None) -> None:
    """What a process leaves that was killed: it says nothing any more, and the system knows it no longer."""
    await store.write(
        lambda connection: connection.execute(update(PROCESS).where(PROCESS.c.id == process).values(pid=NOBODY))
    )


async def test_what_a_killed_process_drove_is_marked_by_the_next_that_comes(url: str, store: Store) -> None:
    gone = Store.open(url)
    await gone.come()
    await gone.begin(run(), [going()])
    await gone.keep_step("t1", step(0))
    await killed(store, gone.membership.id)
    if gone.membership._presence is not None:
        gone.membership._presence.close()
    assert await store.come() == ("t1",)
    (pulse,) = store.read(lambda connection: pulses(connection, ["r1"]))
    assert (pulse.state, pulse.steps, pulse.ending) == (State.INTERRUPTED, 1, Ending.DEAD)
    await store.reopen("t1")
    await store.keep_step("t1", step(1))
    await store.finish(ended(going(1), 2))
    gone.close()
    assert store.trajectory("t1") == ended(going(1), 2)


async def test_a_living_process_finds_one_that_was_killed_beside_it(
    store: Store, other: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.come()
    await other.come()
    await other.begin(run(), [going()])
    await killed(store, other.membership.id)
    assert store.membership._beat()
    assert store.state("t1") is State.INTERRUPTED
    assert store.membership.marked == 1
    assert not store.membership.company
    assert f":{NOBODY} is dead; what it drove is interrupted" in caplog.text


async def test_two_processes_on_one_file_let_each_other_live_however_long_they_run(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody beats there, so that silence says nothing."""
    clock = [0.0]
    with Store.open(sqlite_url) as serves, Store.open(sqlite_url) as asks:
        for number, one in enumerate((serves, asks)):
            await one.come()
            monkeypatch.setattr(one.membership._watch, "_clock", lambda: clock[-1])
            await one.begin(run(id=f"r{number}"), [going(number, f"r{number}")])
        for index, now_s in enumerate((0.0, SEEN_S, SILENT_S + 1, SILENT_S + 3, 3600.0)):
            clock.append(now_s)
            for number, one in enumerate((serves, asks)):
                assert one.membership._beat()
                await one.keep_step(f"t{number}", step(index))
        assert [one.process.ending for one in serves.membership.known()] == [None, None]
        assert serves.membership.company
        await serves.begin(run(id="r2"), [going(2, "r2")])
        assert serves.membership._beat()
        assert {serves.state(f"t{number}") for number in range(3)} == {State.RUNNING}


async def test_a_process_that_stops_hands_over_at_once(request: pytest.FixtureRequest, store: Store, url: str) -> None:
    with Store.open(url) as stops:
        await stops.come()
        await store.come()
        await stops.begin(run(), [going(1)])
    if "sqlite" in request.node.name:  # There the next start tells of what the last one left, and others soon.
        assert store.membership._beat()
    assert store.state("t1") is State.INTERRUPTED
    (pulse,) = store.read(lambda connection: pulses(connection, ["r1"]))
    assert pulse.ending is Ending.STOPPED


async def test_of_two_who_resume_what_is_interrupted_one_gets_it(store: Store, other: Store) -> None:
    await store.come()
    await other.come()
    await store.begin(run(), [going(1)])
    await declare_dead(other, store.membership.id)
    await asyncio.to_thread(store.membership.enter_again)
    tried = await asyncio.gather(store.reopen("t1"), other.reopen("t1"), return_exceptions=True)
    assert sum(isinstance(one, StoreConflict) for one in tried) == 1
    winner = store if tried[0] is None else other
    assert drives(store, "t1") == winner.membership.id


async def test_processes_that_ended_long_ago_are_forgotten(store: Store, url: str) -> None:
    await store.come()
    with Store.open(url) as gone:
        await gone.come()
    assert len(store.membership.known()) == 2
    old = next(one.process for one in store.membership.known() if one.process.ending is not None)
    assert old.ended_at is not None
    long_ago = replace(old, ended_at=old.ended_at - roll.REMEMBERED).ended_at
    await store.write(
        lambda connection: connection.execute(update(PROCESS).where(PROCESS.c.id == old.id).values(ended_at=long_ago))
    )
    with Store.open(url) as new:
        await new.come()
        assert {one.process.id for one in new.membership.known()} == {new.membership.id, store.membership.id}
