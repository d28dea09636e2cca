"""Runs and trajectories: kept step by step, finished once, found again."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from orchestrator.run import forked
from orchestrator.trajectory import Step, Trajectory
from storage.database import check
from storage.errors import StoreClosed, StoreConflict, StoreMissing
from storage.records import RecordError
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON, trajectory
from tests.kept import ended, going, keep_whole, run, step
from tests.strategies import trajectories


async def test_steps_are_there_as_soon_as_they_are_kept(store: Store) -> None:
    await store.begin(run(), [going()])
    assert store.state("t1") is State.RUNNING
    await store.keep_step("t1", step(0))
    assert store.trajectory("t1") == replace(going(), steps=(step(0),))
    await store.keep_step("t1", step(1))
    assert store.trajectory("t1") == replace(going(), steps=(step(0), step(1)))


async def test_finished_trajectory_is_read_as_it_was_written(store: Store, url: str) -> None:
    whole = ended(going(), 3)
    await keep_whole(store, whole, run())
    assert store.trajectory("t1") == whole
    assert store.state("t1") is State.FINISHED
    assert store.run("r1") == run()
    assert store.trajectories_of("r1") == (whole,)
    await store.finish(whole)
    assert check(url) == []


async def test_nothing_is_found_where_nothing_is(store: Store) -> None:
    assert store.trajectory("t1") is None
    assert store.state("t1") is None
    assert store.run("r1") is None
    assert store.trajectories_of("r1") == ()
    assert store.interrupted() == ()
    assert store.runs() == []
    assert list(store.iter_trajectories()) == []
    assert list(store.iter_rankings()) == []


async def test_finish_is_refused_while_a_step_is_missing(store: Store) -> None:
    await store.begin(run(), [going()])
    await store.keep_step("t1", step(0))
    with pytest.raises(StoreConflict, match="has 2 steps, but 1 are kept"):
        await store.finish(ended(going(), 2))
    with pytest.raises(StoreConflict, match="has no stop reason"):
        await store.finish(replace(going(), steps=(step(0),)))
    with pytest.raises(StoreMissing, match="there is no trajectory t9"):
        await store.finish(ended(going(9), 1))
    assert store.state("t1") is State.RUNNING


async def test_finished_trajectory_changes_no_more(store: Store) -> None:
    whole = ended(going(), 1)
    await keep_whole(store, whole, run())
    with pytest.raises(StoreConflict, match="the trajectory is finished"):
        await store.keep_step("t1", step(1))
    with pytest.raises(StoreConflict, match="already finished, with other content"):
        await store.finish(replace(whole, answer="400"))
    with pytest.raises(StoreConflict, match="only an interrupted one can be resumed"):
        await store.reopen("t1")
    assert store.trajectory("t1") == whole


@pytest.mark.parametrize(
    ("kept", "then", "says"),
    [
        ([], step(1), "step 1 of trajectory t1 cannot be kept: 0 steps are there, so the next one is step 0"),
        ([step(0)], step(2), "the next one is step 1"),
        ([step(0)], step(0, "something else"), "step 0 of trajectory t1 is kept already, with other content"),
    ],
)
async def test_step_out_of_place_is_refused(store: Store, kept: list[Step], then: Step, says: str) -> None:
    await store.begin(run(), [going()])
    for one in kept:
        await store.keep_step("t1", one)
    with pytest.raises(StoreConflict, match=says):
        await store.keep_step("t1", then)
    assert store.trajectory("t1") == replace(going(), steps=tuple(kept))


async def test_keeping_the_same_step_twice_is_one_step(store: Store) -> None:
    await store.begin(run(), [going()])
    await store.keep_step("t1", step(0))
    await store.keep_step("t1", step(0))
    assert store.trajectory("t1") == replace(going(), steps=(step(0),))


async def test_step_of_an_unknown_trajectory_is_refused(store: Store) -> None:
    with pytest.raises(StoreMissing, match="there is no trajectory t1"):
        await store.keep_step("t1", step(0))


async def test_interrupted_run_is_resumed_behind_its_last_step(store: Store) -> None:
    await store.begin(run(), [going(1), going(2)])
    await store.keep_step("t1", step(0))
    await store.keep_step("t2", step(0))
    await store.finish(ended(going(2), 1))
    assert await store.come() == ("t1",)
    assert store.interrupted() == ("t1",)
    with pytest.raises(StoreConflict, match="the trajectory is interrupted"):
        await store.keep_step("t1", step(1))
    await store.reopen("t1")
    with pytest.raises(StoreConflict, match="is running; only an interrupted one"):
        await store.reopen("t1")
    await store.keep_step("t1", step(1))
    await store.finish(ended(going(1), 2))
    assert store.trajectory("t1") == ended(going(1), 2)
    assert await store.come() == ()


async def test_fork_keeps_the_steps_that_it_shares(store: Store) -> None:
    await keep_whole(store, ended(going(), 3), run())
    fork = forked(ended(going(), 3), 2, "t2", NOON)
    await store.begin(run(), [fork])
    await store.keep_step("t2", step(2, "another way"))
    kept = store.trajectory("t2")
    assert kept is not None
    assert kept.steps == (step(0), step(1), step(2, "another way"))
    assert kept.fork == fork.fork
    assert [one.id for one in store.trajectories_of("r1")] == ["t1", "t2"]


async def test_begin_keeps_all_or_nothing(store: Store) -> None:
    await store.begin(run(), [going(1)])
    with pytest.raises(StoreConflict, match="there is already a trajectory t1"):
        await store.begin(run(id="r2"), [going(2, run="r2"), going(1, run="r2")])
    assert store.run("r2") is None
    assert store.trajectory("t2") is None
    with pytest.raises(StoreConflict, match="there is already a run r1 with other content"):
        await store.begin(run(query="Another?"), [going(2)])
    with pytest.raises(StoreConflict, match="belongs to run r1, not to r3"):
        await store.begin(run(id="r3"), [going(2)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(whole=trajectories(), other=trajectories())
async def test_any_trajectory_can_be_imported_once(store: Store, whole: Trajectory, other: Trajectory) -> None:
    known = store.trajectory(whole.id)
    if known is None:
        assert await store.add(whole) is True
    elif known != whole:
        with pytest.raises(StoreConflict, match="with other content"):
            await store.add(whole)
        return
    assert await store.add(whole) is False
    assert store.trajectory(whole.id) == whole
    if other != whole:
        with pytest.raises(StoreConflict, match="with other content"):
            await store.add(replace(other, id=whole.id))


async def test_import_of_many_keeps_all_or_none(store: Store) -> None:
    some = [ended(going(number), 2) for number in range(5)]
    assert await store.add_all(some[:3]) == 3
    with pytest.raises(StoreConflict, match="trajectory t0 with other content"):
        await store.add_all([*some[3:], replace(some[0], answer="?")])
    assert store.trajectory("t3") is None
    assert await store.add_all(some) == 2
    assert list(store.iter_trajectories()) == some
    assert [summary.id for summary in store.runs()] == ["r1"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 2**63}, "seed must fit into 64 bits"),
        ({"id": ""}, "the id of a trajectory must have 1 to 200 printable characters"),
        ({"id": "x" * 201}, "printable characters"),
        ({"id": "a\nb"}, "printable characters"),
        ({"id": "a\ud83d"}, "printable characters"),
    ],
)
async def test_what_the_database_cannot_hold_is_refused(store: Store, changes: dict[str, object], says: str) -> None:
    with pytest.raises(RecordError, match=says):
        await store.add(trajectory(**changes))


async def test_more_trajectories_than_a_page_are_streamed_once_each(store: Store) -> None:
    some = [going(number) for number in range(450)]
    await store.add_all(some)
    assert sorted(one.id for one in store.iter_trajectories()) == sorted(one.id for one in some)


async def test_closed_store_refuses_to_write(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        await store.begin(run(), [going()])
