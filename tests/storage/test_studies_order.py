"""Which ballot of a study comes next: gold ones at their share, each person's own order; and what no study can be."""

from datetime import timedelta
from pathlib import Path

import pytest

from prefs.study import Study
from storage.errors import StoreReadOnly
from storage.store import Store
from storage.studies import Studies
from tests.examples import NOON
from tests.studies import ballots, given, kept, rank, study


async def test_gold_ballots_come_at_the_stated_share_to_everybody(store: Store) -> None:
    gold = [f"b{number}" for number in range(10)]
    studies = await kept(store, 40, gold, overlap=5, next_by="random", gold_share=0.25)
    for person in ("ann", "bob", "cat"):
        seen = []
        for _ in range(40):
            one = await studies.next("s1", person, NOON)
            assert one is not None
            seen.append(one.gold)
            assert abs(sum(seen) - 0.25 * len(seen)) < 1
            await rank(store, one.ballot, person, NOON)
        assert sum(seen) == 10


async def test_where_gold_runs_out_ordinary_ballots_follow(store: Store) -> None:
    studies = await kept(store, 4, ["b0"], gold_share=0.5)
    seen = []
    while ballot := await given(studies):
        seen.append(ballot)
        await rank(store, ballot, "ann", NOON)
    assert sorted(seen) == ["b0", "b1", "b2", "b3"]


async def test_a_random_order_is_each_persons_own_and_comes_from_the_seed(store: Store) -> None:
    studies = await kept(store, 12, overlap=3, next_by="random", seed=5)
    orders = {}
    for person in ("ann", "bob"):
        orders[person] = []
        while ballot := await given(studies, person):
            orders[person].append(ballot)
            await rank(store, ballot, person, NOON)
    expected = {
        person: sorted(
            studies.ballots("s1"), key=lambda one, who=person: study(next_by="random", seed=5).position(who, one, 0)
        )
        for person in orders
    }
    assert orders == expected
    assert orders["ann"] != orders["bob"]


async def test_the_order_holds_also_where_others_have_everything_that_comes_first(store: Store) -> None:
    studies = await kept(store, 60, overlap=1)
    theirs = [await given(studies, f"person {number}") for number in range(59)]
    assert theirs == [f"b{number}" for number in range(59)]
    assert await given(studies, "ann") == "b59"
    await studies.skip("s1", "b7", "person 7", NOON)
    assert await given(studies, "bob") == "b7"
    assert await given(studies, "cat") is None


async def test_orders_that_were_forgotten_are_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.study_orders.MOST_PLACES", 25)
    studies = await kept(store, 12, overlap=9, next_by="random", seed=5)
    for person in ("ann", "bob", "cat", "ann"):
        shown, orders = studies.ballots("s1"), study(next_by="random", seed=5)
        expected = min(shown, key=lambda one, who=person, of=orders: of.position(who, one, 0))
        assert await given(studies, person) == expected


async def test_an_informative_study_gets_ballots_up_to_its_number(store: Store) -> None:
    studies = await kept(store, 0, next_by="informative", most_ballots=2)
    assert await given(studies) is None
    assert [await studies.append("s1", one) for one in ballots(3)] == [True, True, False]
    assert studies.ballots("s1") == ("b0", "b1")
    assert store.ballot("b2") is None
    assert await given(studies) == "b0"


async def test_studies_are_listed_newest_first(store: Store) -> None:
    studies = Studies(store)
    for number in (2, 3, 1):
        await studies.create(study(id=f"s{number}", made_at=NOON + timedelta(minutes=number)), ballots(1))
    assert [one.id for one in studies.newest()] == ["s3", "s2", "s1"]


async def test_a_read_only_database_gives_nothing_out(sqlite_url: str, file: Path) -> None:
    Store.open(sqlite_url).close()
    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as reading, pytest.raises(StoreReadOnly):
        await Studies(reading).next("s1", "ann", NOON)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": " "}, "name of a study"),
        ({"overlap": 0}, "overlap must be from 1"),
        ({"alternatives": 1}, "alternatives must be from 2"),
        ({"gold_share": float("nan")}, "gold_share"),
        ({"gold_share": 0.1, "hidden": ("cost",)}, "fair only where"),
        ({"hidden": ("price",)}, "hidden may name"),
        ({"hidden": ("cost", "cost")}, "twice"),
        ({"next_by": "best"}, "next_by must be one of"),
        ({"next_by": "informative"}, "most_ballots"),
        ({"most_ballots": 5}, "leave it out"),
        ({"next_by": "informative", "most_ballots": 5, "gold_share": 0.1}, "no gold"),
        ({"lease_s": 0}, "lease_s"),
        ({"guidelines": "\ud800"}, "half a character"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_no_study_can_be_is_refused(changes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        study(**changes)


def test_gold_is_due_within_one_of_the_share_at_every_moment() -> None:
    one = Study("s", "n", NOON, gold_share=0.3)
    for person in map(str, range(50)):
        gold = 0
        for given_before in range(60):
            gold += one.gold_is_due(person, given_before, gold)
            assert abs(gold - 0.3 * (given_before + 1)) < 1
