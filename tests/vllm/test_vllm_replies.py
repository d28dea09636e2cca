"""What a real vLLM server makes of valid and malformed replies, and what the client makes of that.

Each reply is said word for word by the server, through its own tool parser and its own stream.
"""

import pytest

from orchestrator.bill import Bill
from orchestrator.evidence import Evidence
from orchestrator.policy import Decision, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Observation, Origin, StopReason, ToolCall
from tests.examples import document
from tests.vllm.asking import QUERY, call_text, policy_at, run_to_end
from tests.vllm.relay import in_turn, relaying, said
from tests.vllm.server import Server
from webapp.services import Services

SEARCH = ToolCall("search", "search-2")
ARGUMENTS = '"arguments": {"model": "search-2"}'
VALID = {
    "a call": call_text("search-2"),
    "a thought and a call": call_text("search-2", "I should look."),
    "a call on one line": f'<tool_call>{{"name": "search", {ARGUMENTS}}}</tool_call>',
    "words before the call": f"I look it up.\n{call_text('search-2')}",
    "words behind the call": f"{call_text('search-2')}\nThat should do.",
    "an argument too many": '<tool_call>\n{"name": "search", "arguments": {"model": "search-2", "q": 1}}\n</tool_call>',
    "a bare call without tags": f'{{"name": "search", {ARGUMENTS}}}',
    "the same call twice": f"{call_text('search-2')}\n{call_text('search-2')}",
    "two calls": f"{call_text('search-2')}\n{call_text('answer-1')}",
    "a call without its closing tag": f'<tool_call>\n{{"name": "search", {ARGUMENTS}}}',
    "thinking in Chinese and emoji": call_text("search-2", "先查一下资料 🔎 — naïve"),
    "thinking that was not opened": f"I should look.\n</think>\n\n{call_text('search-2')}",
    "thinking that was not closed": f"<think>\nI should look.\n{call_text('search-2')}",
}
MALFORMED = {
    "nothing": "",
    "white space": "  \n ",
    "prose": "The answer is 397.8.",
    "only a thought": "<think>\nHm.\n</think>",
    "a thought that does not end": "<think>\nHm, and then",
    "broken JSON": f'<tool_call>\n{{"name": "search" {ARGUMENTS}}}\n</tool_call>',
    "single quotes": "<tool_call>\n{'name': 'search', 'arguments': {'model': 'search-2'}}\n</tool_call>",
    "a call that is cut off": '<tool_call>\n{"name": "search", "arguments": {"model": "sea',
    "a call that hardly begins": "<tool_call>",
    "only the closing tag": "</tool_call>",
    "an empty call": "<tool_call>\n\n</tool_call>",
    "an unknown tool": f'<tool_call>\n{{"name": "fly", {ARGUMENTS}}}\n</tool_call>',
    "an unknown alias": '<tool_call>\n{"name": "search", "arguments": {"model": "search-99"}}\n</tool_call>',
    "an alias of another tool": '<tool_call>\n{"name": "search", "arguments": {"model": "answer-1"}}\n</tool_call>',
    "an alias in Chinese": '<tool_call>\n{"name": "search", "arguments": {"model": "搜索 🔎"}}\n</tool_call>',
    "an alias with a NUL": '<tool_call>\n{"name": "search", "arguments": {"model": "search-2\\u0000"}}\n</tool_call>',
    "no arguments": '<tool_call>\n{"name": "search"}\n</tool_call>',
    "null arguments": '<tool_call>\n{"name": "search", "arguments": null}\n</tool_call>',
    "empty arguments": '<tool_call>\n{"name": "search", "arguments": {}}\n</tool_call>',
    "a list of arguments": '<tool_call>\n{"name": "search", "arguments": ["search-2"]}\n</tool_call>',
    "a text for arguments": '<tool_call>\n{"name": "search", "arguments": "search-2"}\n</tool_call>',
    "a number for an alias": '<tool_call>\n{"name": "search", "arguments": {"model": 2}}\n</tool_call>',
    "infinite arguments": '<tool_call>\n{"name": "search", "arguments": Infinity}\n</tool_call>',
    "no name": f"<tool_call>\n{{{ARGUMENTS}}}\n</tool_call>",
    "a number for a name": f'<tool_call>\n{{"name": 7, {ARGUMENTS}}}\n</tool_call>',
    "a list for a call": "<tool_call>\n[1, 2]\n</tool_call>",
    "a number for a call": "<tool_call>\n42\n</tool_call>",
    "a deep nest": f'<tool_call>\n{{"name": "search", "arguments": {"[" * 200}{"]" * 200}}}\n</tool_call>',
}
AMBIGUOUS = {
    "arguments before the name": f'<tool_call>\n{{{ARGUMENTS}, "name": "search"}}\n</tool_call>',
    "the last brace missing": f'<tool_call>\n{{"name": "search", {ARGUMENTS}\n</tool_call>',
}
"""What vLLM makes of these differs between a stream and a whole reply, and with the pieces that a stream comes in."""
HALF_A_CHARACTER = '<tool_call>\n{"name": "search", "arguments": {"model": "\\ud83d"}}\n</tool_call>'
both_ways = pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])


