"""Paging gives each trajectory once while others begin and end; what is looked for can be asked of every database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from orchestrator.trajectory import Fork, Trajectory
from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage import search, search_rows
from storage.past_calls import past_calls
from storage.same_query import newest_answered
from storage.search_tables import LISTING, ROUTED_CALL
from storage.search_wishes import GOING, Mark, Order, Sorting, Wanted
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.kept import ended, going, keep_whole, run
from tests.strategies import trajectories


async def test_paging_gives_each_row_once_while_new_runs_come_in(store: Store) -> None:
    await store.add_all(ended(going(n, run=f"r{n}", started_at=NOON + timedelta(hours=n)), n % 3) for n in range(20))
    for sorting in (Sorting(), Sorting(Order.STEPS, descending=False), Sorting(Order.COST)):
        seen: list[str] = []
        after = None
        for turn in range(100):
            page = search.page(store.rows, Wanted(), sorting, size=3, after=after)
            seen += [one.id for one in page.rows]
            new = going(100 + turn, run=f"n{sorting.order}{turn}", started_at=NOON + timedelta(hours=turn))
            await store.add(ended(replace(new, id=f"{sorting.order}{turn}"), turn % 4))
            if page.after is None:
                break
            after = page.after.text
        old = [id for id in seen if id.startswith("t")]
        assert sorted(old) == sorted(f"t{n}" for n in range(20))
        assert len(seen) == len(set(seen))


async def test_a_running_trajectory_is_found_and_its_totals_come_with_its_end(store: Store) -> None:
    whole = ended(going(1), 2)
    await store.begin(run(), [going(1)])
    await store.keep_step("t1", whole.steps[0])
    found = search.page(store.rows, Wanted(stop_reasons=(GOING,)), Sorting(Order.COST)).rows[0]
    assert (found.state, found.cost_usd, found.steps, found.route) == ("running", None, None, ("search-1",))
    assert search.count(store.rows, Wanted()).going == 1
    await store.keep_step("t1", whole.steps[1])
    await store.finish(whole)
    found = search.page(store.rows, Wanted(words="397.8", cost_usd=(Decimal("0.0262"), None)), Sorting()).rows[0]
    assert (found.state, found.cost_usd, found.steps) == ("finished", whole.cost_usd, 2)
    assert search.page(store.rows, Wanted(stop_reasons=(GOING,)), Sorting()).rows == ()


async def test_what_is_ranked_is_found_as_ranked(store: Store) -> None:
    await store.begin(run(), [going(1), going(2), going(3)])
    await store.keep_ballot(ballot("b1", ["t1", "t2"], query="q", run="r1", seed=1, made_at=NOON))
    assert search.page(store.rows, Wanted(ranked=True), Sorting()).rows == ()
    await store.keep_ranking(Ranking("k1", "b1", (("A",), ("B",)), NOON))
    assert {one.id for one in search.page(store.rows, Wanted(ranked=True), Sorting()).rows} == {"t1", "t2"}
    assert [one.id for one in search.page(store.rows, Wanted(ranked=False), Sorting()).rows] == ["t3"]


async def test_a_fork_is_found_from_what_it_was_forked_from_and_pays_only_its_own_calls(store: Store) -> None:
    await keep_whole(store, ended(going(1), 2), run())
    child = replace(ended(going(2), 3), fork=Fork("t1", 2))
    await store.begin(run(), [replace(going(2), steps=child.steps[:2], fork=child.fork)])
    await store.keep_step("t2", child.steps[2])
    await store.finish(child)
    assert search.forks_of(store.rows, "t1") == ["t2"]
    shared = [row["shared"] for row in search_rows.routed_calls(child)]
    assert shared == [False, True, True]


@settings(max_examples=40)
@given(whole=trajectories())
def test_any_trajectory_can_be_kept_to_search_by(whole: Trajectory) -> None:
    listing = search_rows.listing(whole, ended=True)
    assert set(listing) | {"ranked"} == {column.name for column in LISTING.c}
    for row in search_rows.routed_calls(whole):
        assert set(row) == {column.name for column in ROUTED_CALL.c}


@pytest.mark.parametrize("text", ["", "x", "bm8", "W10", "WyJjb3N0Iiwgd"])
def test_a_mark_that_no_page_gave_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="first page"):
        Mark.read(text, Sorting())


def test_a_mark_of_another_order_is_refused() -> None:
    mark = Mark(Sorting(), NOON.astimezone(UTC), "t1")
    assert Mark.read(mark.text, Sorting()) == mark
    with pytest.raises(ValueError, match="another order"):
        Mark.read(mark.text, Sorting(Order.DATE, descending=False))


@pytest.mark.parametrize("id", ["t\0", "t\ud800", "t\n"])
def test_a_mark_at_an_id_that_no_trajectory_has_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="first page"):
        Mark.read(Mark(Sorting(), NOON.astimezone(UTC), id).text, Sorting())


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (Order.STEPS, 2**31),
        (Order.STEPS, 0.5),
        (Order.STEPS, True),
        (Order.COST, 2**63),
        (Order.COST, 0.5),
        (Order.LATENCY, 1e19),
        (Order.LATENCY, float("nan")),
        (Order.LATENCY, "1"),
    ],
)
def test_a_mark_with_a_key_that_no_column_holds_is_refused(order: Order, key: Any) -> None:
    with pytest.raises(ValueError, match="first page"):
        Mark.read(Mark(Sorting(order), key, "t1").text, Sorting(order))


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (Order.STEPS, 2**31 - 1),
        (Order.COST, 2**63 - 1),
        (Order.LATENCY, 1e18),
        (Order.LATENCY, 3),
        (Order.DATE, datetime.fromisoformat("0001-01-01T00:00:00+14:00")),
        (Order.DATE, datetime.fromisoformat("9999-12-31T23:59:59-14:00")),
    ],
)
async def test_a_mark_at_the_edge_of_a_column_can_be_looked_behind(store: Store, order: Order, key: Any) -> None:
    await keep_whole(store, ended(going(1), 2), run())
    for descending in (True, False):
        sorting = Sorting(order, descending)
        rows = search.page(store.rows, Wanted(), sorting, after=Mark(sorting, key, "t0").text).rows
        assert [one.id for one in rows] in ([], ["t1"])


@pytest.mark.parametrize("text", ["\0", "t1\0", "\ud800"])
async def test_texts_that_not_every_database_takes_find_nothing(store: Store, text: str) -> None:
    await keep_whole(store, ended(going(1), 2), run())
    for wanted in (Wanted(run=text), Wanted(policies=(text,)), Wanted(aliases=(text,)), Wanted(words=f"{text} zyxw")):
        assert search.page(store.rows, wanted, Sorting()).rows == ()
        assert search.count(store.rows, wanted).trajectories == 0
    assert (
        search.heads(store.rows, [text]) == search.forks_of(store.rows, text) == search.of_run(store.rows, text) == []
    )
    assert [one.id for one in search.heads(store.rows, [text, "t1"])] == ["t1"]
    assert not Studies(store).has(text, "b1")
    assert not Studies(store).has("s1", text)
    assert list(Studies(store).second_looks(text)) == []
    assert newest_answered(store, text, text, text) is None
    assert past_calls(store.rows, text, text, simulated=True, policy=text) == []


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"words": "x" * 501}, "at most 500"),
        ({"cost_usd": (Decimal(2), Decimal(1))}, "ends before it begins"),
        ({"latency_s": (3.0, 1.0)}, "ends before it begins"),
    ],
)
def test_wishes_that_nothing_can_fit_are_refused(wish: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Wanted(**wish)
