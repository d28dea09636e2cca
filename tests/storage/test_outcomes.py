"""What finished trajectories came to, read from columns and records, is what the trajectories themselves say."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.trajectory import Trajectory
from prefs.tuning.stored import stored
from storage.column_text import searchable
from storage.outcomes import count_of_store, of_store, routed
from storage.records import RecordError
from storage.store import Store
from tests.examples import NOON
from tests.kept import edit, ended, going, keep_whole, run
from tests.strategies import trajectories


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(trajectories(), min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_every_stored_trajectory_is_read_as_it_is(several: list[Trajectory]) -> None:
    with TemporaryDirectory() as folder, Store.open(f"sqlite:///{Path(folder) / 'podium.sqlite3'}") as store:
        asyncio.run(store.add_all([replace(one, run=None, fork=None) for one in several]))
        read = {one.id: (one, calls) for one, calls in of_store(store, calls=True)}
        assert count_of_store(store) == len(several)
    assert read.keys() == {one.id for one in several}
    for one in several:
        expected = stored(one)
        found, calls = read[one.id]
        assert found == replace(expected, query=searchable(one.query))
        assert found.features.uses == expected.features.uses
        bare = [replace(call, prompt=None, reply=None, error=None) for call in one.calls]
        assert list(calls) == bare


async def test_what_still_runs_is_left_out_and_reading_says_how_far_it_has_come(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'podium.sqlite3'}") as store:
        of = run()
        await keep_whole(store, ended(going(1), 2), of)
        await store.begin(of, [going(2)])
        told: list[int] = []
        read = list(of_store(store, told=told.append))
    assert [(one.id, one.features.uses, calls) for one, calls in read] == [("t1", {"search-1": 2}, ())]
    assert told == [1]


async def test_trajectories_come_with_their_ways_the_oldest_first(store: Store) -> None:
    later = [replace(ended(going(n), n), run=None, started_at=NOON + timedelta(hours=n)) for n in (3, 1, 2)]
    await store.add_all(later)
    found = list(routed(store, ["t2", "t3", "t1"]))
    assert [(one.stored.id, one.route) for one in found] == [(f"t{n}", ("search-1",) * n) for n in (1, 2, 3)]


@pytest.mark.parametrize("record", ['{"call": {"tool": "search"}, "calls": []}', '{"call": 7, "calls": []}', "[]"])
async def test_a_damaged_call_is_named(tmp_path: Path, record: str) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'podium.sqlite3'}") as store:
        await keep_whole(store, ended(going(1), 1), run())
        edit(tmp_path / "podium.sqlite3", f"UPDATE step SET record = '{record}'")
        for read in (lambda: routed(store, ["t1"]), lambda: of_store(store), lambda: of_store(store, calls=True)):
            with pytest.raises(RecordError, match="trajectory t1 is damaged"):
                list(read())


@pytest.mark.parametrize("several", [450])
async def test_pages_lose_and_repeat_nothing(tmp_path: Path, several: int) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'podium.sqlite3'}") as store:
        await store.add_all([replace(ended(going(number), 1), run=None) for number in range(several)])
        told: list[int] = []
        read = [one.id for one, _ in of_store(store, told=told.append)]
    assert sorted(read) == sorted({f"t{number}" for number in range(several)})
    assert told == [200, 400, 450]