def turn(query: str = QUERY) -> Turn:
    found = Evidence()
    found.add(Observation("found", Origin.RETRIEVED, (document(1),)))
    return Turn(0, query, PreferenceVector(), found, tuple(TOOL_OF), seed=1)


async def decide(server: Server, pool: Pool, text: str, streaming: bool) -> tuple[Decision, Bill]:
    """The decision when the server replies with exactly `text`; an empty text ends at once."""
    fields = said(text) if text else {"max_tokens": 1, **said("\n")}
    bill = Bill()
    async with (
        relaying(server.root, in_turn([fields])) as relay,
        policy_at(relay.base_url, pool, streaming=streaming) as policy,
    ):
        return await policy.decide(turn(), bill), bill


@both_ways
@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
async def test_a_valid_call_is_read_however_it_is_wrapped(
    server: Server, pool: Pool, text: str, streaming: bool
) -> None:
    decision, bill = await decide(server, pool, text, streaming)
    assert decision.call == SEARCH, decision.problem
    assert decision.problem is None
    for words, thought in (
        ("I should look.", "I should look."),
        ("先查", "先查一下资料 🔎 — naïve"),
        ("I look it up", "I look it up."),
    ):
        assert words not in text or decision.thought == thought
    (call,) = bill
    assert call.usage.output_tokens > 0
    assert "search-2" in call.reply


@both_ways
@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_reply_is_a_problem_in_words_and_billed(
    server: Server, pool: Pool, text: str, streaming: bool
) -> None:
    decision, bill = await decide(server, pool, text, streaming)
    assert decision.call is None
    assert decision.problem
    assert "\0" not in decision.problem
    (call,) = bill
    assert call.error is None
    assert call.usage.input_tokens > 500
    assert call.usage.output_tokens > 0


@both_ways
@pytest.mark.parametrize("text", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_a_call_that_can_be_read_in_two_ways_is_what_it_says_or_is_rolled_again(
    server: Server, pool: Pool, text: str, streaming: bool
) -> None:
    decision, _ = await decide(server, pool, text, streaming)
    assert decision.call == SEARCH or (decision.call is None and decision.problem)


@both_ways
async def test_half_a_character_in_a_call_is_never_taken_for_a_call(
    server: Server, pool: Pool, streaming: bool
) -> None:
    """vLLM itself stumbles over it: it answers HTTP 400, because it cannot encode what the model wrote."""
    decision, _ = await decide(server, pool, HALF_A_CHARACTER, streaming)
    assert decision.call is None
    assert decision.problem


@both_ways
async def test_a_run_survives_every_malformed_reply_and_answers_in_the_end(
    server: Server, pool: Pool, services: Services, streaming: bool
) -> None:
    texts = [text for text in MALFORMED.values() if text]
    replies = [*(said(text) for text in texts), said(call_text("search-1")), said(call_text("answer-1", "Enough."))]
    async with (
        relaying(server.root, in_turn(replies)) as relay,
        policy_at(relay.base_url, pool, streaming=streaming) as policy,
    ):
        trajectory = await run_to_end(policy, services.workshop.now.tools, turns=len(replies) + 5)
    assert trajectory.stop_reason is StopReason.ANSWERED, trajectory.stop_detail
    assert len(trajectory.steps) == len(replies)
    for step in trajectory.steps[:-2]:
        assert step.call is None
        assert step.error
    assert [step.call.model for step in trajectory.steps[-2:]] == ["search-1", "answer-1"]
    assert trajectory.steps[-1].thought == "Enough."


@both_ways
async def test_a_model_that_the_server_does_not_know_is_told_plainly(
    server: Server, pool: Pool, streaming: bool
) -> None:
    async with policy_at(server.base_url, pool, streaming=streaming, model="somebody") as policy:
        bill = Bill()
        with pytest.raises(PolicyFailed, match=r"404.*`?somebody`? does not exist"):
            await policy.decide(turn(), bill)
    assert len(bill) == 1


@both_ways
async def test_a_prompt_that_is_too_long_is_told_plainly(server: Server, pool: Pool, streaming: bool) -> None:
    async with policy_at(server.base_url, pool, streaming=streaming) as policy:
        bill = Bill()
        with pytest.raises(PolicyFailed, match=r"HTTP 400.*(maximum context length|max_model_len|input tokens)"):
            await policy.decide(turn("ξ" * 35_000), bill)
    assert "HTTP 400" in bill[0].error
