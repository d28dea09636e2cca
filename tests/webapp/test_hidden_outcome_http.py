"""A verdict sways people: a study may hide it. And what is handed out with a blind ballot leads nowhere else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from orchestrator.trajectory import Outcome, StopReason, Trajectory, Verdict
from storage.store import Store
from tests.examples import model_call, trajectory
from webapp.services import Services

TELLING = ("solved", "judge-mind", "because-it-fits", "gold-reference", "judge-said", "judge-asked")


def judged(number: int) -> Trajectory:
    """Whatever knows that the answer is right or wrong has a word of `TELLING` in it."""
    call = model_call(model="judge-mind", prompt="judge-asked", reply="judge-said")
    verdict = Verdict.SOLVED if number else Verdict.UNSOLVED
    one = trajectory(id=f"secret-id-{number}", run="r", query="q", seed=number, answer=f"I say {number}")
    outcome = Outcome(verdict, "judge-mind", "because-it-fits", call)
    return replace(one, stop_reason=StopReason.ANSWERED, outcome=outcome, reference="gold-reference")


async def made(http: httpx.AsyncClient, store: Store, *hidden: str, **more: Any) -> str:
    """A study of one ballot; gives its id."""
    await store.add_all([judged(number) for number in range(2)])
    body = {"name": "S", "runs": "all", "alternatives": 2, "hidden": hidden, **more}
    response = await http.post("/api/v1/studies", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def handed(http: httpx.AsyncClient, study: str) -> httpx.Response:
    return await http.get(f"/api/v1/studies/{study}/next", params={"annotator": "ann"})


async def seen(http: httpx.AsyncClient, ballot: str) -> httpx.Response:
    return await http.get(f"/api/v1/ballots/{ballot}/view", params={"annotator": "ann"})


async def said(http: httpx.AsyncClient, ballot: str, **more: Any) -> httpx.Response:
    body = {"groups": [["A"], ["B"]], "annotator": "ann", **more}
    return await http.post(f"/api/v1/ballots/{ballot}/rankings", json=body)


async def test_a_new_study_hides_names_and_verdicts_unless_it_says_otherwise(
    http: httpx.AsyncClient, services: Services
) -> None:
    await services.store.add_all([judged(number) for number in range(2)])
    asked = {"name": "S", "runs": "all", "alternatives": 2}
    for more, hidden in (({}, ["identity", "outcome"]), ({"hidden": []}, [])):
        study = (await http.post("/api/v1/studies", json=asked | more)).json()
        assert study["hidden"] == hidden
        shown = await seen(http, study["ballots"][0])
        assert shown.json()["hidden"] == hidden
        assert any(word in shown.text.lower() for word in (*TELLING, "secret-id")) is not bool(hidden)


async def test_a_study_that_hides_the_outcome_tells_no_verdict_until_the_ballot_is_ranked(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, "outcome")
    ballot = (await handed(http, study)).json()["ballot"]["id"]
    blind = await seen(http, ballot)
    for word in TELLING:
        assert word not in blind.text.lower(), word
    assert "I say 0" in blind.text
    assert blind.json()["hidden"] == ["outcome"]
    assert (await said(http, ballot)).status_code == 201
    shown = await seen(http, ballot)
    for word in TELLING:
        assert word in shown.text.lower(), word


async def test_the_second_look_at_cost_still_tells_no_verdict(http: httpx.AsyncClient, services: Services) -> None:
    study = await made(http, services.store, "outcome", "cost", two_phases=True)
    ballot = (await handed(http, study)).json()["ballot"]["id"]
    assert (await said(http, ballot, phase="blind")).status_code == 201
    second = await seen(http, ballot)
    assert second.json()["hidden"] == ["outcome"]
    for word in TELLING:
        assert word not in second.text.lower(), word
    assert (await said(http, ballot, phase="revealed")).status_code == 201
    assert "because-it-fits" in (await seen(http, ballot)).text


async def test_no_id_of_a_trajectory_comes_with_a_blind_ballot_or_with_the_receipt_of_its_first_look(
    http: httpx.AsyncClient, services: Services
) -> None:
    study = await made(http, services.store, "identity", "cost", two_phases=True)
    given = await handed(http, study)
    assert "secret-id" not in given.text
    ballot = given.json()["ballot"]
    assert ballot["alternatives"] == [{"label": label, "trajectory": None} for label in "AB"]
    outside = await http.get("/api/v1/ballots/next", params={"annotator": "ann"})
    assert "secret-id" not in outside.text
    by_id = await http.get(f"/api/v1/ballots/{ballot['id']}")
    assert by_id.json() == ballot
    first = await said(http, ballot["id"], phase="blind")
    assert (first.status_code, first.json()["trajectories"]) == (201, {"A": None, "B": None})
    second = await said(http, ballot["id"], phase="revealed")
    assert set(second.json()["trajectories"].values()) == {"secret-id-0", "secret-id-1"}


async def test_where_nothing_is_hidden_the_ids_are_told(http: httpx.AsyncClient, services: Services) -> None:
    study = await made(http, services.store)
    ballot = (await handed(http, study)).json()["ballot"]
    assert {one["trajectory"] for one in ballot["alternatives"]} == {"secret-id-0", "secret-id-1"}
    assert (await http.get(f"/api/v1/ballots/{ballot['id']}")).json() == ballot


async def test_a_ballot_of_a_run_tells_its_ids_unless_it_hides_something(
    http: httpx.AsyncClient, services: Services
) -> None:
    await services.store.add_all([judged(number) for number in range(2)])
    ballot = (await http.get("/api/v1/runs/r/ballot")).json()
    assert {one["trajectory"] for one in ballot["alternatives"]} == {"secret-id-0", "secret-id-1"}
    shown = services.store.ballot(ballot["id"])
    assert shown is not None
    blind = replace(shown, id="blind", hidden=("identity",), made_at=shown.made_at + timedelta(seconds=1))
    await services.store.keep_ballot(blind)
    assert "secret-id" not in (await http.get("/api/v1/runs/r/ballot")).text
