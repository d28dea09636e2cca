"""Searching, comparing and forking over HTTP."""

import json
import shlex
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.model_call import unpriced
from tests.examples import call, model_call
from tests.kept import ended, going
from tests.webapp.test_http import API, asked
from webapp.services import Services

HARD = 'It\'s "17%" of $2,340 `x` \\ — how\nmuch?'


async def test_pages_follow_each_other_and_say_what_they_found(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=5, seed=3)
    first = (await http.get(f"{API}/search", params={"size": 3, "sort": "cost"})).json()
    rest = (await http.get(f"{API}/search", params={"size": 3, "sort": "cost", "after": first["next"]})).json()
    rows = [*first["rows"], *rest["rows"]]
    assert rest["next"] is None
    assert {row["id"] for row in rows} == {one["id"] for one in run["trajectories"]}
    costs = [Decimal(row["cost_usd"]) for row in rows]
    assert costs == sorted(costs, reverse=True)
    assert all(row["simulated"] and row["route"] and row["preference"] == "Balanced" for row in rows)


async def test_filters_of_the_address_narrow_page_count_and_figures_alike(http: httpx.AsyncClient) -> None:
    await asked(http, alternatives=4, seed=1)
    await asked(http, query="By how many metres is Mount Kenya higher than Mount Kinabalu?", alternatives=2)
    for params, count in (
        ({"words": "KENYA kinabalu"}, 2),
        ({"words": "kenya 17"}, 0),
        ({"preference": "Frugal"}, 0),
        ({"simulated": "true"}, 6),
        ({"since": "2000-01-01", "until": "2001-01-01"}, 0),
        ({"weight_cost_min": "0.4", "weight_cost_max": "0.6"}, 6),
        ({"stop": ["none", "failed"]}, 0),
        ({"priced": "false"}, 0),
    ):
        assert len((await http.get(f"{API}/search", params=params)).json()["rows"]) == count, params
        assert (await http.get(f"{API}/search/count", params=params)).json()["trajectories"] == count
        assert (await http.get(f"{API}/search/figures", params=params)).json()["trajectories"] == count


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/search?sort=beauty", "'date', 'cost', 'latency' or 'steps'"),
        ("/search?cost_min=2&cost_max=1", "ends before it begins"),
        ("/search?after=nonsense", "begin with the first page"),
        ("/search?preference=Cheap", "there is no preset named 'Cheap'"),
        ("/search?colour=red", "Extra inputs"),
        ("/search/figures?metric=beauty", "choose from: cost, latency, turns, errors"),
        ("/search/records?trajectories=", "name 1 to 500 trajectories"),
        ("/comparison?trajectories=one", "name 2 to 6 trajectories"),
        ("/comparison?trajectories=one,two,one", "trajectory one is named twice"),
        ("/search/records?trajectories=one,one", "trajectory one is named twice"),
        ("/search/records?trajectories=nowhere", "there is no trajectory nowhere"),
    ],
)
async def test_what_cannot_be_asked_is_said(http: httpx.AsyncClient, path: str, says: str) -> None:
    response = await http.get(f"{API}{path}")
    assert response.status_code in (404, 422)
    assert says in response.json()["detail"]


async def test_figures_are_made_once_while_nothing_changes(http: httpx.AsyncClient, services: Services) -> None:
    await asked(http)
    first = (await http.get(f"{API}/search/figures")).json()
    known = services.searching._known.copy()
    assert (await http.get(f"{API}/search/figures", params={"metric": "latency"})).json()["trajectories"] == 3
    assert services.searching._known == known
    await asked(http, seed=9)
    assert (await http.get(f"{API}/search/figures")).json()["trajectories"] == first["trajectories"] + 3
    for metric, charts in (("cost", 3), ("latency", 3), ("turns", 2), ("errors", 3)):
        view = (await http.get(f"{API}/search/figures", params={"metric": metric, "by": "hour"})).json()
        assert len(view["charts"]) == charts
        assert all(chart["summary"] and chart["rows"] and "simulated" in chart["title"] for chart in view["charts"])


async def test_what_has_no_price_is_counted_and_never_zero(http: httpx.AsyncClient, services: Services) -> None:
    whole = ended(going(1), 1)
    step = whole.steps[0]
    bare = model_call("0", alias="search-1", charge=unpriced("nobody knows"))
    await services.store.add(ended(going(2, "r2"), 2))
    await services.store.add(type(whole)(**_fields(whole, steps=(type(step)(**_fields(step, calls=(bare,))),))))
    view = (await http.get(f"{API}/search/figures")).json()
    assert (view["trajectories"], view["unpriced"], view["tiles"]["cost"]["p50"]) == (2, 1, "$0.0262")
    row = (await http.get(f"{API}/search", params={"priced": "false"})).json()["rows"][0]
    assert (row["cost"], row["unpriced_calls"]) == ("1 unpriced", 1)
    assert (await http.get(f"{API}/search/count", params={"cost_max": "5"})).json()["trajectories"] == 1
    totals = (await http.get(f"{API}/comparison", params={"trajectories": "t1,t2"})).json()["columns"]
    assert totals[1]["totals"]["cost"][1].startswith("unknown")


