"""Whatever a model writes: nothing crashes, nothing is called that is not on offer, and a good call is found."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.bill import Bill
from orchestrator.policy import Decision, Turn
from orchestrator.pool import TOOL_OF
from orchestrator.reply import decide, text_and_thinking
from orchestrator.run import Routed, events
from orchestrator.trajectory import Limits, Step
from tests.examples import toy_tools, trajectory

ALIASES = tuple(TOOL_OF)
offers = st.lists(st.sampled_from(ALIASES), min_size=1, unique=True)

# Half surrogate pairs and NUL too: JSON can hold them.
texts = st.text(st.characters(codec=None), max_size=40)
tokens = st.sampled_from(
    ["<tool_call>", "</tool_call>", "<think>", "</think>", "{", "}", "[", '"', ":", ",", "\\", "\\u", "\ud83d", "\0",
     '"name"', '"arguments"', '"model"', *TOOL_OF.values(), *ALIASES, "null", "NaN", "-1e999", "9" * 5000, "\n", " "]
)  # fmt: skip
ragged = st.lists(tokens | texts, max_size=25).map("".join)
numbers = st.integers() | st.floats() | st.sampled_from([10**40, -(2**63), 1e308, float("nan"), float("inf")])
leaves = st.none() | st.booleans() | numbers | texts | tokens | ragged
keys = st.sampled_from(["function", "name", "arguments", "model", "type", "text", "id", "index"]) | texts
nested = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)
FIELDS = ("content", "tool_calls", "reasoning", "reasoning_content", "role")
messages = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, nested)) | st.dictionaries(keys, nested)


def arguments(alias: str) -> str:
    return json.dumps({"model": alias})


def structured(alias: str) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": TOOL_OF[alias], "arguments": arguments(alias)}}


def written(alias: str) -> str:
    return f'<tool_call>\n{{"name": "{TOOL_OF[alias]}", "arguments": {arguments(alias)}}}\n</tool_call>'


def hold(decision: Decision, offered: Sequence[str]) -> None:
    """What must be true of every decision."""
    assert (decision.call is None) == (decision.problem is not None)
    if decision.call is not None:
        assert decision.call.model in offered
        assert TOOL_OF[decision.call.model] == decision.call.tool
    for said in (decision.thought, decision.problem or ""):
        assert "\0" not in said
        said.encode()  # raises where half a surrogate pair is left
    assert len(decision.problem or "") < 500


@given(messages, offers)
def test_any_message_becomes_a_call_on_offer_or_a_problem_in_words(message: dict[str, Any], offered: list[str]) -> None:
    hold(decide(message, offered), offered)


@given(ragged | texts, offers)
def test_any_text_becomes_a_call_on_offer_or_a_problem_in_words(text: str, offered: list[str]) -> None:
    for message in ({"content": text}, {"content": None, "tool_calls": [structured("search-1") | {"function": text}]}):
        hold(decide(message, offered), offered)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The text of a good reply after some accidents."""
    text = f"<think>\nI need facts.\n</think>\n\n{written(draw(st.sampled_from(ALIASES)))}"
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        put = draw(tokens | texts | st.just(text[start:end] * 2) | st.just(""))
        text = text[:start] + put + text[end:]
    return text


@given(mutated(), offers)
def test_a_damaged_reply_becomes_a_call_on_offer_or_a_problem_in_words(text: str, offered: list[str]) -> None:
    hold(decide({"content": text}, offered), offered)
    hold(decide({"content": "", "tool_calls": [{"function": {"name": "search", "arguments": text}}]}, offered), offered)


@given(offers, st.lists(nested, max_size=4), st.none() | texts | ragged, st.none() | texts)
def test_a_good_call_in_the_first_place_is_found_whatever_follows_it(
    offered: list[str], after: list[Any], content: str | None, reasoning: str | None
) -> None:
    message = {"content": content, "reasoning": reasoning, "tool_calls": [structured(offered[0]), *after]}
    decision = decide(message, offered)
    hold(decision, offered)
    assert decision.call is not None
    assert decision.call.model == offered[0]


@given(offers, ragged | texts, st.sampled_from(["", "<think>hm</think>", "hm</think>\n", "I shall look it up. "]))
@example(["search-1"], "</think>", "")
@example(["search-1"], "<think>and more", "")
def test_a_good_call_written_in_the_text_is_found_whatever_follows_it(
    offered: list[str], after: str, before: str
) -> None:
    # A later </think> would make all before it thinking, and a call that was only thought of is not a call.
    after = after.replace("</think>", "")
    decision = decide({"content": before + written(offered[0]) + after, "tool_calls": None}, offered)
    hold(decision, offered)
    assert decision.call is not None
    assert decision.call.model == offered[0]


@given(offers, nested)
def test_a_good_call_in_the_text_is_found_behind_structured_nonsense(offered: list[str], nonsense: Any) -> None:
    decision = decide({"content": written(offered[0]), "tool_calls": nonsense}, offered)
    hold(decision, offered)
    assert decision.call is not None


@given(st.sampled_from(ALIASES), st.sampled_from(ALIASES))
def test_of_duplicated_keys_only_a_call_that_fits_together_is_taken(first: str, second: str) -> None:
    twice = f'{{"name": "{TOOL_OF[first]}", "name": "{TOOL_OF[second]}", "arguments": {arguments(first)}}}'
    decision = decide({"content": f"<tool_call>{twice}</tool_call>"}, ALIASES)
    hold(decision, ALIASES)
    assert (decision.call is not None) == (TOOL_OF[first] == TOOL_OF[second])


@pytest.mark.parametrize("depth", [*range(850, 1000, 10), 100_000])
def test_depth_does_not_matter(depth: int) -> None:
    for opened, closed in ("[]", ('{"a":', "}")):
        text = opened * depth + "1" + closed * depth
        hold(decide({"content": f"<tool_call>{text}</tool_call>"}, ALIASES), ALIASES)
        hold(decide({"tool_calls": [{"function": {"name": "search", "arguments": text}}]}, ALIASES), ALIASES)
        deep: Any = 1
        for _ in range(min(depth, 2_000)):
            deep = [deep] if opened == "[" else {"a": deep}
        for calls in (deep, [deep], [{"function": deep}], [{"function": {"name": deep, "arguments": deep}}]):
            hold(decide({"content": deep, "tool_calls": calls}, ALIASES), ALIASES)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, nested)))
def test_text_and_thinking_can_be_kept_in_any_database(message: dict[str, Any]) -> None:
    for text in text_and_thinking(message):
        assert "\0" not in text
        text.encode()


class Broken:
    """A policy that reads its decisions from messages as they come."""

    spec = "broken"

    def __init__(self, said: Sequence[dict[str, Any]]) -> None:
        self._said = said

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        return decide(self._said[turn.index], turn.offered)


@given(st.lists(messages | mutated().map(lambda text: {"content": text}), min_size=4, max_size=4))
async def test_the_loop_goes_through_any_replies_to_a_stop(said: list[dict[str, Any]]) -> None:
    run = [event async for event in events(trajectory(limits=Limits(turns=4)), Broken(said), toy_tools())]
    *before, stop = run
    assert stop.reason in ("answered", "turns")
    steps = [event for event in before if isinstance(event, Step)]
    assert all((step.call is None) == (step.error is not None) for step in steps)
    assert [event.call for event in before if isinstance(event, Routed)] == [s.call for s in steps if s.call]
