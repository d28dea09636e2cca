"""A database of the fourth version, with all it holds, can be searched after its upgrade as if it had always been."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from orchestrator.trajectory import Fork, Trajectory
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage.database import migrate, open_engine, upgrade
from storage.errors import StoreConflict
from storage.search import page
from storage.search_tables import LISTING, ROUTED_CALL
from storage.search_wishes import Sorting, Wanted
from storage.store import Store
from tests.examples import NOON
from tests.kept import ended, going, keep_whole, run
from tests.strategies import trajectories


def _rows(store: Store) -> list[Any]:
    found = store.rows(select(LISTING).order_by(LISTING.c.trajectory_id))
    return [*found, *store.rows(select(ROUTED_CALL).order_by(ROUTED_CALL.c.trajectory_id, ROUTED_CALL.c.index))]


async def test_an_older_database_is_searched_after_its_upgrade(url: str) -> None:
    with Store.open(url) as store:
        await keep_whole(store, ended(going(1), 2), run())
        await store.begin(run(), [going(2)])
        await store.add(ended(going(3, "r3", fork=Fork("t1", 1)), 3))
        await store.keep_ballot(ballot("b1", ["t1", "t3"], query="q", run=None, seed=1, made_at=NOON))
        await store.keep_ranking(Ranking("k1", "b1", (("A",), ("B",)), NOON))
        before = _rows(store)
    migrate(url, "0004")
    engine = open_engine(url)
    assert {"finding", "listing", "routed_call"}.isdisjoint(inspect(engine).get_table_names())
    engine.dispose()
    upgrade(url)
    with Store.open(url) as store:
        assert _rows(store) == before
        assert {one.id for one in page(store.rows, Wanted(ranked=True), Sorting()).rows} == {"t1", "t3"}


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(whole=st.lists(trajectories(), min_size=1, max_size=8, unique_by=lambda one: one.id))
async def test_backfilled_rows_are_those_that_would_have_been_kept(tmp_path: Path, whole: list[Trajectory]) -> None:
    url = f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
    with Store.open(url) as store:
        for one in whole:
            with suppress(StoreConflict):  # two of the same run with other queries
                await store.add(one)
        before = _rows(store)
    assert before
    migrate(url, "0005")
    upgrade(url)
    with Store.open(url) as store:
        after = _rows(store)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert [_close(one) for one in old] == [_close(one) for one in new]


def _close(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
