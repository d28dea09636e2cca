"""The speaker's doors of an audience, and what the stage hears."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from orchestrator.alternatives import Run
from tests.examples import NOON
from tests.webapp.audience.room import Client, ended, joined, ranked
from webapp.audience.phones import Phones
from webapp.services import Services

MISTAKES: list[tuple[str, str, Any, int]] = [
    ("POST", "audiences", {"run": "none"}, 404),
    ("POST", "audiences", {"run": "r1", "minutes": 0}, 422),
    ("POST", "audiences", {"run": "r1", "minutes": 241}, 422),
    ("POST", "audiences", {"run": "r1", "hidden": ["colour"]}, 422),
    ("GET", "audiences/none", None, 404),
    ("POST", "audiences/none/close", None, 404),
    ("POST", "audiences/none/extend", {"minutes": 5}, 404),
    ("GET", "audiences/none/events", None, 404),
]


async def test_an_audience_that_is_over_is_said_and_more_time_opens_it_again(
    http: httpx.AsyncClient, services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    phone, place = phones(), f"/api/v1/audiences/{audience['id']}"
    await joined(phone, audience)
    services.hosting.clock = lambda real=services.hosting.clock: real() + timedelta(minutes=31)  # type: ignore[misc]
    for response in (await ranked(phone, audience), await phones().post(f"/join/{audience['code']}/seat")):
        assert response.status_code == 410
        assert "over" in response.json()["detail"]
    assert (await http.get(place)).json()["open"] is False
    assert (await http.post(f"{place}/extend", json={"minutes": 5})).json()["open"] is True
    assert (await ranked(phone, audience)).status_code == 201
    closed = (await http.post(f"{place}/close")).json()
    assert closed["open"] is False
    assert closed["closed_at"] is not None
    assert (await ranked(phone, audience, {"groups": [["A"], ["B", "C", "D"]]}, "two")).status_code == 410
    assert (await http.post(f"{place}/extend")).json()["open"] is True
    assert (await ranked(phone, audience, {"groups": [["A"], ["B", "C", "D"]]}, "two")).status_code == 201


async def test_a_run_has_one_audience_at_a_time(http: httpx.AsyncClient, run: str, audience: dict[str, Any]) -> None:
    assert (await http.post("/api/v1/audiences", json={"run": run})).json()["id"] == audience["id"]
    await http.post(f"/api/v1/audiences/{audience['id']}/close")
    second = (await http.post("/api/v1/audiences", json={"run": run})).json()
    assert second["id"] != audience["id"]
    assert second["labels"] == audience["labels"]
    listed = (await http.get("/api/v1/audiences", params={"run": run})).json()
    assert [one["id"] for one in listed["audiences"]] == [second["id"], audience["id"]]
    assert listed["room"] is False
    assert listed["command"].startswith("podium serve --audience ")


async def test_the_stage_hears_of_each_change_and_a_stream_resumes(
    http: httpx.AsyncClient, services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    follow = services.hosting.follow(audience["id"])
    assert (await anext(follow)).joined == 0
    await joined(phone, audience)
    assert (await anext(follow)).joined == 1
    await ranked(phone, audience)
    while (standing := await anext(follow)).ranked == 0:
        pass
    assert standing.rankings == 1
    await follow.aclose()


async def test_rankings_of_another_process_are_heard_too(
    services: Services, phones: Client, audience: dict[str, Any]
) -> None:
    phone = phones()
    await joined(phone, audience)
    assert (await services.hosting.standing(audience["id"])).ranked == 0
    heard = services.phones
    services.phones._hosting.hear = lambda *_: None  # type: ignore[method-assign]
    assert isinstance(heard, Phones)
    await ranked(phone, audience)
    assert (await services.hosting.standing(audience["id"])).ranked == 1


async def test_what_cannot_be_is_a_problem_document(http: httpx.AsyncClient, run: str) -> None:
    for method, path, body, status in MISTAKES:
        response = await http.request(method, f"/api/v1/{path}", json=body)
        assert response.status_code == status, path
        assert response.json()["detail"]


async def test_a_run_of_one_alternative_has_nothing_to_rank(http: httpx.AsyncClient, services: Services) -> None:
    one = replace(ended(0), run="r2")
    begun = replace(one, steps=(), answer=None, stop_reason=None)
    await services.store.begin(Run("r2", one.query, NOON), [begun])
    response = await http.post("/api/v1/audiences", json={"run": "r2"})
    assert response.status_code == 422
    assert "nothing to rank yet" in response.json()["detail"]
