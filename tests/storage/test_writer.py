"""Group commit: many callers, one transaction; a failure hits only its own caller; nothing acknowledged is lost."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event

from orchestrator.trajectory import Step, Trajectory
from storage.database import check
from storage.errors import StoreConflict, StoreMissing
from storage.store import Store
from storage.writer import Writer
from tests.kept import ended, going, run, step


def count_commits(store: Store) -> Callable[[], int]:
    """How many transactions the store commits from now on."""
    commits: list[Connection] = []
    event.listen(store._engine, "commit", commits.append)
    return lambda: len(commits)


def held_back(store: Store) -> asyncio.Future[None]:
    """A write that keeps the writer busy until all that follows has queued up."""
    gate = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def wait(_: Connection) -> None:
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(asyncio.shield(gate), 30), loop).result()

    held_back_write = asyncio.ensure_future(store._writer.do(wait))
    gate.add_done_callback(lambda _: held_back_write)
    return gate


async def test_five_hundred_steps_at_once_share_a_few_commits(store: Store, url: str) -> None:
    some = [going(number) for number in range(500)]
    await store.begin(run(), some)
    commits = count_commits(store)
    gate = held_back(store)
    writes = [asyncio.create_task(store.keep_step(one.id, step(0))) for one in some]
    await asyncio.sleep(0)
    gate.set_result(None)
    await asyncio.gather(*writes)
    assert 1 <= commits() <= 2
    assert all(one.steps == (step(0),) for one in store.trajectories_of("r1"))
    assert check(url) == []


async def test_one_failing_write_of_a_batch_fails_alone(store: Store, url: str) -> None:
    await store.begin(run(), [going(number) for number in range(10)])
    gate = held_back(store)
    writes = [
        *(asyncio.create_task(store.keep_step(f"t{number}", step(0))) for number in range(10)),
        asyncio.create_task(store.keep_step("t0", step(1))),
        asyncio.create_task(store.keep_step("unknown", step(0))),
        asyncio.create_task(store.keep_step("t1", step(5))),
        asyncio.create_task(store.finish(ended(going(2), 7))),
        asyncio.create_task(store.finish(ended(going(3), 1))),
    ]
    await asyncio.sleep(0)
    gate.set_result(None)
    results = await asyncio.gather(*writes, return_exceptions=True)
    kinds = [type(result) for result in results]
    assert kinds == [*[Step] * 11, StoreMissing, StoreConflict, StoreConflict, Trajectory]
    assert [len(one.steps) for one in store.trajectories_of("r1")] == [2, *[1] * 9]
    assert store.trajectory("t3") == ended(going(3), 1)
    assert check(url) == []


async def test_cancelled_caller_loses_no_write(store: Store, url: str) -> None:
    await store.begin(run(), [going()])
    gate = held_back(store)
    writes = [asyncio.create_task(store.keep_step("t1", step(index))) for index in range(20)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    gate.set_result(None)
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False] * 10
    kept = store.trajectory("t1")
    assert kept is not None
    assert kept.steps == tuple(step(index) for index in range(20))
    assert check(url) == []


async def test_close_commits_what_waits(store: Store, url: str) -> None:
    await store.begin(run(), [going()])
    writes = [asyncio.create_task(store.keep_step("t1", step(index))) for index in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    await asyncio.gather(*writes)
    with Store.open(url) as again:
        kept = again.trajectory("t1")
    assert kept is not None
    assert len(kept.steps) == 50


def test_writes_come_from_any_event_loop(store: Store) -> None:
    asyncio.run(store.begin(run(), [going()]))
    for index in range(3):
        asyncio.run(store.keep_step("t1", step(index)))
    kept = store.trajectory("t1")
    assert kept is not None
    assert len(kept.steps) == 3


async def test_write_is_committed_when_its_caller_goes_on(store: Store, url: str) -> None:
    await store.begin(run(), [going()])
    with Store.open(url) as other:
        for index in range(20):
            await store.keep_step("t1", step(index))
            seen = other.trajectory("t1")
            assert seen is not None
            assert len(seen.steps) == index + 1


async def test_bug_in_a_write_reaches_its_caller_and_the_writer_lives_on(store: Store) -> None:
    writer: Writer = store._writer

    def divide(_: Connection) -> float:
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        await writer.do(divide)
    await store.begin(run(), [going()])
    assert store.trajectory("t1") == going()


async def test_memory_is_shared_by_threads_and_by_nobody_else() -> None:
    with Store.open("sqlite://") as one, Store.open("sqlite://") as other:
        await one.begin(run(), [going()])
        writes = [one.keep_step("t1", step(index)) for index in range(100)]
        reads = [asyncio.to_thread(one.trajectory, "t1") for _ in range(100)]
        await asyncio.gather(*writes, *reads)
        kept = await asyncio.to_thread(one.trajectory, "t1")
        assert kept is not None
        assert len(kept.steps) == 100
        assert other.trajectory("t1") is None
