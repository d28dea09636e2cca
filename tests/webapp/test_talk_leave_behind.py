"""The file that listeners take home: redacted, alone, and with nothing in it that could ask for anything."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.alternatives import Run
from tests.webapp.canned import made_step
from tests.webapp.test_talk import NOW, trajectory_of
from tests.webapp.test_talk_redaction import CANARIES
from webapp.app import create_app
from webapp.redaction import REDACTED
from webapp.services import Services, open_services
from webapp.settings import Settings


def embedded(page: str) -> dict[str, Any]:
    """The talk in the file."""
    found = re.search(r'<script type="application/json" id="talk">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


async def test_the_file_says_the_same_as_the_page(http: httpx.AsyncClient) -> None:
    talk = (await http.get("/api/v1/showcases/mount-kenya/talk")).json()
    reply = await http.get("/api/v1/showcases/mount-kenya/leave-behind")
    assert embedded(reply.text) == talk
    assert 'attachment; filename="podium-by-how-many-metres' in reply.headers["content-disposition"]
    assert len(reply.content) < 400_000


async def test_nothing_in_the_file_can_ask_for_anything(http: httpx.AsyncClient) -> None:
    page = (await http.get("/api/v1/showcases/mount-kenya/leave-behind")).text
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "connect-src" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1, "the one script that the policy names"
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy[1]
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []
    assert "@import" not in page
    assert re.findall(r"url\((?!['\"]?(?:data:|#))", page) == []


async def _kept(services: Services, words: str) -> str:
    """A run whose query, thought, observation and answer all say these words."""
    steps = tuple(
        replace(step, thought=f"{words} in a thought", observation=replace(step.observation, text=f"{words} came back"))
        for step in (made_step(0, "search-1"), made_step(1, "answer-1"))
        if step.observation is not None
    )
    run = Run("r1", f"Who is {words}?", NOW)
    await services.store.add(replace(trajectory_of(steps, answer=f"It is {words}."), query=run.query, run=run.id))
    return run.id


async def test_canaries_are_nowhere_in_the_file_and_the_places_are_counted(
    http: httpx.AsyncClient, services: Services
) -> None:
    run = await _kept(services, " and ".join(CANARIES.values()))
    page = (await http.get(f"/api/v1/runs/{run}/leave-behind")).text
    shown = (await http.get(f"/api/v1/runs/{run}/talk")).text
    listed = (await http.get("/api/v1/talks")).text
    for kind, canary in CANARIES.items():
        assert canary not in page, kind
        assert canary not in shown, kind
        assert canary not in listed, kind
    talk = embedded(page)
    assert REDACTED in talk["query"]
    # The query of the run and of its trajectory, two thoughts, two observations, the answer.
    assert talk["redacted"] == 7 * len(CANARIES)
    assert "You are good at using tools" not in page, "prompts stay here"


async def test_a_key_at_the_edge_of_what_is_shortened_is_struck_out_whole(
    http: httpx.AsyncClient, services: Services
) -> None:
    for cut in range(200, 245, 3):
        key = CANARIES["hugging face"]
        run = Run(f"edge-{cut}", f"Edge {cut}?", NOW)
        step = made_step(0, "answer-1")
        assert step.observation is not None
        step = replace(step, observation=replace(step.observation, text="x" * cut + " " + key))
        whole = replace(trajectory_of([step]), id=run.id, query=run.query, run=run.id)
        await services.store.add(whole)
        page = (await http.get(f"/api/v1/runs/{run.id}/leave-behind")).text
        assert key[:8] not in page


async def test_markup_in_a_run_stays_text(http: httpx.AsyncClient, services: Services) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--"
    page = (await http.get(f"/api/v1/runs/{await _kept(services, evil)}/leave-behind")).text
    assert page.count("<script") == 2
    assert "<img" not in page
    assert evil in embedded(page)["query"]
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title is not None
    assert "<" not in title[1]


async def test_half_a_surrogate_pair_does_not_break_the_file(http: httpx.AsyncClient, services: Services) -> None:
    step = made_step(0, "answer-1", thought="half \ud83d a smile")
    await services.store.add(replace(trajectory_of([step]), run="r1"))
    assert (await http.get("/api/v1/runs/r1/leave-behind")).status_code == 200
    assert (await http.get("/api/v1/runs/r1/talk")).status_code == 200


async def test_patterns_of_ones_own_are_used(tmp_path: Path) -> None:
    patterns = tmp_path / "patterns.txt"
    patterns.write_text("Kinabalu\n", "utf-8")
    settings = Settings(data_dir=tmp_path / "data", pace=0.0, policy="random", redact=patterns)
    async with open_services(settings) as services:
        transport = httpx.ASGITransport(create_app(services, page=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            page = (await client.get("/api/v1/showcases/mount-kenya/leave-behind")).text
    assert "Kinabalu" not in page
    assert embedded(page)["redacted"] > 4


async def test_a_pattern_that_strikes_out_every_number_leaves_a_talk_that_can_be_shown(tmp_path: Path) -> None:
    patterns = tmp_path / "patterns.txt"
    patterns.write_text("\\d+\n", "utf-8")
    settings = Settings(data_dir=tmp_path / "data", pace=0.0, policy="random", redact=patterns)
    async with open_services(settings) as services:
        run = await _kept(services, "Room 4711")
        transport = httpx.ASGITransport(create_app(services, page=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            whole = (await client.get(f"/api/v1/runs/{run}/leave-behind")).text
            page = (await client.get("/api/v1/showcases/mount-kenya/leave-behind")).text
    assert "4711" not in whole
    [only] = embedded(whole)["alternatives"]
    assert (only["id"], only["answer"]) == ("t1", f"It is Room {REDACTED}.")
    assert {one["strongest"]["kind"] for one in embedded(page)["alternatives"]} == {"recorded"}


async def test_a_bad_pattern_keeps_the_app_from_starting(tmp_path: Path) -> None:
    patterns = tmp_path / "patterns.txt"
    patterns.write_text("(", "utf-8")
    settings = Settings(data_dir=tmp_path / "data", pace=0.0, policy="random", redact=patterns)
    with pytest.raises(ValueError, match="line 1"):
        async with open_services(settings) as services:
            create_app(services, page=False)


def test_the_environment_names_the_patterns() -> None:
    assert Settings.from_environment({"PODIUM_REDACT": "/x/patterns.txt"}).redact == Path("/x/patterns.txt")
    assert Settings.from_environment({}).redact is None
