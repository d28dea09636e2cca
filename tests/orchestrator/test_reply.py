import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pool import TOOL_OF
from orchestrator.reply import decide, storable, text_and_thinking
from orchestrator.trajectory import ToolCall

OFFERED = ("search-1", "reasoner-1", "answer-1", "answer-math-1")
SEARCH = ToolCall("search", "search-1")
ANSWER = ToolCall("answer", "answer-1")


def structured(tool: Any, arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": tool, "arguments": arguments}}


def written(tool: str, alias: str) -> str:
    return f"<tool_call>\n{json.dumps({'name': tool, 'arguments': {'model': alias}})}\n</tool_call>"


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ({"tool_calls": [structured("search", '{"model": "search-1"}')]}, SEARCH),
        ({"tool_calls": [structured("search", {"model": "search-1"})]}, SEARCH),
        ({"tool_calls": None, "content": f"<think>\nhm\n</think>\n\n{written('search', 'search-1')}"}, SEARCH),
        ({"content": written("answer", "answer-1")}, ANSWER),
        ({"content": '{"name": "answer", "arguments": {"model": "answer-1"}}'}, ANSWER),
        ({"content": [{"type": "text", "text": written("answer", "answer-1")}]}, ANSWER),
        ({"content": f"<tool_call>oops</tool_call>{written('answer', 'answer-1')}"}, ANSWER),
        ({"tool_calls": [structured("nope", "{}"), structured("answer", '{"model":"answer-1"}')]}, ANSWER),
        (
            {
                "tool_calls": [
                    structured("search", '{"model":"search-1"}'),
                    structured("answer", '{"model":"answer-1"}'),
                ]
            },
            SEARCH,
        ),
        ({"tool_calls": [structured("nope", "{}")], "content": written("search", "search-1")}, SEARCH),
        ({"tool_calls": "nonsense", "content": written("search", "search-1")}, SEARCH),
    ],
)
def test_the_first_valid_call_is_taken(message: dict[str, Any], call: ToolCall) -> None:
    decision = decide(message, OFFERED)
    assert decision.call == call
    assert decision.problem is None


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, "the reply is empty"),
        ({"content": None, "tool_calls": []}, "the reply is empty"),
        ({"content": "I would search."}, "holds no tool call: I would search."),
        ({"content": "<think>hm"}, "holds thinking but no tool call"),
        ({"tool_calls": [structured("browse", "{}")]}, "there is no tool 'browse'"),
        ({"tool_calls": [structured("search", "{")]}, "arguments of search are not JSON"),
        ({"tool_calls": [structured("search", None)]}, "does not say which model"),
        ({"tool_calls": [structured("search", "{}")]}, "does not say which model"),
        ({"tool_calls": [structured("search", {"model": 3})]}, "does not say which model"),
        ({"tool_calls": [structured("search", {"model": "search-9"})]}, "there is no alias 'search-9'"),
        ({"tool_calls": [structured("search", {"model": "answer-1"})]}, "answer-1 serves answer, not search"),
        ({"tool_calls": [structured("search", {"model": "search-2"})]}, "search-2 is not on offer now"),
        ({"tool_calls": [7]}, "not an object"),
        ({"content": "<tool_call>{oops}</tool_call>"}, "the call is not JSON"),
        ({"content": '<tool_call>{"name": "sear'}, "the call is cut off"),
    ],
)
def test_a_reply_without_a_valid_call_is_a_problem_in_words(message: dict[str, Any], said: str) -> None:
    decision = decide(message, OFFERED)
    assert decision.call is None
    assert decision.problem is not None
    assert said in decision.problem


@pytest.mark.parametrize(
    ("message", "text", "thinking"),
    [
        ({"content": "<think>\na b\n</think>\n\nhello"}, "hello", "a b"),
        ({"content": "a b</think>hello"}, "hello", "a b"),
        ({"content": "hello", "reasoning": "a b"}, "hello", "a b"),
        ({"content": "hello", "reasoning_content": "a b", "reasoning": "a b"}, "hello", "a b"),
        ({"content": "before <think>cut off"}, "before", "cut off"),
        ({"content": None, "reasoning": None}, "", ""),
        ({"content": "half \ud800 and \0"}, "half ? and ?", ""),
    ],
)
def test_thinking_is_told_from_text(message: dict[str, Any], text: str, thinking: str) -> None:
    assert text_and_thinking(message) == (text, thinking)


def test_the_thought_is_the_thinking_or_the_words_before_the_call() -> None:
    assert decide({"content": f"I look it up. {written('search', 'search-1')}"}, OFFERED).thought == "I look it up."
    assert decide({"reasoning": "hm", "content": written("search", "search-1")}, OFFERED).thought == "hm"


def test_deeply_nested_json_is_a_problem_and_no_crash() -> None:
    bomb = "[" * 100_000
    assert decide({"content": f"<tool_call>{bomb}</tool_call>"}, OFFERED).problem
    assert decide({"tool_calls": [structured("search", bomb)]}, OFFERED).problem


@pytest.mark.parametrize("depth", [100, 960, 980, 2_000])
def test_a_call_whose_name_is_nested_too_deeply_to_be_quoted_is_a_problem_and_no_crash(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    assert decide({"tool_calls": [{"function": {"name": deep, "arguments": {}}}]}, OFFERED).problem
    assert decide({"tool_calls": [deep]}, OFFERED).problem


def test_a_text_that_stands_for_a_call_is_quoted_in_short_and_not_taken_for_a_problem_of_ours() -> None:
    said = json.dumps("pay no attention " * 40)
    problem = decide({"content": f"<tool_call>{said}</tool_call>"}, OFFERED).problem or ""
    assert problem.startswith("the call is 'pay no attention")
    assert len(problem) < 200


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_whose_characters_were_cut_in_halves_is_whole_again(text: str) -> None:
    halves = text.encode("utf-16-le")
    cut = "".join(chr(int.from_bytes(halves[at : at + 2], "little")) for at in range(0, len(halves), 2))
    assert storable(cut) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*TOOL_OF, "search", "answer"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "arguments", "model", "function", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
MARKS = st.sampled_from(
    ["<tool_call>", "</tool_call>", "<think>", "</think>", "{", '"name"', written("search", "search-2")]
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "content": JSON | st.lists(st.text() | MARKS, max_size=6).map("".join) | JSON.map(json.dumps),
            "tool_calls": JSON | st.lists(JSON, max_size=3),
            "reasoning": JSON,
            "reasoning_content": JSON,
        },
    ),
    st.lists(st.sampled_from(sorted(TOOL_OF)), min_size=1, max_size=4, unique=True),
)
def test_whatever_a_model_writes_only_offered_aliases_are_called(message: dict[str, Any], offered: list[str]) -> None:
    decision = decide(message, offered)
    if decision.call is None:
        assert decision.problem
    else:
        assert decision.call.model in offered
        assert TOOL_OF[decision.call.model] == decision.call.tool
    for text in (decision.thought, decision.problem or ""):
        assert storable(text) == text


def test_arguments_that_are_json_within_a_json_string_are_read() -> None:
    call = {"function": {"name": "answer", "arguments": json.dumps(json.dumps({"model": "answer-1"}))}}
    assert decide({"tool_calls": [call]}, ["answer-1"]).call == ToolCall("answer", "answer-1")
