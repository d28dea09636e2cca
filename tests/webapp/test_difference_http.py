"""The difference between runs over HTTP."""

from typing import Any

import httpx
import pytest

from webapp.services import Services


async def ran(http: httpx.AsyncClient, query: str, alternatives: int) -> list[str]:
    """Ids of the trajectories of a run that has ended."""
    body = {"query": query, "alternatives": alternatives, "seed": 5, "limits": {"turns": 8}}
    run = (await http.post("/api/v1/runs", json=body)).json()["id"]
    assert "event: ended" in (await http.get(f"/api/v1/runs/{run}/events")).text
    return [one["id"] for one in (await http.get(f"/api/v1/runs/{run}")).json()["trajectories"]]


async def difference(http: httpx.AsyncClient, ids: list[str]) -> dict[str, Any]:
    answer = await http.get("/api/v1/difference", params={"trajectories": ",".join(ids)})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_trajectories_of_any_runs_are_compared_in_the_order_given(http: httpx.AsyncClient) -> None:
    one, two = await ran(http, "What is 17% of 2,340?", 2), await ran(http, "What is 18% of 2,340?", 1)
    ids = [*two, *reversed(one)]
    view = await difference(http, ids)
    assert [(column["label"], column["id"]) for column in view["columns"]] == list(zip("ABC", ids, strict=True))
    assert (view["queries_differ"], view["query"]) == (True, None)
    for column in view["columns"]:
        cells = [row["cells"][column["label"]] for row in view["difference"]["rows"]]
        assert [c["index"] for c in cells if c["state"] != "gap"] == [row["index"] for row in column["rows"]]
    assert (await difference(http, one))["query"] == "What is 17% of 2,340?"


@pytest.mark.parametrize(("count", "says"), [(1, "2 to 6"), (7, "2 to 6"), (0, "2 to 6")])
async def test_too_few_or_too_many_are_refused_with_what_to_do(http: httpx.AsyncClient, count: int, says: str) -> None:
    ids = ",".join(f"t{n}" for n in range(count))
    answer = await http.get("/api/v1/difference", params={"trajectories": ids})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert says in answer.json()["detail"]


async def test_a_trajectory_that_is_named_twice_or_not_there_is_a_problem(http: httpx.AsyncClient) -> None:
    one = await ran(http, "What is 17% of 2,340?", 1)
    twice = await http.get("/api/v1/difference", params={"trajectories": ",".join(one * 2)})
    assert (twice.status_code, "named twice" in twice.json()["detail"]) == (422, True)
    missing = await http.get("/api/v1/difference", params={"trajectories": f"{one[0]},nowhere"})
    assert (missing.status_code, "nowhere" in missing.json()["detail"]) == (404, True)


async def test_the_view_of_a_ballot_has_the_difference(http: httpx.AsyncClient, services: Services) -> None:
    trajectories = await ran(http, "What is 17% of 2,340?", 3)
    run = services.runs.trajectory(trajectories[0]).run
    ballot = (await http.get(f"/api/v1/runs/{run}/ballot")).json()["id"]
    view = (await http.get(f"/api/v1/ballots/{ballot}/view")).json()
    assert view["difference"]["labels"] == ["A", "B", "C"]
    assert len(view["difference"]["rows"]) >= max(len(column["rows"]) for column in view["columns"])
