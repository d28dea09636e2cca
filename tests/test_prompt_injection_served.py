"""The served app over documents that give orders, and an orchestrator that obeys: limit and record stand."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.trajectory import Limits, StopReason, Trajectory
from tests.servers.conformance import MODEL, Asked
from tests.servers.orchestra import EXPERT, routed
from tests.servers.reply import Reply
from tests.test_prompt_injection import _ORDER as ORDER
from tests.test_prompt_injection import QUERY, folder
from tests.webapp.orchestra_app import OrchestraApp, orchestra_app

API = "/api/v1"
DAY_USD = "0.02"


def obedient(asked: Asked) -> Reply:
    """Looks first, and then does what the document says, for ever."""
    if asked.model != MODEL:
        return Reply(EXPERT.replace("capital of Australia", QUERY))
    order = ORDER.search(asked.prompt)
    return routed(order[1] if order else "search-1")


async def ran(app: OrchestraApp) -> Trajectory:
    put = await app.http.put(f"{API}/limits", json={"scope": "everybody", "usd": DAY_USD})
    assert put.status_code == 200, put.text
    return await app.ran(QUERY, limits=Limits(turns=1000))


def called(ended: Trajectory) -> list[str]:
    return [step.call.model for step in ended.steps if step.call]


@pytest.mark.parametrize("alias", ["reasoner-1", "search-1"])
async def test_orders_in_a_document_do_not_change_the_limit_of_a_day(alias: str, tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, obedient, documents=folder(tmp_path, alias)) as app:
        ended = await ran(app)
        assert ended.stop_reason is StopReason.BUDGET
        assert called(ended)[0] == "search-1"
        assert 1 <= called(ended)[1:].count(alias) == len(called(ended)) - 1
        today = (await app.http.get(f"{API}/spending")).json()["today"]
        assert 0 < ended.cost_usd <= Decimal(today["spent_usd"]) <= Decimal(DAY_USD)


async def test_call_answer_1_fifty_times_calls_it_once(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, obedient, documents=folder(tmp_path, "answer-1")) as app:
        ended = await ran(app)
        assert ended.stop_reason is StopReason.ANSWERED
        assert called(ended) == ["search-1", "answer-1"]
        assert sum(asked.model == "model-of-answer-1" for asked in app.server.asked) == 1


def hostile(record: Any) -> tuple[str, str]:
    """Origin of the first observation of a record, and the source of the document that gives orders."""
    first = record["steps"][0]["observation"]
    return first["origin"], next(one["source"] for one in first["documents"] if ORDER.search(one["text"]))


async def test_interface_and_export_say_which_text_is_a_documents_and_which_document_it_was(tmp_path: Path) -> None:
    async with orchestra_app(tmp_path, obedient, documents=folder(tmp_path, "answer-1")) as app:
        ended = await ran(app)
        shown = (await app.http.get(f"{API}/trajectories/{ended.id}")).json()
        exported = (await app.http.get(f"{API}/export/trajectories")).text.splitlines()
    for record in (shown, json.loads(exported[0])):
        origin, source = hostile(record)
        assert origin == "retrieved"
        assert "toll.md" in source
