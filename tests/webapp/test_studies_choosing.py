"""Ballots that are made for what their ranking teaches."""

import asyncio
from typing import Any

import httpx
import pytest

from prefs.ballot import ballot
from prefs.ranking import Ranking
from storage.askable import Askable
from storage.store import Store
from tests.examples import NOON
from tests.webapp.test_studies_http import ended, runs
from webapp.choosing import Choosing, Wish, estimated
from webapp.revealed import Revealed
from webapp.services import Services


async def asked(http: httpx.AsyncClient, **body: Any) -> dict[str, Any] | None:
    response = await http.post("/api/v1/ballots", json=body)
    assert response.status_code in (201, 204), response.text
    return None if response.status_code == 204 else response.json()


async def test_every_set_is_asked_once_and_then_nothing_is_left(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1)
    sets = set()
    while (one := await asked(http, size=3)) is not None:
        sets.add(frozenset(shown["trajectory"] for shown in one["alternatives"]))
        assert services.store.ballot(one["id"]) is not None
        assert one["draw"]["random_share"] == 0.2
    assert len(sets) == 4


async def test_a_set_that_any_ballot_shows_is_not_asked_again(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1, alternatives=2)
    await services.store.keep_ballot(ballot("b1", ["0-0", "0-1"], query="query 0", run=None, seed=1, made_at=NOON))
    assert await asked(http, size=2) is None


async def test_twenty_who_ask_at_once_get_twenty_sets(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 3)
    found = await asyncio.gather(*(asked(http, size=2) for _ in range(20)))
    sets = {frozenset(shown["trajectory"] for shown in one["alternatives"]) for one in found if one is not None}
    assert sum(one is not None for one in found) == len(sets) == 18


async def test_two_servers_on_one_database_never_make_the_same_set(services: Services) -> None:
    await runs(services.store, 2)
    with Store.open(services.settings.database) as other:
        desks = [Choosing(services.store, services.revealed), Choosing(other, Revealed(other))]
        found = await asyncio.gather(*(desks[n % 2].make(Wish(2, seed=1)) for n in range(14)))
    sets = [frozenset(shown.trajectory for shown in one.alternatives) for one in found if one is not None]
    assert len(sets) == len(set(sets)) == 12


async def test_the_same_seed_asks_the_same(services: Services) -> None:
    await runs(services.store, 5)
    wish = Wish(3, random_share=0.5, seed=7)
    unkept = [await Choosing(services.store, services.revealed).make(wish, _refuse) for _ in range(2)]
    assert unkept == [None, None]
    first = await Choosing(services.store, services.revealed).make(wish)
    assert first is not None
    assert first.seed == 7


async def _refuse(_: object) -> bool:
    return False


async def test_only_alternatives_of_the_query_are_asked(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 3)
    one = await asked(http, size=4, query="query 1")
    assert one is not None
    assert one["query"] == "query 1"
    assert await asked(http, size=4, query="query 1") is None
    assert await asked(http, size=4, query="query 9") is None


async def test_the_fit_says_what_is_asked_once_it_can(services: Services) -> None:
    await runs(services.store, 30)
    assert estimated(None)[0].names == ("accuracy", "cost", "latency")
    for query in range(25):
        one = ballot(
            f"b{query}", [f"{query}-{n}" for n in range(4)], query=f"query {query}", run=None, seed=query, made_at=NOON
        )
        await services.store.keep_ballot(one)
        groups = tuple((label,) for label in one.labels)
        await services.store.keep_ranking(Ranking(f"k{query}", one.id, groups, NOON, annotator=f"p{query % 5}"))
    fit = (await services.revealed.standing()).fit
    assert fit is not None
    assert not (estimated(fit)[0].mean == estimated(None)[0].mean).all()
    assert await Choosing(services.store, services.revealed).make(Wish(3)) is not None


async def test_the_event_loop_goes_on_while_a_ballot_is_sought(services: Services) -> None:
    await services.store.add_all([ended(query, number) for query in range(20) for number in range(20)])
    making = asyncio.create_task(Choosing(services.store, services.revealed).make(Wish(4)))
    turns = 0
    while not making.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await making is not None
    assert turns > 10, "a loop that waits for the search comes round a few times only"


def test_features_of_as_many_trajectories_as_are_looked_at_are_remembered(tmp_path) -> None:
    async def keep(store: Store) -> None:
        await runs(store, 5, alternatives=4)

    with Store.open(f"sqlite:///{tmp_path / 'podium.db'}") as store:
        asyncio.run(keep(store))
        askable = Askable(store, newest=8)
        for query in range(5):
            assert len(askable.pools(f"query {query}")[0].trajectories) == 4
        assert len(askable._features) == 8
        assert sum(len(pool.trajectories) for pool in askable.pools()) == 8


@pytest.mark.parametrize(
    ("body", "says"),
    [({"size": 1}, "2 to 10"), ({"size": 11}, "2 to 10"), ({"random_share": 2}, "0 to 1"), ({"seed": -1}, "seed")],
)
async def test_what_no_ballot_can_be_is_a_problem_document(
    http: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    response = await http.post("/api/v1/ballots", json=body)
    assert response.status_code == 422
    assert says in response.json()["detail"]
