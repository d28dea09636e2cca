"""What the trace tells of one call: tokens, waiting, failed attempts, fallbacks, texts; and of who judged."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestrator.kept_text import KeptText
from orchestrator.model_call import Attempt, CallRole, ModelCall, Usage
from orchestrator.trajectory import Document, Observation, Origin, Outcome, Step, StopReason, Verdict
from prefs.ballot import ballot
from storage.trajectories import State
from tests.examples import NOON, call, model_call, trajectory
from tests.webapp.fake_desk import fake_pool
from webapp.views.calls import call_row, call_rows
from webapp.views.comparison import comparison_view
from webapp.views.steps import step_row
from webapp.views.trace import answer_view, trace_view

POOL = fake_pool()


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (None, None),
        (Usage(), None),
        (Usage(2431, 86), "2,431 in, 86 out"),
        (Usage(2431, 86, 1920, 40), "2,431 in (1,920 from cache), 86 out (40 of them thinking)"),
        (Usage(2431, None, 0), "2,431 in"),
        (Usage(None, 0), "0 out"),
    ],
)
def test_tokens_tell_their_parts_and_nothing_that_is_unknown(usage: Usage | None, shown: str | None) -> None:
    assert call_row(model_call(usage=usage))["tokens"] == shown


@pytest.mark.parametrize(
    ("queued_s", "shown"), [(None, []), (0.0, []), (0.05, []), (0.4, ["waited 0.4 s for a free place"])]
)
def test_waiting_is_told_where_it_was_felt(queued_s: float | None, shown: list[str]) -> None:
    assert call_row(model_call(queued_s=queued_s))["notes"] == shown


def test_whoever_counted_the_tokens_is_named() -> None:
    row = call_row(model_call(tokens_by="an estimate", in_flight=3))
    assert row["notes"] == ["prompt counted beforehand by an estimate", "3 in flight at its endpoint"]


def test_each_failed_attempt_has_its_reason_seconds_and_dollars() -> None:
    tries = (
        Attempt(datetime.now(UTC), 0.3, "429 Too Many Requests", Decimal("0.00012")),
        Attempt(datetime.now(UTC), 2.0, "reset"),
    )
    assert call_row(model_call(attempts=tries))["attempts"] == [
        {"error": "429 Too Many Requests", "seconds": "0.3 s", "cost": "$0.00012"},
        {"error": "reset", "seconds": "2.0 s", "cost": "dollars unknown"},
    ]


def test_a_short_text_travels_and_a_long_one_is_named_by_its_address() -> None:
    address = KeptText.of("x" * 1000).address
    row = call_row(model_call(prompt=address, reply="{}"))
    assert (row["prompt"], row["reply"]) == ({"address": address}, {"text": "{}"})
    assert call_row(model_call())["prompt"] is None


def failed(model: str | None, role: CallRole = CallRole.EXPERT) -> ModelCall:
    return model_call(model=model, role=role, error="the circuit is open")


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ([failed("gpt-5")], "in place of gpt-5, which failed"),
        ([failed("gpt-5"), model_call(model="qwen3-32b")], "in place of gpt-5, which failed"),
        ([failed("llama")], None),
        ([model_call(model="gpt-5")], None),
        ([failed("gpt-5", CallRole.QUERY_WRITER)], None),
        ([failed(None)], None),
    ],
)
def test_a_call_in_place_of_a_failed_one_says_so(before: list[ModelCall], says: str | None) -> None:
    assert call_rows([*before, model_call(model="llama")])[-1]["fallback"] == says


def test_documents_from_the_web_name_their_host() -> None:
    documents = (
        Document("d1", "A", "text", "https://example.org:8443/a?b", web=True),
        Document("d2", "B", "text", "http://[broken", web=True),
        Document("d3", "C", "text", "https://example.org/mirrored.html"),
    )
    step = Step(0, "", call("search-1"), Observation("found", Origin.RETRIEVED, documents), ())
    shown = step_row(step, POOL)["detail"]["documents"]
    assert [(one["web"], one["host"]) for one in shown] == [(True, "example.org"), (True, None), (False, None)]


JUDGED = Outcome(
    Verdict.SOLVED, "gpt-5-mini", "the same number", model_call("0.0004", 0.9, role=CallRole.JUDGE, alias=None)
)


def test_a_judge_is_named_with_reasons_and_its_cost_is_apart_from_the_route() -> None:
    step = Step(0, "", call("answer-1"), Observation("14.28", Origin.MODEL), (model_call("0.0131"),))
    judged = trajectory(steps=(step,), stop_reason=StopReason.ANSWERED, answer="14.28", outcome=JUDGED)
    view = answer_view(judged)
    assert (view["by"], view["reason"]) == ("judged by gpt-5-mini", "the same number")
    assert view["judging"]["words"].startswith("Judging took 0.9 s and cost $0.00040.")
    assert view["judging"]["call"]["role"] == "judge"
    assert judged.cost_usd == Decimal("0.0131")


def test_a_verdict_by_the_reference_has_no_judging() -> None:
    view = answer_view(trajectory(answer="1", outcome=Outcome(Verdict.SOLVED, "reference", "the same")))
    assert (view["by"], view["judging"]) == ("by the reference answer", None)
    assert answer_view(trajectory(answer="1"))["by"] is None


@pytest.mark.parametrize("hidden", ["preference", "cost", "latency", "identity"])
def test_a_blind_ballot_shows_no_prompt_since_it_tells_of_the_preference(hidden: str) -> None:
    sent = model_call(role=CallRole.ORCHESTRATOR, prompt="the orchestrator was told", reply=KeptText.of("x").address)
    step = Step(0, "", call("answer-1"), Observation("1", Origin.MODEL), (sent,))
    by_id = {f"t{n}": trajectory(id=f"t{n}", steps=(step,), answer="1") for n in (1, 2)}
    shown = ballot("b", list(by_id), query="?", run="r", seed=1, made_at=NOON, hidden=(hidden,))
    blind, open_ = (json.dumps(comparison_view(shown, by_id, POOL, ranked=ranked)) for ranked in (False, True))
    assert "was told" not in blind
    assert "sha256" not in blind
    assert "was told" in open_


def test_a_blind_ballot_hides_the_judging_until_it_is_ranked() -> None:
    by_id = {f"t{n}": trajectory(id=f"t{n}", answer="1", outcome=JUDGED) for n in (1, 2)}
    shown = ballot("b", list(by_id), query="?", run="r", seed=1, made_at=NOON, hidden=("cost",))
    blind, open_ = (comparison_view(shown, by_id, POOL, ranked=ranked)["columns"][0] for ranked in (False, True))
    assert blind["answer"]["judging"] is None
    assert open_["answer"]["judging"] is not None


def test_an_answer_that_is_still_being_judged_is_no_further_turn() -> None:
    answer = Step(0, "", call("answer-1"), Observation("1", Origin.MODEL), ())
    search = Step(0, "", call("search-1"), Observation("1", Origin.RETRIEVED), ())
    assert trace_view(trajectory(steps=(answer,)), POOL, state=State.RUNNING)["live"]["answered"] is True
    for steps in ((), (search,), (replace(answer, observation=None, error="no reply"),)):
        assert trace_view(trajectory(steps=steps), POOL, state=State.RUNNING)["live"]["answered"] is False
