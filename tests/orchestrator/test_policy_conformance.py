"""The policy over a real server: what it decides for each oddity of a reply, what it hears, and what it bills."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from orchestrator.bill import Bill, Heard
from orchestrator.chat import ChatClients
from orchestrator.evidence import Evidence
from orchestrator.model_call import CallRole, ChargeStatus, Usage
from orchestrator.policies.spec import PolicyMaker
from orchestrator.policy import Decision, Policy, PolicyFailed, Turn
from orchestrator.pool_file import parse_pool
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import ToolCall
from tests.servers.conformance import Conformance, conforming, in_turn
from tests.servers.orchestra import ALIASES, policy, pool_toml, routed
from tests.servers.reply import ABSENT, Deltas, Refusal, Reply, Stream, called

SEARCH = ToolCall("search", "search-2")
CALL = called("search", {"model": "search-2"})
WRITTEN = '<tool_call>\n{"name": "search", "arguments": {"model": "search-2"}}\n</tool_call>'
THOUGHT = "Erst 検索 🔎 …"
STREAMS = (
    Stream(), Stream(fragment=1), Stream(cut=1), Stream(cut=13, newline="\r\n", comments=True),
    Stream(deltas=Deltas.NAMED, space=False), Stream(deltas=Deltas.WHOLE), Stream(deltas=Deltas.WITHOUT_INDEX),
    Stream(deltas=Deltas.TOGETHER, done=False), Stream(interleaved=True, fragment=2, role_chunk=False),
    Stream(ignored=True),
)  # fmt: skip

VALID = {
    "native, thinking in content": Reply(f"<think>\n{THOUGHT}\n</think>\n\n", tool_calls=[CALL]),
    "native, thinking opened by the template": Reply(f"{THOUGHT}\n</think>\n\n", tool_calls=[CALL]),
    "native, reasoning": Reply(None, reasoning=THOUGHT, tool_calls=[CALL]),
    "native, reasoning_content": Reply("", reasoning_content=THOUGHT, tool_calls=[CALL], finish_reason="tool_calls"),
    "native, no thinking": Reply(THOUGHT, tool_calls=[CALL]),
    "text": Reply(f"<think>{THOUGHT}</think>{WRITTEN}", tool_calls=None),
    "text, no calls": Reply(f"{THOUGHT}\n\n{WRITTEN}", tool_calls=[]),
    "text, absent calls": Reply(f"<think>{THOUGHT}</think>\n{WRITTEN}\nand more"),
    "several calls": Reply("", reasoning=THOUGHT, tool_calls=[CALL, called("answer", {"model": "answer-1"}, "call-2")]),
    "a bad call first": Reply("", reasoning=THOUGHT, tool_calls=[called("browse", "{}", "call-0"), CALL]),
    "a broken call first": Reply(
        "", reasoning=THOUGHT, tool_calls=[called("search", '{"model": "sea', "call-0"), CALL]
    ),
    "a broken text first": Reply(f"<think>{THOUGHT}</think><tool_call>{{oops</tool_call>{WRITTEN}"),
    "a finish that says otherwise": Reply("", reasoning=THOUGHT, tool_calls=[CALL], finish_reason="stop"),
    "no usage": Reply("", reasoning=THOUGHT, tool_calls=[CALL], usage=ABSENT),
}

INVALID = {
    "empty": (Reply(""), "the reply is empty"),
    "null": (Reply(None, tool_calls=None), "the reply is empty"),
    "thinking only": (Reply("", reasoning="hm"), "the reply holds thinking but no tool call"),
    "words": (Reply("I would search."), "the reply holds no tool call: I would search."),
    "unknown tool": (Reply("", tool_calls=[called("browse", {"model": "search-2"})]), "there is no tool 'browse'"),
    "unknown alias": (Reply("", tool_calls=[called("search", {"model": "search-9"})]), "there is no alias 'search-9'"),
    "not on offer": (Reply("", tool_calls=[called("search", {"model": "search-3"})]), "search-3 is not on offer"),
    "another tool's alias": (Reply("", tool_calls=[called("answer", {"model": "search-2"})]), "search-2 serves search"),
    "no model": (Reply("", tool_calls=[called("search", {})]), "does not say which model"),
    "no arguments": (Reply("", tool_calls=[called("search", "")]), "of search"),
    "null arguments": (Reply("", tool_calls=[called("search", None)]), "does not say which model"),
    "bad JSON": (Reply("<tool_call>{oops</tool_call>"), "the call is not JSON: {oops"),
    "cut off": (
        Reply('<tool_call>\n{"name": "sea', finish_reason="length"),
        'the call is cut off: {"name": "sea (cut off by the limit of tokens)',
    ),
    "cut off in thinking": (
        Reply("<think>Let me", finish_reason="length"),
        "the reply holds thinking but no tool call (cut off by the limit of tokens)",
    ),
}


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@asynccontextmanager
async def served(
    stream: bool, *said: Reply | Refusal, key: str | None = None
) -> AsyncIterator[tuple[Policy, Conformance]]:
    server = Conformance(in_turn(*said))
    async with conforming(server) as there:
        clients = ChatClients()
        pool = parse_pool(pool_toml(there.url, stream=stream, orchestrator_key_env=key), "pool.toml")
        try:
            yield PolicyMaker(pool, clients).make(policy(there.url)), server
        finally:
            await clients.aclose()


def turn() -> Turn:
    return Turn(0, "Why?", PreferenceVector(), Evidence(), ALIASES, 1)


def styled(said: Reply, stream: bool) -> list[Reply]:
    """The reply in all styles of streams, or whole."""
    return [replace(said, stream=style) for style in (STREAMS if stream else STREAMS[:1])]


async def decided(said: Sequence[Reply], stream: bool) -> list[tuple[Decision, Bill, list[Heard]]]:
    """What comes of each of these replies."""
    made: list[tuple[Decision, Bill, list[Heard]]] = []
    async with served(stream, *said) as (asked, _):
        for _ in said:
            heard: list[Heard] = []
            bill = Bill(heard.append)
            made.append((await asked.decide(turn(), bill), bill, heard))
    return made


@pytest.mark.parametrize("name", VALID)
async def test_a_call_is_found_in_every_form_that_servers_give_it(name: str, stream: bool) -> None:
    for decision, bill, _ in await decided(styled(VALID[name], stream), stream):
        assert decision == Decision(THOUGHT, SEARCH)
        assert [call.role for call in bill] == [CallRole.ORCHESTRATOR]


@pytest.mark.parametrize("name", INVALID)
async def test_a_reply_without_a_valid_call_is_a_problem_in_words(name: str, stream: bool) -> None:
    said, problem = INVALID[name]
    for decision, bill, _ in await decided(styled(said, stream), stream):
        assert decision.call is None
        assert problem in str(decision.problem)
        assert bill[0].error is None


@pytest.mark.parametrize("name", VALID)
async def test_what_is_heard_while_the_model_writes_is_what_it_said(name: str) -> None:
    said = VALID[name]
    for decision, _, heard in await decided(styled(said, True), True):
        thinking = "".join(piece.piece for piece in heard if piece.thinking).strip()
        text = "".join(piece.piece for piece in heard if not piece.thinking)
        assert {(piece.role, piece.alias) for piece in heard} <= {(CallRole.ORCHESTRATOR, None)}
        if "no thinking" in name or "no calls" in name:
            assert text.startswith(decision.thought)
        elif "template" not in name:  # that its beginning was thinking, nobody could know
            assert thinking == decision.thought == THOUGHT
            assert text.strip() == str(said.content or "").rpartition("</think>")[2].strip()


async def test_a_call_is_billed_by_the_servers_count_of_tokens_and_marked_where_there_is_none(stream: bool) -> None:
    counted = {"prompt_tokens": 1_000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 640}}
    said = [replace(routed("search-1"), usage=usage) for usage in (counted, ABSENT, None, {}, "many")]
    (_, bill, _), *unknown = await decided(said, stream)
    assert bill[0].usage == Usage(1_000, 50, 640)
    assert bill[0].charge.status is ChargeStatus.PRICED
    assert bill[0].charge.usd == Decimal("0.00035")
    for _, bill, _ in unknown:
        assert bill[0].charge.status is ChargeStatus.ESTIMATED
        assert bill[0].charge.usd


async def test_the_prompt_and_the_raw_reply_of_a_turn_are_kept(stream: bool) -> None:
    async with served(stream, routed("search-1", THOUGHT)) as (asked, server):
        bill = Bill()
        await asked.decide(turn(), bill)
    (call,) = bill
    assert call.prompt is not None
    assert json.loads(call.prompt) == server.asked[0].body
    assert call.reply is not None
    kept = json.loads(call.reply)
    assert THOUGHT in kept["content"]
    assert kept["tool_calls"][0]["function"] == {"name": "search", "arguments": '{"model": "search-1"}'}


async def test_a_refusal_ends_the_policy_and_is_billed_as_failed(stream: bool) -> None:
    async with served(stream, Refusal(400, {"error": {"message": "no such luck"}})) as (asked, _):
        bill = Bill()
        with pytest.raises(PolicyFailed, match="no such luck"):
            await asked.decide(turn(), bill)
    (call,) = bill
    assert "no such luck" in (call.error or "")
    assert call.charge.usd == 0


NESTED = (
    '{"choices": [{"message": {"content": NESTED}}]}',
    '{"choices": [{"message": {"tool_calls": NESTED}}]}',
    '{"choices": [{"message": {"tool_calls": [{"function": {"name": NESTED, "arguments": NESTED}}]}}]}',
    '{"choices": [{"message": {"content": "hm", "more": NESTED}, "finish_reason": NESTED}], "usage": NESTED}',
    '{"error": NESTED}',
    'data: {"choices": [{"delta": {"tool_calls": NESTED}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n',
    'data: {"choices": [{"delta": {"more": NESTED}, "finish_reason": "stop"}], "usage": NESTED}\n\n',
    'data: {"error": NESTED}\n\n',
)


@pytest.mark.parametrize("depth", [100, 300, 400, 480, 900, 960, 5_000])
@pytest.mark.parametrize("key", [None, "A_KEY"])
async def test_a_reply_that_is_nested_deeply_is_no_crash(
    depth: int, key: str | None, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k-123456789")
    monkeypatch.setattr("orchestrator.retry.FIRST_WAIT_S", 0.0)
    for form in NESTED:
        body = form.replace("NESTED", "[" * depth + "]" * depth).encode()
        kind = "text/event-stream" if form.startswith("data:") else "application/json"
        async with served(stream, Refusal(200, body, kind), key=key) as (asked, _):
            bill, problem = Bill(), ""
            try:
                problem = (await asked.decide(turn(), bill)).problem or "no problem"
            except PolicyFailed as failure:
                problem = str(failure)
        assert problem not in ("", "no problem")
        assert len(bill) == 1
        assert "Recursion" not in f"{problem} {bill[0].error}"