def _fields(value: Any, **changes: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__} | changes


async def test_several_are_compared_in_words_and_downloaded_as_lines(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=3, seed=2)
    ids = ",".join(one["id"] for one in run["trajectories"])
    columns = (await http.get(f"{API}/comparison", params={"trajectories": ids})).json()["columns"]
    assert columns[0]["totals"]["cost"][1] is None
    for column in columns[1:]:
        assert column["totals"]["cost"][1].split()[1] in ("more", "less", "same")
        assert column["totals"]["answer"] in ("the same answer", "another answer", "only one of the two answered")
    file = await http.get(f"{API}/search/records", params={"trajectories": ids})
    lines = [json.loads(line) for line in file.text.splitlines()]
    assert [line["id"] for line in lines] == ids.split(",")
    assert "attachment" in file.headers["content-disposition"]


async def test_one_trajectory_comes_with_charts_forks_and_commands(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=2, query=HARD, reference="it's 397.8")
    id = run["trajectories"][0]["id"]
    view = (await http.get(f"{API}/trajectories/{id}/view")).json()
    assert [chart["key"] for chart in view["charts"]] == [id, id]
    assert len(view["alternatives"]) == 2
    assert view["tree"] is None
    words = shlex.split(view["curl"])
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    body = json.loads(words[words.index("--data-binary") + 1])
    assert (body["query"], body["reference"], body["seed"]) == (HARD, "it's 397.8", 0)
    again = await http.post(words[4].removeprefix("http://127.0.0.1"), json=body)
    assert again.status_code == 201, again.text
    said = shlex.split(view["ask"])
    assert (said[:2], said[-1]) == (["podium", "ask"], HARD)


async def test_a_fork_is_estimated_from_kept_calls_before_anything_is_spent(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=8, seed=1, policy="fixed:search-1,answer-3")
    id = run["trajectories"][0]["id"]
    body = {"step": 1, "call": {"tool": "answer", "model": "answer-3"}}
    estimate = (await http.post(f"{API}/trajectories/{id}/fork/estimate", json=body)).json()
    paid = sorted(Decimal(t["steps"][1]["cost_usd"]) for t in run["trajectories"])
    assert estimate["basis"]["kind"] == "same policy"
    assert estimate["basis"]["calls"] == 8
    assert Decimal(estimate["call"]["usd"]["low"]) <= paid[3] <= Decimal(estimate["call"]["usd"]["high"])
    assert Decimal(estimate["reused"]["cost_usd"]) == Decimal(run["trajectories"][0]["steps"][0]["cost_usd"])
    assert estimate["words"].startswith("Extra cost to the end: about $")
    assert estimate["simulated"]
    offers = (await http.get(f"{API}/trajectories/{id}/fork/offers", params={"step": 1})).json()
    assert (offers["called"], offers["problem"]) == ("answer-3", None)
    assert len((await http.get(f"{API}/search")).json()["rows"]) == 8


async def test_an_alias_never_called_is_estimated_by_its_price_and_the_rest_is_unknown(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=1, policy="fixed:search-1,answer-3")
    id = run["trajectories"][0]["id"]
    body = {"step": 0, "call": {"tool": "answer", "model": "answer-1"}}
    estimate = (await http.post(f"{API}/trajectories/{id}/fork/estimate", json=body)).json()
    assert estimate["basis"]["kind"] == "price"
    assert Decimal(estimate["call"]["usd"]["median"]) > 0
    assert estimate["rest"]["usd"]["median"] is None
    assert (estimate["rest"]["cost_words"], estimate["total"]["cost_words"]) == ("unknown", "unknown")
    wrong = await http.post(f"{API}/trajectories/{id}/fork/estimate", json=body | {"step": 99})
    assert (wrong.status_code, "has no step 99" in wrong.json()["detail"]) == (422, True)


async def test_what_a_fork_really_spent_leaves_out_what_it_took_over(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=1, policy="fixed:search-1,reasoner-1,answer-3")
    origin = run["trajectories"][0]
    body = {"step": 2, "call": {"tool": "answer", "model": "answer-2"}}
    child = (await http.post(f"{API}/trajectories/{origin['id']}/fork", json=body)).json()
    assert "event: ended" in (await http.get(f"{API}/runs/{run['id']}/events")).text
    spent = (await http.get(f"{API}/trajectories/{child['id']}/spent")).json()
    assert spent["ended"]
    whole = (await http.get(f"{API}/trajectories/{child['id']}")).json()
    assert spent["steps"] == 1
    assert Decimal(spent["cost_usd"]) == Decimal(whole["steps"][2]["cost_usd"])
    view = (await http.get(f"{API}/trajectories/{child['id']}/view")).json()
    assert (view["tree"]["id"], view["tree"]["forks"][0]["id"]) == (origin["id"], child["id"])
    assert view["tree"]["forks"][0]["at_step"] == 2
    assert f"/trajectories/{origin['id']}/fork" in view["curl"]
    assert call("answer-2").model in view["curl"]
