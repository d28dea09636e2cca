"""ToolOrchestra's own traces become trajectories, and say what they do not know."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.model_call import CallRole
from orchestrator.trajectory import Origin, StopReason, Verdict
from prefs.features import features
from prefs.training_files.hle_trace import DECLARED_S, MODELS, read_trace, read_traces
from prefs.training_files.reading import BadRow

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def message(tool: str, alias: str, thought: str = "") -> dict[str, Any]:
    return {
        "content": f"<think>\n{thought}\n</think>\n\n",
        "tool_calls": [{"tool_name": tool, "tool_arguments": {"model": alias}}],
    }


def trace(**changes: Any) -> dict[str, Any]:
    """Search, a turn without a valid call, code, answer."""
    return {
        "id": "66e8",
        "problem": "How long is a year on Mercury?",
        "all_tool_calls": [[[{"name": "search", "arguments": {"model": "search-2"}}]], ["350 invalid tool calls"]],
        "all_tool_responses": {
            "turn_0_response": [
                {
                    "tool": "search",
                    "model": "gpt-5-mini",
                    "query": "Mercury year",
                    "search_results_data": ["88 days.", "225"],
                }
            ],
            "turn_2_response": [
                {"tool": "enhance_reasoning", "model": "gpt-5", "generated_code": "print(88)", "exec_result": "88\n"}
            ],
            "turn_3_response": [
                {
                    "tool": "answer",
                    "model": "gpt-5",
                    "response": "<answer>88 days</answer>",
                    "pred": "88 days",
                    "correctness": True,
                }
            ],
        },
        "all_message_responses": {
            "turn_0_message": message("search", "search-2", "I look it up."),
            "turn_2_message": message("enhance_reasoning", "reasoner-1"),
            "turn_3_message": message("answer", "answer-1", "Enough."),
        },
        "answer": "88 days",
        "correct": True,
    } | changes


def read(**changes: Any):
    return read_trace(json.dumps(trace(**changes)), NOW)


def test_a_trace_becomes_a_trajectory():
    one = read()
    assert (one.id, one.query, one.reference) == ("hle-66e8", "How long is a year on Mercury?", "88 days")
    assert [None if step.call is None else step.call.model for step in one.steps] == [
        "search-2",
        None,
        "reasoner-1",
        "answer-1",
    ]
    assert one.steps[0].thought == "I look it up."
    assert [document.text for document in one.steps[0].observation.documents] == ["88 days.", "225"]
    assert one.steps[0].observation.search_query == "Mercury year"
    assert one.steps[2].observation.code_run.stdout == "88\n"
    assert (one.answer, one.stop_reason) == ("88 days", StopReason.ANSWERED)
    assert one.outcome.verdict is Verdict.SOLVED


def test_a_turn_that_the_trace_left_out_is_an_invalid_step():
    step = read().steps[1]
    assert step.call is None
    assert "no valid call" in step.error
    assert [call.role for call in step.calls] == [CallRole.ORCHESTRATOR]


def test_dollars_of_a_trace_are_unknown_and_seconds_are_declared():
    one = read()
    assert one.unpriced_calls == len(one.calls) == 7
    assert one.cost_usd == Decimal(0)
    assert features(one).cost_usd is None
    assert one.simulated
    assert one.latency_s == DECLARED_S["search-2"] + DECLARED_S["reasoner-1"] + DECLARED_S["answer-1"]
    assert all(call.usage is None for call in one.calls)


def test_an_alias_is_found_by_its_model_where_no_message_names_it():
    one = read(all_message_responses={})
    assert [step.call.model for step in one.steps if step.call] == ["search-2", "reasoner-1", "answer-1"]
    assert set(MODELS) == set(DECLARED_S)


def test_forks_of_the_evaluation_are_read_too():
    record = trace()
    record["all_message_response"] = record.pop("all_message_responses")
    assert read_trace(json.dumps(record), NOW).steps[3].thought == "Enough."


def test_a_trace_without_an_answer_ran_out_of_turns():
    record = trace(correct=False)
    del record["all_tool_responses"]["turn_3_response"], record["all_message_responses"]["turn_3_message"]
    one = read_trace(json.dumps(record), NOW)
    assert (one.answer, one.stop_reason, len(one.steps)) == (None, StopReason.TURNS, 3)
    assert one.outcome.verdict is Verdict.UNSOLVED
    assert read(correct=None).outcome.verdict is Verdict.UNGRADED


def test_an_empty_search_found_nothing():
    record = trace()
    record["all_tool_responses"]["turn_0_response"][0]["search_results_data"] = []
    assert read_trace(json.dumps(record), NOW).steps[0].observation.origin is Origin.NONE


def test_lines_are_read_one_by_one_and_errors_name_theirs():
    good = json.dumps(trace())
    read = read_traces([good, "", good, "{"], NOW)
    assert next(read).id == next(read).id == "hle-66e8"
    with pytest.raises(BadRow, match=r"line 4: not valid JSON at line 1, column 2"):
        next(read)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": None}, "`id` must be"),
        ({"problem": 3}, "`problem` cannot be read: a text is wanted, not 3"),
        ({"all_tool_responses": {"first": []}}, "'first' is no turn"),
        ({"all_tool_responses": {"turn_0_response": [7]}}, "turn 0 cannot be read"),
        (
            {"all_tool_responses": {"turn_0_response": [{"tool": "phone", "model": "gpt-5"}]}},
            "there is no tool 'phone'",
        ),
        (
            {
                "all_tool_responses": {"turn_0_response": [{"tool": "answer", "model": "gpt-9"}]},
                "all_message_responses": {},
            },
            "turn 0: no alias of answer is named",
        ),
        ({"all_message_responses": []}, None),
        ({"all_message_responses": 5}, "`all_message_responses` cannot be read"),
    ],
)
def test_a_damaged_trace_is_refused_with_the_reason(changes: dict[str, Any], problem: str | None):
    if problem is None:
        assert read(**changes).steps
        return
    with pytest.raises(BadRow, match=problem.replace("(", r"\(")):
        read(**changes)


def test_results_of_frames_are_told_apart():
    with pytest.raises(BadRow, match="FRAMES"):
        read_trace('{"all_tool_calls": [], "correct": true}', NOW)
