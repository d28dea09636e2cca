"""Studies over HTTP: a whole study by two people, and what is refused."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from orchestrator.trajectory import Step, StopReason, Trajectory
from prefs.ballot import ballot
from storage.store import Store
from tests.examples import NOON, call, model_call, trajectory
from webapp.services import Services


def ended(query: int, number: int, **changes: Any) -> Trajectory:
    """Number 0 of a query is the cheapest and the quickest; all give the same answer."""
    one = Step(0, "", call("answer-1"), None, (model_call(f"0.0{number + 1}", latency_s=1.0 + number),))
    values: dict[str, Any] = {
        "id": f"{query}-{number}",
        "run": f"r{query}",
        "query": f"query {query}",
        "steps": (one,),
        "answer": "397.8",
        "stop_reason": StopReason.ANSWERED,
    }
    return trajectory(**(values | changes))


async def runs(store: Store, count: int, alternatives: int = 4) -> None:
    await store.add_all([ended(query, number) for query in range(count) for number in range(alternatives)])


async def made(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await http.post("/api/v1/studies", json={"name": "Routing", "runs": "all", **body})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def given(http: httpx.AsyncClient, study: dict[str, Any], annotator: str, **more: Any) -> dict[str, Any] | None:
    response = await http.get(f"/api/v1/studies/{study['id']}/next", params={"annotator": annotator, **more})
    assert response.status_code in (200, 204), response.text
    return None if response.status_code == 204 else response.json()


async def ranked(http: httpx.AsyncClient, shown: dict[str, Any], annotator: str) -> httpx.Response:
    labels = [[one["label"]] for one in shown["alternatives"]]
    body = {"groups": labels, "annotator": annotator, "version": shown["version"]}
    return await http.post(f"/api/v1/ballots/{shown['id']}/rankings", json=body)


async def to_the_end(http: httpx.AsyncClient, study: dict[str, Any], annotator: str) -> list[str]:
    seen = []
    while (one := await given(http, study, annotator)) is not None:
        seen.append(one["ballot"]["id"])
        assert (await ranked(http, one["ballot"], annotator)).status_code == 201
    return seen


async def test_a_study_of_runs_is_ranked_to_the_end_by_three_people_at_once(
    http: httpx.AsyncClient, services: Services
) -> None:
    await runs(services.store, 6)
    study = await made(http, alternatives=3, overlap=2, hidden=["identity"], seed=4)
    assert len(study["ballots"]) == 6
    assert study["progress"]["wanted"] == 12
    found = await asyncio.gather(*(to_the_end(http, study, person) for person in ("ann", "bob", "cat")))
    assert Counter(one for mine in found for one in mine) == dict.fromkeys(study["ballots"], 2)
    assert all(len(set(mine)) == len(mine) for mine in found)
    whole = (await http.get(f"/api/v1/studies/{study['id']}")).json()["progress"]
    assert (whole["counted"], whole["extra"], whole["free"], whole["complete"]) == (12, 0, 0, 6)


async def test_a_ballot_of_a_run_tells_how_it_was_drawn_and_what_it_hides(
    http: httpx.AsyncClient, services: Services
) -> None:
    await runs(services.store, 1)
    study = await made(http, alternatives=3, hidden=["identity", "preference"])
    one = await given(http, study, "ann")
    assert one is not None
    assert one["ballot"]["hidden"] == ["identity", "preference"]
    assert one["ballot"]["draw"] == {"drawn": "random", "random_share": 1.0, "probability": 0.25}
    assert "gold" not in one["assignment"]
    whole = await made(http, alternatives=4)
    shown = await given(http, whole, "ann")
    assert shown is not None
    assert shown["ballot"]["draw"] is None


async def test_trajectories_that_somebody_stopped_are_on_no_ballot(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1, alternatives=3)
    await services.store.add(ended(0, 3, stop_reason=StopReason.CANCELLED, answer=None))
    response = await http.post("/api/v1/studies", json={"name": "Routing", "runs": ["r0"], "alternatives": 4})
    assert response.status_code == 422
    assert "run r0 has no 4 trajectories" in response.json()["detail"]


async def test_skip_flag_and_progress(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 3)
    study = await made(http, next_by="order")
    place = f"/api/v1/studies/{study['id']}"
    first, second, third = study["ballots"]
    assert (await given(http, study, "ann"))["ballot"]["id"] == first  # type: ignore[index]
    skipped = await http.post(f"{place}/assignments/{first}/skip", json={"annotator": "ann"})
    assert skipped.json()["state"] == "skipped"
    assert (await given(http, study, "ann"))["ballot"]["id"] == second  # type: ignore[index]
    flag = {"annotator": "ann", "reason": "cut off"}
    assert (await http.post(f"{place}/assignments/{second}/flag", json=flag)).json()["state"] == "flagged"
    assert [one["reason"] for one in (await http.get(f"{place}/flags")).json()["flags"]] == ["cut off"]
    shown = await given(http, study, "ann")
    assert shown is not None
    await ranked(http, shown["ballot"], "ann")
    assert await given(http, study, "ann") is None
    assert (await given(http, study, "ann", skipped="true"))["ballot"]["id"] == first  # type: ignore[index]
    far = (await http.get(f"{place}/progress", params={"annotator": "ann"})).json()
    assert (far["counted"], far["held"], far["flagged"], far["free"]) == (1, 1, 1, 1)
    mine = far["own"][0]
    assert (mine["ranked"], mine["flagged"], mine["held"], mine["left"]) == (1, 1, 1, 0)
    state = (await http.get(f"{place}/assignments/{third}", params={"annotator": "ann"})).json()
    assert (state["state"], state["counted"], state["words"]) == ("ranked", True, None)


async def test_a_ranking_beyond_the_overlap_is_kept_and_said_to_be_extra(
    http: httpx.AsyncClient, services: Services
) -> None:
    await runs(services.store, 1)
    study = await made(http)
    shown = await given(http, study, "ann")
    assert shown is not None
    late = await ranked(http, shown["ballot"], "bob")
    assert late.status_code == 201
    [told] = late.json()["studies"]
    assert (told["study"], told["counted"]) == (study["id"], False)
    assert "extra" in told["words"]
    place = f"/api/v1/studies/{study['id']}/assignments/{shown['ballot']['id']}"
    state = (await http.get(place, params={"annotator": "bob"})).json()
    assert state["counted"] is False
    assert "extra" in state["words"]
    timely = await ranked(http, shown["ballot"], "ann")
    assert timely.json()["studies"] == [{"study": study["id"], "counted": True, "words": None}]
    far = (await http.get(f"/api/v1/studies/{study['id']}/progress")).json()
    assert (far["counted"], far["extra"]) == (1, 1)


async def test_a_closed_study_gives_nothing_out(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1)
    study = await made(http)
    closed = (await http.post(f"/api/v1/studies/{study['id']}/close")).json()
    assert closed["closed_at"] is not None
    assert await given(http, study, "ann") is None
    listed = (await http.get("/api/v1/studies")).json()["studies"]
    assert [one["closed_at"] for one in listed] == [closed["closed_at"]]


async def test_gold_ballots_are_as_many_as_the_share_asks_for(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 8)
    study = await made(http, gold_share=0.25)
    assert study["progress"]["gold"] == 2


async def test_an_informative_study_makes_ballots_as_people_ask(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 2, alternatives=5)
    study = await made(
        http, runs=None, next_by="informative", most_ballots=4, alternatives=3, overlap=2, hidden=["identity"]
    )
    found = await asyncio.gather(*(to_the_end(http, study, person) for person in ("ann", "bob", "cat")))
    whole = (await http.get(f"/api/v1/studies/{study['id']}")).json()
    assert len(whole["ballots"]) == 4
    assert Counter(one for mine in found for one in mine) == dict.fromkeys(whole["ballots"], 2)
    shown = [services.store.ballot(one) for one in whole["ballots"]]
    assert all(one is not None and one.draw is not None and one.hidden == ("identity",) for one in shown)
    assert len({frozenset(a.trajectory for a in one.alternatives) for one in shown if one is not None}) == 4


async def test_ballots_that_are_kept_can_be_listed(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1)
    one = ballot("b1", ["0-0", "0-1"], query="query 0", run=None, seed=1, made_at=NOON)
    await services.store.keep_ballot(one)
    study = await made(http, runs=None, ballots=["b1"], hidden=[])
    assert study["ballots"] == ["b1"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "either which ballots"),
        ({"ballots": ["b1"], "runs": "all"}, "either which ballots"),
        ({"ballots": []}, "at least one"),
        ({"ballots": ["b1", "b1"]}, "named twice"),
        ({"ballots": ["b9"]}, "no ballot b9"),
        ({"ballots": ["b1"], "hidden": ["cost"]}, "hides nothing, the study cost"),
        ({"ballots": ["b1"]}, "hides nothing, the study identity and outcome"),
        ({"ballots": ["b1"], "hidden": [], "gold_share": 0.5}, "none is gold"),
        ({"runs": ["r9"]}, "run r9 has no 4"),
        ({"runs": "all", "alternatives": 9}, "no run with 9"),
        ({"runs": "all", "overlap": 0}, "overlap"),
        ({"runs": "all", "hidden": ["price"]}, "identity"),
        ({"runs": "all", "next_by": "informative", "most_ballots": 3}, "leave out ballots and runs"),
        ({"runs": "all", "colour": "red"}, "not permitted"),
    ],
)
async def test_what_no_study_can_be_is_a_problem_document(
    http: httpx.AsyncClient, services: Services, body: dict[str, Any], says: str
) -> None:
    await services.store.add_all([ended(0, 0), ended(0, 1, steps=ended(0, 0).steps)])
    await services.store.keep_ballot(ballot("b1", ["0-0", "0-1"], query="query 0", run=None, seed=1, made_at=NOON))
    response = await http.post("/api/v1/studies", json={"name": "Routing", **body})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
    assert (await http.get("/api/v1/studies")).json() == {"studies": []}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "studies/none", 404),
        ("GET", "studies/none/next", 404),
        ("GET", "studies/none/progress", 404),
        ("GET", "studies/none/flags", 404),
        ("GET", "studies/none/assignments/b1", 404),
        ("POST", "studies/none/close", 404),
        ("POST", "studies/none/assignments/b1/skip", 404),
        ("POST", "studies/none/assignments/b1/flag", 422),
    ],
)
async def test_what_is_not_there_is_a_problem_document(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await http.request(method, f"/api/v1/{path}", json={} if method == "POST" else None)
    assert response.status_code == status
    assert response.json()["detail"]


async def test_a_ballot_that_is_ranked_can_not_be_skipped(http: httpx.AsyncClient, services: Services) -> None:
    await runs(services.store, 1)
    study = await made(http)
    shown = await given(http, study, "ann")
    assert shown is not None
    await ranked(http, shown["ballot"], "ann")
    place = f"/api/v1/studies/{study['id']}/assignments/{shown['ballot']['id']}/skip"
    assert (await http.post(place, json={"annotator": "ann"})).status_code == 409
