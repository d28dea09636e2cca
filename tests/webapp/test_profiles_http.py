"""Profiles by name: over HTTP, in runs, and on the command line."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from webapp.cli import main
from webapp.services import Services

API = "/api/v1"
OURS = {"accuracy": 1.0, "cost": 0.9, "latency": 0.1, "tools": {"answer-1": 0.5}}


async def test_each_save_is_a_version_and_the_same_again_is_none(http: httpx.AsyncClient) -> None:
    first = await http.post(f"{API}/profiles", json={"name": "Ours", "preference": OURS, "why": "cheap"})
    assert first.status_code == 201
    again = (await http.post(f"{API}/profiles", json={"name": "Ours", "preference": OURS, "why": "cheap"})).json()
    assert again == first.json()
    other = (await http.post(f"{API}/profiles", json={"name": "Ours", "preference": {**OURS, "cost": 0.8}})).json()
    assert other["version"] == 2
    whole = (await http.get(f"{API}/profiles/Ours")).json()
    assert [one["version"] for one in whole["versions"]] == [2, 1]
    assert whole["versions"][1]["why"] == "cheap"
    assert [one["name"] for one in (await http.get(f"{API}/profiles")).json()["profiles"]] == ["Ours"]


async def test_a_deleted_profile_comes_back_with_all_its_versions(http: httpx.AsyncClient) -> None:
    for cost in (0.1, 0.2):
        await http.post(f"{API}/profiles", json={"name": "EU / fast", "preference": {**OURS, "cost": cost}})
    assert (await http.delete(f"{API}/profiles/EU%20%2F%20fast")).json()["versions"] == 2
    assert (await http.get(f"{API}/profiles/EU%20%2F%20fast")).status_code == 404
    assert (await http.post(f"{API}/profiles/restored", json={"name": "EU / fast"})).json()["version"] == 2
    assert len((await http.get(f"{API}/profiles/EU%20%2F%20fast")).json()["versions"]) == 2
    assert (await http.post(f"{API}/profiles/restored", json={"name": "nobody"})).status_code == 404


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(min_size=1, max_size=30).filter(lambda text: text.strip() and text.isprintable()),
    why=st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    cost=st.floats(0, 1),
    form=st.sampled_from(["json", "yaml"]),
)
async def test_what_is_exported_is_imported_as_it_was(
    http: httpx.AsyncClient, name: str, why: str, cost: float, form: str
) -> None:
    wished = {"name": name, "preference": {**OURS, "cost": cost}, "why": why}
    saved = (await http.post(f"{API}/profiles", json=wished)).json()
    listed = (await http.get(f"{API}/profiles")).json()["profiles"]
    assert saved in listed
    from urllib.parse import quote  # noqa: PLC0415

    file = await http.get(f"{API}/profiles/{quote(saved['name'], safe='')}", params={"format": form})
    assert f".{form}" in file.headers["content-disposition"]
    brought = (await http.post(f"{API}/profiles", json={"text": file.text})).json()
    assert brought == saved, "the same weights and reason are no new version"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": " ", "preference": OURS}, "needs a name"),
        ({"name": "Frugal", "preference": OURS}, "is a preset"),
        ({"name": "x" * 101, "preference": OURS}, "at most 100"),
        ({"name": "x"}, "a name and a preference"),
        ({"name": "x", "preference": {"cost": 3}}, "from 0 to 1"),
        ({"name": "..", "preference": OURS}, "cannot be named '..'"),
        ({"text": "format: 1\nname: 'x'"}, "line"),
        ({"text": "{}", "preference": OURS}, "either"),
    ],
)
async def test_a_profile_that_cannot_be_is_refused_in_words(
    http: httpx.AsyncClient, body: dict[str, object], says: str
) -> None:
    reply = await http.post(f"{API}/profiles", json=body)
    assert reply.status_code == 422
    assert says in reply.json()["detail"]


async def test_a_run_takes_a_profile_or_a_preset_by_name(http: httpx.AsyncClient) -> None:
    await http.post(f"{API}/profiles", json={"name": "Ours", "preference": OURS})
    await http.post(f"{API}/profiles", json={"name": "Ours", "preference": {**OURS, "cost": 0.2}})
    for wish, cost in (
        ({"profile": "Ours"}, 0.2),
        ({"profile": "Ours@1"}, 0.9),
        ({"preference": "Ours"}, 0.2),
        ({"preference": "Frugal"}, 1.0),
    ):
        run = (await http.post(f"{API}/runs", json={"query": "What is 17% of 2,340?", **wish})).json()
        assert run["trajectories"][0]["preference"]["cost"] == cost
    refused = await http.post(f"{API}/runs", json={"query": "q", "profile": "Theirs"})
    assert refused.status_code == 422
    assert "there are Ours" in refused.json()["detail"]


async def test_the_command_line_takes_a_profile_by_name(
    services: Services, http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    await http.post(f"{API}/profiles", json={"name": "Ours", "preference": OURS})
    from bench.stored import fill  # noqa: PLC0415

    await fill(services.store, 5)
    db = services.settings.database
    assert main(["tune", "--profile", "Ours", "--against", "Ours@1", "--json", "--db", db]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["preference"] == OURS
    assert found["against"]["changed"] == []
    assert main(["tune", "--profile", "Ours", "--cost", "0.3", "--json", "--db", db]) == 0
    assert json.loads(capsys.readouterr().out)["preference"] == {**OURS, "cost": 0.3}
    assert main(["tune", "--profile", "eval-hle", "--db", db]) == 2
    assert "--prompt-profile" in capsys.readouterr().err
    assert main(["tune", "--against", "Nobody", "--db", db]) == 2
    assert "choose one of: Balanced" in capsys.readouterr().err


def test_asking_and_evaluating_take_a_profile_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio  # noqa: PLC0415

    from storage.profiles import Profiles, Wish  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415
    from tests.examples import NOON  # noqa: PLC0415

    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"

    async def kept() -> None:
        async with Store.open(url) as store:
            await Profiles(store).save(Wish("Ours", PreferenceVector(1, 0.9, 0.1)), NOON)

    asyncio.run(kept())
    assert main(["ask", "What is 17% of 2,340?", "--profile", "Ours", "--policy", "random", "--json"]) == 0
    record = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (record["preference"]["cost"], record["preference"]["latency"]) == (0.9, 0.1)
    wanted = ["--policy", "random", "--limit", "1", "--preference", "Ours", "--json"]
    assert main(["evaluate", *wanted]) == 0
    assert json.loads(capsys.readouterr().out)["policies"][0]["preference"] == "Ours"
