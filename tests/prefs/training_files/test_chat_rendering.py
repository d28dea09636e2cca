"""A trajectory as a conversation."""

import json
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Verdict
from prefs.training_files.chat import MOST_PASSAGES, completion, conversation, prompt, text
from tests.examples import NOON, document, trajectory
from tests.prefs.training_files.judged_examples import QUERY, alternatives, answered, computed, invalid, run, searched

A, B, C, D = alternatives()


def told(one, **shown: bool) -> str:
    return json.dumps(conversation(one, **{"cost_shown": True, "latency_shown": True, **shown}))


def test_conversation_is_prompt_turns_and_answer():
    said = conversation(A, cost_shown=False, latency_shown=False)
    assert [message["role"] for message in said] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]
    assert said[2]["tool_calls"] == [
        {"type": "function", "function": {"name": "search", "arguments": {"model": "search-1"}}}
    ]
    assert said[3]["name"] == "search"
    assert said[5]["content"] == "The answer stands below."
    assert said[6]["content"] == "88 days"
    assert said == [*prompt(A), *completion(A, cost_shown=False, latency_shown=False)]


def test_preference_stands_below_the_query_unless_hidden():
    assert prompt(A)[1]["content"].startswith(f"{QUERY}\n\nI care a great deal about a correct answer")
    assert prompt(A, instruction_shown=False)[1]["content"] == QUERY
    assert prompt(trajectory(preference=PreferenceVector(0, 0, 0)))[1]["content"] == trajectory().query


def test_cost_and_latency_are_those_of_the_step_and_of_all_so_far():
    tools = [
        message["content"].splitlines()[-1] for message in completion(A, cost_shown=True, latency_shown=True)[1::2]
    ]
    assert tools == [
        "step: $0.002100, 1.8 s; so far: $0.002100, 1.8 s",
        "step: $0.020100, 4.5 s; so far: $0.022200, 6.2 s",
    ]


def test_unknown_dollars_are_told_as_unpriced():
    assert "so far: $0.000200 + 1 unpriced, 2.0 s" in told(C)


def test_withheld_numbers_are_told_nowhere():
    assert "$" not in told(A, cost_shown=False)
    assert "so far: 6.2 s" in told(A, cost_shown=False)
    assert " s;" not in told(A, latency_shown=False)
    assert "so far: $0.022200" in told(A, latency_shown=False)
    assert "so far" not in told(A, cost_shown=False, latency_shown=False)


def test_invalid_reply_is_answered_by_the_user():
    roles = [
        (message["role"], "tool_calls" in message) for message in completion(C, cost_shown=False, latency_shown=False)
    ]
    assert roles == [("assistant", False), ("user", False), ("assistant", True), ("tool", False), ("assistant", False)]


def test_end_without_an_answer_says_why():
    assert conversation(D, cost_shown=True, latency_shown=True)[-1] == {
        "role": "assistant",
        "content": "(no answer: the budget was spent)",
    }
    cut = run("x", (), Verdict.UNGRADED, stop_reason=None)
    assert completion(cut, cost_shown=True, latency_shown=True)[-1]["content"] == "(no answer: it was interrupted)"


def test_code_and_passages_are_told_in_part():
    assert "print(88 * 24)" in told(D)
    found = searched(0)
    many = tuple(document(number) for number in range(MOST_PASSAGES + 4))
    one = run("x", (searched(0),), Verdict.UNSOLVED)
    assert "Searched for: orbital period of Mercury" in told(one)
    step = replace(found, observation=replace(found.observation, documents=many))
    said = told(run("x", (step,), Verdict.UNSOLVED))
    assert "and 4 more documents" in said
    assert "Title 2: Passage number 2." in said
    assert "Passage number 3." not in said


def test_plain_text_holds_all_that_is_said():
    said = text(conversation(A, cost_shown=True, latency_shown=True))
    assert said.startswith("system: You are good at using tools.\n\nuser: ")
    assert "assistant: I look it up first.\n→ search(search-1)" in said
    assert said.endswith("assistant: 88 days")


STEPS = st.lists(st.sampled_from(("search", "code", "answer", "invalid")), max_size=5)


@given(kinds=STEPS, said=st.text(max_size=20), cost_shown=st.booleans(), latency_shown=st.booleans())
def test_every_conversation_can_be_read_by_a_strict_template(kinds, said, cost_shown, latency_shown):
    made = {
        "search": searched,
        "code": computed,
        "answer": lambda index: answered(index, "answer-1", said, "0.01", 1.0),
        "invalid": invalid,
    }
    steps = tuple(made[kind](index) for index, kind in enumerate(kinds))
    one = run("x", steps, Verdict.UNGRADED, started_at=NOON)
    messages = conversation(one, cost_shown=cost_shown, latency_shown=latency_shown)
    assert json.loads(json.dumps(messages)) == messages
    assert all(isinstance(message["content"], str) for message in messages)
    assert (messages[0]["role"], messages[1]["role"], messages[-1]["role"]) == ("system", "user", "assistant")
    for before, after in pairwise(messages):
        assert (after["role"] == "tool") == bool(before.get("tool_calls"))
        if after["role"] == "tool":
            assert after["name"] == before["tool_calls"][0]["function"]["name"]
