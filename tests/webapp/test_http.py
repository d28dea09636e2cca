import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.trajectory import StopReason
from storage.processes.membership import Membership
from webapp.api.runs import NewRun
from webapp.services import Services, open_services
from webapp.settings import Settings

ROUTE = "fixed:search-1,reasoner-1,answer-1"

API = "/api/v1"


async def ended(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    """The run once nothing of it runs any more."""
    for _ in range(400):
        body = (await http.get(f"{API}/runs/{run}")).json()
        if body["ended"]:
            return dict(body)
        await asyncio.sleep(0.01)
    raise AssertionError("the run does not end")


async def asked(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await http.post(f"{API}/runs", json={"query": "What is 17% of 2,340?", "alternatives": 3, **body})
    assert response.status_code == 201, response.text
    return await ended(http, response.json()["id"])


async def ballot_of(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    return dict((await http.get(f"{API}/runs/{run}/ballot")).json())


async def test_a_run_gives_one_trajectory_for_each_alternative(http: httpx.AsyncClient) -> None:
    run = await asked(http)
    assert len(run["trajectories"]) == 3
    for trajectory in run["trajectories"]:
        paid = sum(Decimal(c["charge"]["usd"]) for s in trajectory["steps"] for c in s["calls"] if c["charge"]["usd"])
        assert paid == Decimal(trajectory["cost_usd"])
        assert trajectory["simulated"]
        assert (await http.get(f"{API}/trajectories/{trajectory['id']}")).json()["steps"] == trajectory["steps"]


async def test_the_same_seed_gives_the_same_routing_answers_and_dollars(http: httpx.AsyncClient) -> None:
    def told(run: dict[str, Any]) -> list[Any]:
        return [([s["call"] for s in t["steps"]], t["answer"], t["cost_usd"]) for t in run["trajectories"]]

    first, second, other = [await asked(http, seed=seed) for seed in (5, 5, 6)]
    assert told(first) == told(second)
    assert told(first)[1:] == told(other)[:-1]


async def test_alternatives_can_run_under_different_preferences(http: httpx.AsyncClient) -> None:
    run = await asked(http, vary=True, preference={"accuracy": 0.3, "cost": 0.3, "latency": 0.3})
    preferences = [json.dumps(t["preference"]) for t in run["trajectories"]]
    assert len(set(preferences)) == 3


def parsed(stream: str) -> list[tuple[str | None, str, dict[str, Any]]]:
    events = []
    for block in stream.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        events.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return events


async def test_events_tell_every_step_once_and_resume_behind_any_of_them(http: httpx.AsyncClient) -> None:
    run = await asked(http)
    address = f"{API}/runs/{run['id']}/events"
    events = parsed((await http.get(address)).text)
    steps = [data for _, name, data in events if name == "step"]
    assert len(steps) == sum(len(t["steps"]) for t in run["trajectories"])
    assert [name for _, name, _ in events][-1] == "ended"
    numbered = [(id, name, data) for id, name, data in events if id is not None]
    for seen, (last_id, _, _) in enumerate(numbered, 1):
        rest = parsed((await http.get(address, headers={"Last-Event-ID": last_id or ""})).text)
        assert [event for event in rest if event[0] is not None] == numbered[seen:]


async def test_a_stream_can_be_followed_while_the_run_goes_on(http: httpx.AsyncClient, services: Services) -> None:
    response = await http.post(f"{API}/runs", json={"query": "What is the capital of France?", "alternatives": 2})
    events = parsed((await http.get(f"{API}/runs/{response.json()['id']}/events")).text)
    assert sum(name == "stopped" for _, name, _ in events) == 2


async def test_a_ranking_is_kept_as_it_was_given(http: httpx.AsyncClient) -> None:
    ballot = await ballot_of(http, (await asked(http))["id"])
    a, b, c = (shown["label"] for shown in ballot["alternatives"])
    said = {"groups": [[b], [a]], "unranked": [c], "acceptable": 1, "reason": "B reads better"}
    kept = await http.post(f"{API}/ballots/{ballot['id']}/rankings", json={**said, "version": ballot["version"]})
    assert kept.status_code == 201
    exported = [json.loads(line) for line in (await http.get(f"{API}/export/rankings")).text.splitlines()]
    assert [{key: record[key] for key in ("ballot", *said)} for record in exported] == [
        {"ballot": ballot["id"], **said}
    ]
    assert exported[0]["trajectories"] == {s["label"]: s["trajectory"] for s in ballot["alternatives"]}


async def test_submitting_twice_is_one_ranking_and_a_correction_supersedes(http: httpx.AsyncClient) -> None:
    ballot = await ballot_of(http, (await asked(http))["id"])
    address = f"{API}/ballots/{ballot['id']}/rankings"
    said = {"groups": [["A"], ["B"], ["C"]]}
    first, again = [(await http.post(address, json=said)).json() for _ in range(2)]
    assert first["id"] == again["id"]
    correction = (await http.post(address, json={"groups": [["C"], ["B"], ["A"]]})).json()
    assert correction["supersedes"] == first["id"]
    assert len((await http.get(f"{API}/export/rankings")).text.splitlines()) == 2


async def test_an_idempotency_key_cannot_be_used_for_something_else(http: httpx.AsyncClient) -> None:
    ballot = await ballot_of(http, (await asked(http))["id"])
    address, headers = f"{API}/ballots/{ballot['id']}/rankings", {"Idempotency-Key": "k1"}
    assert (await http.post(address, json={"groups": [["A", "B", "C"]]}, headers=headers)).status_code == 201
    other = await http.post(address, json={"groups": [["A"], ["B", "C"]]}, headers=headers)
    assert other.status_code == 409


async def test_a_ballot_that_changed_meanwhile_is_refused(http: httpx.AsyncClient) -> None:
    run = await asked(http)
    ballot = await ballot_of(http, run["id"])
    child = await http.post(
        f"{API}/trajectories/{run['trajectories'][0]['id']}/fork",
        json={"step": 0, "call": {"tool": "answer", "model": "answer-3"}},
    )
    assert child.status_code == 201
    assert len((await ended(http, run["id"]))["trajectories"]) == 4
    late = await http.post(f"{API}/ballots/{ballot['id']}/rankings", json={"groups": [["A"], ["B"], ["C"]]})
    assert late.status_code == 409
    assert "reload" in late.json()["detail"]
    assert len((await ballot_of(http, run["id"]))["alternatives"]) == 4


async def test_the_next_ballot_is_one_that_this_person_has_not_ranked(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/ballots/next")).status_code == 204
    run = (await asked(http))["id"]
    ballot = await ballot_of(http, run)
    assert (await http.get(f"{API}/ballots/next")).json()["run"] == run
    await http.post(f"{API}/ballots/{ballot['id']}/rankings", json={"groups": [["A"], ["B"], ["C"]]})
    assert (await http.get(f"{API}/ballots/next")).status_code == 204
    assert (await http.get(f"{API}/ballots/next", params={"annotator": "ada"})).json()["id"] == ballot["id"]


async def test_a_reward_is_computed_for_records_that_the_caller_brings(http: httpx.AsyncClient) -> None:
    run = await asked(http, alternatives=4)
    records = [{key: value for key, value in t.items() if key != "state"} for t in run["trajectories"]]
    answer = await http.post(f"{API}/reward", json={"trajectories": records, "preference": {"accuracy": 1}})
    assert answer.status_code == 200
    for record, reward in zip(records, answer.json()["rewards"], strict=True):
        assert (reward["reward"] == 0) == (record["outcome"]["verdict"] == "unsolved") or reward["if_correct"] == 0


BAD_RUNS: list[tuple[dict[str, Any], str]] = [
    ({"query": ""}, "empty"),
    ({"query": " \n\t"}, "empty"),
    ({"query": "x" * 100_000}, "100,000 characters"),
    ({"preference": {"cost": 1.5}}, "from 0 to 1"),
    ({"preference": {"cost": "NaN"}}, "from 0 to 1"),
    ({"preference": {"tools": {"answer-1": -1}}}, "from 0 to 1"),
    ({"preference": {"tools": {"answer-9": 1}}}, "unknown alias 'answer-9'"),
    ({"limits": {"usd": -1}}, "zero or more"),
    ({"limits": {"turns": 0}}, "from 1 to 1000"),
    ({"alternatives": 0}, "greater than or equal to 1"),
    ({"alternatives": 99}, "less than or equal to 12"),
    ({"seed": -1}, "greater than or equal to 0"),
    ({"policy": "fixed:answer-9"}, "answer-9"),
    ({"policy": "fixed:search-1"}, "answer"),
    ({"policy": "openai:http://10.0.0.1/v1#m"}, "when the server is started"),
    ({"policy": "wat"}, "'wat' is no policy"),
    ({"policy": "openai:http://127.0.0.1:9/v1#m"}, "must be named when the server is started"),
    ({"policy": "transformers:/etc"}, "must be named when the server is started"),
    ({"colour": "red"}, "not permitted"),
]


@pytest.mark.parametrize(("body", "says"), BAD_RUNS)
async def test_a_run_that_makes_no_sense_is_refused_with_a_problem_document(
    http: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    response = await http.post(f"{API}/runs", json={"query": "What is 2 + 2?", **body})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
    assert (await http.get(f"{API}/export/trajectories")).text == ""


BAD_RANKINGS: list[tuple[dict[str, Any], str]] = [
    ({"groups": [["A"], ["B"], ["Z"]]}, "not on the ballot"),
    ({"groups": [["A"], ["A"], ["B"], ["C"]]}, "named twice"),
    ({"groups": [["A"]]}, "missing"),
    ({"groups": [], "unranked": ["A", "B", "C"]}, "nothing is ranked"),
    ({"groups": [["A"], [], ["B", "C"]]}, "cannot be empty"),
    ({"groups": [["A", "B", "C"]], "acceptable": 2}, "between 0 and 1"),
    ({"groups": [["A", "B", "C"]], "reason": "x" * 6000}, "5,000 characters"),
    ({"groups": [["A", "B", "C"]], "ballot": "another"}, "the body names ballot"),
]


@pytest.mark.parametrize(("body", "says"), BAD_RANKINGS)
async def test_a_ranking_that_does_not_fit_the_ballot_is_refused_and_nothing_is_kept(
    http: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    ballot = await ballot_of(http, (await asked(http))["id"])
    response = await http.post(f"{API}/ballots/{ballot['id']}/rankings", json=body)
    assert response.status_code == 422
    assert says in response.json()["detail"]
    assert (await http.get(f"{API}/export/rankings")).text == ""


@pytest.mark.parametrize(
    "address", ["runs/nope", "runs/nope/events", "runs/nope/ballot", "trajectories/nope", "ballots/nope", "export/wat"]
)
async def test_what_is_not_there_is_said_plainly(http: httpx.AsyncClient, address: str) -> None:
    response = await http.get(f"{API}/{address}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "no " in response.json()["detail"]


async def test_another_sites_page_can_change_nothing(http: httpx.AsyncClient) -> None:
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        response = await http.post(f"{API}/runs", json={"query": "hello"}, headers=headers)
        assert response.status_code == 403
    allowed = await http.post(f"{API}/runs", json={"query": "hello"}, headers={"Origin": "http://127.0.0.1"})
    assert allowed.status_code == 201


async def test_a_huge_body_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post(f"{API}/runs", content=b"x" * 3_000_000)
    assert response.status_code == 413


async def test_readiness_names_policy_and_pool(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    parts = dict.fromkeys(("database", "writing", "writer", "membership", "disk", "policy and pool"), "ok")
    told = (await http.get("/readyz")).json()
    assert told == {"status": "ready", "parts": parts, "policy": "random", "pool": "rehearsal"}


async def test_a_process_that_others_count_as_dead_is_not_ready(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Membership, "lost", True)
    told = await http.get("/readyz")
    assert (told.status_code, told.json()["parts"]["writing"]) == (503, "ok")
    assert told.json()["detail"].startswith("membership: other processes count this one as dead")


async def test_a_database_that_another_process_holds_is_said_and_nothing_is_lost(
    http: httpx.AsyncClient, services: Services
) -> None:
    before = await asked(http)
    with closing(sqlite3.connect(services.settings.data_dir / "podium.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        response = await http.post(f"{API}/runs", json={"query": "What is 2 + 2?"})
        other.execute("ROLLBACK")
    assert response.status_code == 503
    assert "locked" in response.json()["detail"]
    assert (await http.get(f"{API}/runs/{before['id']}")).json() == before
    assert (await asked(http))["ended"]


async def test_the_interface_is_described_and_no_page_loads_scripts_from_elsewhere(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()["paths"]
    assert {"/api/v1/runs", "/api/v1/runs/{run_id}/events", "/api/v1/ballots/{ballot_id}/rankings"} <= set(described)
    assert (await http.get("/docs")).status_code == 404


async def test_alternatives_one_after_another_wait_for_every_one_before(settings: Settings) -> None:
    async with open_services(replace(settings, pace=0.3)) as services:
        body = NewRun(query="What is 17% of 2,340?", alternatives=3, policy=ROUTE, one_after_another=True)
        live = await services.ask(body.asking(services))
        first, second, third = live.parts.values()
        await asyncio.sleep(0.1)
        await services.runs.cancel(live.run.id, second.trajectory.id)
        await asyncio.sleep(0.1)
        assert first.at_work is not None
        assert third.at_work is None
        await services.runs.cancel(live.run.id)


async def test_nothing_is_ranked_before_an_interrupted_alternative_has_ended(settings: Settings) -> None:
    async with open_services(replace(settings, pace=5.0)) as services:
        run = (await services.ask(NewRun(query="What is 17% of 2,340?", alternatives=2).asking(services))).run.id
    async with open_services(settings) as services:
        assert len(services.interrupted) == 2
        await services.runs.resume(services.interrupted[0])
        async for _ in services.runs.follow(run, every_s=0.0):
            pass
        assert await services.ballots.of_run(run) is None
        snapshot = await services.runs.cancel(run)
        assert {t.stop_reason for t in snapshot.trajectories} == {StopReason.ANSWERED, StopReason.CANCELLED}
        assert await services.ballots.of_run(run) is not None


async def test_a_name_that_was_rebound_to_this_machine_is_refused(http: httpx.AsyncClient) -> None:
    for headers in ({"Host": "evil.test"}, {"Host": "evil.test:8000", "Origin": "http://evil.test:8000"}):
        assert (await http.get(f"{API}/export/trajectories", headers=headers)).status_code == 421
    assert (await http.get("/healthz", headers={"Host": "localhost:8000"})).status_code == 200
    assert (await http.get("/healthz", headers={"Host": "[::1]:8000"})).status_code == 200


async def test_half_a_character_is_refused_and_nothing_is_kept(http: httpx.AsyncClient) -> None:
    body = b'{"query": "\\ud83d lone"}'
    response = await http.post(f"{API}/runs", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert "half a character" in response.json()["detail"]
    assert (await http.get(f"{API}/export/trajectories")).text == ""
    ballot = await ballot_of(http, (await asked(http))["id"])
    said = b'{"groups": [["A", "B", "C"]], "reason": "\\ud83d"}'
    address = f"{API}/ballots/{ballot['id']}/rankings"
    response = await http.post(address, content=said, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert (await http.get(f"{API}/export/rankings")).text == ""


@pytest.mark.parametrize("origin", ["http://[bad", "null", "nonsense"])
async def test_a_broken_origin_is_refused(http: httpx.AsyncClient, origin: str) -> None:
    assert (await http.post(f"{API}/runs", json={"query": "x"}, headers={"Origin": origin})).status_code == 403


@pytest.mark.parametrize("call", [{"tool": "answer", "model": "zz"}, {"tool": "search", "model": "answer-1"}])
async def test_a_fork_with_an_unknown_alias_is_refused(http: httpx.AsyncClient, call: dict[str, str]) -> None:
    run = await asked(http)
    address = f"{API}/trajectories/{run['trajectories'][0]['id']}/fork"
    response = await http.post(address, json={"step": 0, "call": call})
    assert response.status_code == 422
    assert "unknown alias" in response.json()["detail"]
