"""What damaged inputs once broke, each on its own."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from orchestrator.documents.html import read_html
from orchestrator.documents.jsonl import read_jsonl
from orchestrator.documents.passage import Unreadable
from orchestrator.model_call import utc
from prefs.ballot import Alternative, Draw, ballot
from prefs.ranking import Ranking
from prefs.training_files.hle_trace import read_trace
from prefs.training_files.reading import BadRow, json_object
from storage.ranked import load_ranked, ranked_json
from storage.records import RecordError, load_trajectory, trajectory_json
from tests.examples import NOON, model_call
from tests.fuzz.traces import TRACE
from tests.kept import ended, going
from webapp.app import create_app
from webapp.guard import MOST_BODY_BYTES
from webapp.services import Services, open_services
from webapp.settings import Settings

SHOWN = ballot("b1", ["t1", "t2"], query="q", run=None, seed=1, made_at=NOON)


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), datetime.max.replace(tzinfo=timezone.min)]
)
def test_a_moment_that_utc_does_not_have_is_refused_in_words(moment: datetime) -> None:
    with pytest.raises(ValueError, match="before the year 1 or after 9999"):
        utc(moment)
    record = trajectory_json(ended(going(), 1)) | {"started_at": moment.isoformat()}
    with pytest.raises(RecordError, match=r"started_at|before the year 1"):
        load_trajectory(record)


def test_seconds_whose_sum_is_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="latency_s must be from 0 to 1e"):
        model_call(latency_s=1e308)
    assert model_call(latency_s=1e9).started_at.tzinfo is UTC


@pytest.mark.parametrize("score", ["NaN", "Infinity", "1" + "0" * 400])
def test_a_number_written_as_text_that_is_none_is_refused(score: str) -> None:
    record = trajectory_json(ended(going(), 1))
    document = {"id": "d", "title": "t", "text": "x", "source": "s", "score": score}
    record["steps"][0]["observation"] = {"text": "x", "origin": "retrieved", "documents": [document]}
    with pytest.raises(RecordError, match="finite number"):
        load_trajectory(record)
    with pytest.raises(ValueError, match="queued_s must be"):
        model_call(queued_s=float(score))
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        Draw("random", 1.0, float(score))


def test_a_ballot_with_half_a_character_or_one_label_twice_is_refused_in_words() -> None:
    record = ranked_json(Ranking("k1", "b1", (("A", "B"),), NOON), SHOWN)
    for label in ("\ud83d", "B"):
        first, second = record["shown"]["alternatives"]
        shown = record["shown"] | {"alternatives": [first | {"label": label}, second]}
        with pytest.raises(RecordError, match=r"half a character|on the ballot once"):
            load_ranked(record | {"shown": shown})
    with pytest.raises(ValueError, match="on the ballot once"):
        replace(SHOWN, alternatives=(Alternative("A", "t1"), Alternative("A", "t2")))


@pytest.mark.parametrize("calls", ["٣", [[], "x", None], {"a": 1}])
def test_a_trace_whose_tool_calls_are_none_is_refused_in_words(calls: object) -> None:
    responses = {"turn_0_response": [{"tool": "search"}]}
    said = {"turn_0_message": {"tool_calls": calls}}
    with pytest.raises(BadRow, match=r"cannot be read|no alias of search is named"):
        read_trace(json.dumps(TRACE | {"all_tool_responses": responses, "all_message_responses": said}), NOON)


def test_a_trace_whose_search_results_are_no_texts_is_refused_in_words() -> None:
    responses = {"turn_0_response": [{"tool": "search", "model": "search-1", "search_results_data": ["a", ["b"]]}]}
    with pytest.raises(BadRow, match="`search_results_data` cannot be read"):
        read_trace(json.dumps(TRACE | {"all_tool_responses": responses}), NOON)


def test_a_document_with_half_a_character_can_be_searched(tmp_path: Path) -> None:
    line = '{"id": 0, "title": "Toll \\ud83d", "text": "The toll of Ambrel \\udc00 is 41 marks.", "source": "\\ud83d"}'
    (found,) = read_jsonl([line], "tolls.jsonl")
    assert (found.id, found.title, found.source) == ("0", "Toll ?", "?")
    assert json_object(line)["title"] == "Toll \ud83d"


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 200_000 + "text",
        "<div " + " ".join(f"a{number}=1" for number in range(100_000)) + ">text",
        "".join(f"<font size={number}>" for number in range(5_000)) + "<p>text" * 5_000,
    ],
    ids=["nested", "crowded", "reopened"],
)
def test_a_page_that_would_take_minutes_is_passed_over_at_once(page: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable, match="save it as text"):
        read_html(page, "page.html")
    assert time.process_time() - began < 5


def test_a_page_as_people_wrote_them_in_1998_is_read() -> None:
    page = "<a name=x>" * 500 + "<font color=red>" * 30 + "<p>The toll is <b>41" * 2_000 + "<li>one" * 5_000
    assert read_html(page, "page.html").sections


def test_a_tag_with_runs_of_spaces_is_looked_through_in_one_way() -> None:
    page = "<p" + (" " * 40 + "x") * 2_000 + "<"  # Looked through in every way, it would take for ever.
    began = time.process_time()
    assert read_html(page, "page.html").sections == ()
    assert time.process_time() - began < 5


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with open_services(Settings(data_dir=tmp_path, pace=0.0, policy="random")) as opened:
        yield opened


async def test_a_body_in_chunks_that_is_too_long_is_answered_with_413(services: Services) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"query": "'
        for _ in range(MOST_BODY_BYTES // 100_000 + 1):
            yield b"x" * 100_000

    transport = httpx.ASGITransport(create_app(services, page=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.post("/api/v1/runs", content=chunks(), headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert "2,000,000 bytes" in answer.json()["detail"]
        assert answer.headers["content-security-policy"]
        assert (await http.get("/healthz")).status_code == 200
