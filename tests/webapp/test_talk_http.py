"""Talks over HTTP: recordings that nobody imports, runs of this server, and no prompt in either."""

from pathlib import Path

import httpx
import pytest

from tests.webapp.test_talk import STRONGEST
from webapp.services import Services
from webapp.showcase import BUNDLED, FOLDER, Showcase, Showcases

NAMES = ("mount-kenya", "remainder", "weekday")


# Recordings


@pytest.mark.parametrize("name", NAMES)
async def test_a_bundled_recording_has_four_alternatives_and_the_strongest_route(name: str, services: Services) -> None:
    case = Showcases(services.settings.data_dir).named(name)
    assert len(case.alternatives) == 4
    assert case.baseline is not None
    assert case.baseline.policy == STRONGEST.route
    assert all(trajectory.simulated for trajectory in (*case.alternatives, case.baseline))
    assert len({trajectory.run for trajectory in case.alternatives}) == 1


def test_the_bundled_recordings_are_small() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.glob("*.jsonl")) < 300_000


async def test_recordings_show_with_an_empty_database_and_are_not_imported(
    http: httpx.AsyncClient, services: Services
) -> None:
    listed = (await http.get("/api/v1/talks")).json()
    assert [one["name"] for one in listed["showcases"]] == list(NAMES)
    assert listed["runs"] == []
    talk = (await http.get("/api/v1/showcases/weekday/talk")).json()
    assert [one["verdict"]["verdict"] for one in talk["alternatives"]] == ["solved", "solved", "solved", "unsolved"]
    assert talk["simulated"]
    assert {one["strongest"]["kind"] for one in talk["alternatives"]} == {"recorded"}
    assert services.store.runs() == []


async def test_ones_own_recording_comes_first_and_a_broken_one_says_why(
    http: httpx.AsyncClient, services: Services
) -> None:
    folder = services.settings.data_dir / FOLDER
    folder.mkdir()
    (folder / "mine.jsonl").write_bytes((BUNDLED / "weekday.jsonl").read_bytes())
    (folder / "broken.jsonl").write_text("{not json\n")
    (folder / "empty.jsonl").write_text("")
    (folder / "two.jsonl").write_bytes(
        (BUNDLED / "weekday.jsonl").read_bytes() + (BUNDLED / "remainder.jsonl").read_bytes()
    )
    rows = (await http.get("/api/v1/talks")).json()["showcases"]
    assert [row["name"] for row in rows[:4]] == ["broken", "empty", "mine", "two"]
    assert "line 1" in rows[0]["facts"]
    assert "is empty" in rows[1]["facts"]
    assert "several queries" in rows[3]["facts"]
    assert (await http.get("/api/v1/showcases/mine/talk")).status_code == 200
    refused = await http.get("/api/v1/showcases/broken/talk")
    assert refused.status_code == 422
    assert "line 1" in refused.json()["detail"]


async def test_the_search_finds_recordings_and_runs_by_their_words(http: httpx.AsyncClient, services: Services) -> None:
    case = Showcases(services.settings.data_dir).named("remainder")
    await services.store.add_all(case.alternatives)
    found = (await http.get("/api/v1/talks", params={"search": "REMAINDER divided"})).json()
    assert [one["name"] for one in found["showcases"]] == ["remainder"]
    assert [one["query"] for one in found["runs"]] == [case.query]
    nothing = (await http.get("/api/v1/talks", params={"search": "no such words"})).json()
    assert nothing == {"showcases": [], "runs": []}


async def test_a_showcase_that_is_not_there_says_which_are(http: httpx.AsyncClient) -> None:
    for name in ("nowhere", "..%2F..%2Fsecret"):
        refused = await http.get(f"/api/v1/showcases/{name}/talk")
        assert refused.status_code == 404
    assert "weekday" in (await http.get("/api/v1/showcases/nowhere/talk")).json()["detail"]


# Runs of this server


async def _kept(services: Services, name: str, *, baseline: bool) -> Showcase:
    case = Showcases(services.settings.data_dir).named(name)
    await services.store.add_all(case.alternatives)
    if baseline and case.baseline is not None:
        await services.store.add(case.baseline)
    return case


async def test_a_run_is_shown_in_the_order_of_its_ballot(http: httpx.AsyncClient, services: Services) -> None:
    case = await _kept(services, "weekday", baseline=False)
    run = case.alternatives[0].run
    talk = (await http.get(f"/api/v1/runs/{run}/talk")).json()
    ballot = services.store.ballot_of(str(run))
    assert ballot is not None, "people who rank it afterwards mean the same by A"
    assert [(one["label"], one["id"]) for one in talk["alternatives"]] == [
        (a.label, a.trajectory) for a in ballot.alternatives
    ]


async def test_a_kept_run_of_the_strongest_route_takes_the_place_of_the_estimate(
    http: httpx.AsyncClient, services: Services
) -> None:
    case = await _kept(services, "weekday", baseline=False)
    address = f"/api/v1/runs/{case.alternatives[0].run}/talk"
    before = (await http.get(address)).json()["alternatives"][0]["strongest"]
    assert before["kind"] == "estimate"
    await _kept(services, "weekday", baseline=True)
    after = (await http.get(address)).json()["alternatives"][0]["strongest"]
    assert after["kind"] == "recorded"
    assert after["why"].startswith("recorded: $0.0414")


async def test_a_run_that_is_not_there_is_a_problem_document(http: httpx.AsyncClient) -> None:
    for path in ("talk", "leave-behind"):
        refused = await http.get(f"/api/v1/runs/nowhere/{path}")
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/problem+json"


def test_own_recordings_are_read_anew_when_their_file_changes(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    file = tmp_path / FOLDER / "mine.jsonl"
    lines = (BUNDLED / "weekday.jsonl").read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:2]), "utf-8")
    assert len(Showcases(tmp_path).named("mine").alternatives) == 2
    file.write_text("".join(lines[:4]), "utf-8")
    assert len(Showcases(tmp_path).named("mine").alternatives) == 4


async def test_prompts_and_their_addresses_are_not_in_a_talk(http: httpx.AsyncClient, services: Services) -> None:
    case = await _kept(services, "weekday", baseline=False)
    assert any(call.prompt for call in case.alternatives[0].calls)
    talk = (await http.get(f"/api/v1/runs/{case.alternatives[0].run}/talk")).json()
    calls = [call for one in talk["alternatives"] for step in one["steps"] for call in step["detail"]["calls"]]
    assert calls
    assert all(call["prompt"] is None and call["reply"] is None for call in calls)
