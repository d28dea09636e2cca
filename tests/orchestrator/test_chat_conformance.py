"""The one client and the policy over it against a real server that speaks every oddity, whole and as a stream."""

import asyncio
import json
from typing import Any

import pytest

from orchestrator import retry
from orchestrator.completion import Completion
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.model_call import Usage
from tests.servers.asking import ask, reached, replied
from tests.servers.conformance import MODEL, Conformance, in_turn
from tests.servers.patience import until
from tests.servers.reply import ABSENT, Deltas, Reply, Stream, UsageChunk, called

CALL = called("search", {"model": "search-2"})
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
RICH = Reply(
    content="Über 東京 🗼 weiß ich\nnichts.",
    reasoning="Erst 検索 🔎, dann antworten.",
    tool_calls=[CALL, called("answer", {"model": "answer-1"}, "call-2"), called("search", {"model": "検索"}, "call-3")],
    finish_reason="tool_calls",
    usage={
        **USAGE,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
)
STREAMS = {
    "as vLLM does it": Stream(),
    "one character at a time": Stream(fragment=1),
    "no role": Stream(role_chunk=False),
    "no DONE": Stream(done=False),
    "no space behind data": Stream(space=False),
    "CRLF": Stream(newline="\r\n"),
    "comments, names and ids": Stream(comments=True),
    "comments with CRLF": Stream(comments=True, newline="\r\n"),
    "a byte at a time": Stream(cut=1),
    "three bytes at a time, CRLF": Stream(cut=3, newline="\r\n"),
    "seventeen bytes at a time": Stream(cut=17, comments=True),
    "all at once": Stream(cut=1_000_000),
    "escapes": Stream(ascii=True, fragment=3),
    "arguments with the name": Stream(deltas=Deltas.NAMED),
    "whole calls": Stream(deltas=Deltas.WHOLE),
    "whole calls without index": Stream(deltas=Deltas.WITHOUT_INDEX),
    "all calls in one delta": Stream(deltas=Deltas.TOGETHER),
    "interleaved calls": Stream(interleaved=True, fragment=2),
    "interleaved calls, named": Stream(interleaved=True, fragment=2, deltas=Deltas.NAMED),
    "usage unasked": Stream(usage=UsageChunk.ALWAYS),
    "usage with the finish": Stream(usage=UsageChunk.WITH_FINISH),
    "usage in each chunk": Stream(usage=UsageChunk.EACH),
    "null usage before the last": Stream(usage=UsageChunk.NULL),
    "not streamed although asked": Stream(ignored=True),
}


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


def called_in(completion: Completion) -> list[tuple[Any, Any, Any]]:
    calls = completion.tool_calls or []
    return [(call.get("id"), call["function"].get("name"), call["function"].get("arguments")) for call in calls]


@pytest.mark.parametrize("name", STREAMS)
async def test_however_a_reply_is_streamed_it_says_what_the_whole_one_says(name: str) -> None:
    reply = Reply(**{**fields(RICH), "stream": STREAMS[name]})
    whole, streamed = await replied(reply, False), await replied(reply, True)
    assert (whole.text, whole.thinking) == (RICH.content, RICH.reasoning)
    assert called_in(whole) == [
        (call["id"], call["function"]["name"], call["function"]["arguments"]) for call in RICH.tool_calls
    ]
    for completion in (whole, streamed):
        assert completion.usage == Usage(10, 5, 4, 2)
        assert completion.finish_reason == "tool_calls"
        assert completion.model == MODEL
        assert completion.attempts == ()
    assert (streamed.text, streamed.thinking) == (whole.text, whole.thinking)
    assert called_in(streamed) == called_in(whole)


def fields(reply: Reply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in Reply.__slots__}


THINKING = {
    "in content": Reply("<think>\nlook it up\n</think>\n\nfound"),
    "in content, opened by the template": Reply("look it up\n</think>found"),
    "as reasoning": Reply("found", reasoning="look it up"),
    "as reasoning_content": Reply("found", reasoning_content="look it up"),
    "as both": Reply("found", reasoning="look it up", reasoning_content="look it up"),
}


@pytest.mark.parametrize("name", THINKING)
async def test_thinking_is_found_wherever_a_server_puts_it(name: str, stream: bool) -> None:
    completion = await replied(THINKING[name], stream)
    assert (completion.text, completion.thinking) == ("found", "look it up")


EMPTY = {
    "empty content": Reply(""),
    "null content": Reply(None),
    "no content": Reply(ABSENT),
    "null calls": Reply("", tool_calls=None),
    "no calls": Reply("", tool_calls=[]),
    "null reasoning": Reply("", reasoning=None, reasoning_content=None),
    "vendor's keys": Reply("", more={"refusal": None, "annotations": [], "audio": None, "function_call": None}),
}


@pytest.mark.parametrize("name", EMPTY)
async def test_an_empty_reply_is_an_empty_completion(name: str, stream: bool) -> None:
    completion = await replied(EMPTY[name], stream)
    assert (completion.text, completion.thinking) == ("", "")
    assert not completion.tool_calls
    assert completion.finish_reason == "stop"


async def test_content_in_parts_is_one_text() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "image_url"}, {"type": "text", "text": "two"}]
    assert (await replied(Reply(parts), False)).text == "one two"


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        (USAGE, Usage(10, 5)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 8}}, Usage(10, 5, 8)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 11}}, Usage(10, 5)),
        ({**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(10, 5)),
        ({**USAGE, "prompt_tokens_details": "none", "completion_tokens_details": [1]}, Usage(10, 5)),
        ({"prompt_tokens": 10}, Usage(10, None)),
        ({"prompt_tokens": -1, "completion_tokens": 5}, Usage(None, 5)),
        ({"prompt_tokens": True, "completion_tokens": 5}, Usage(None, 5)),
        ({"prompt_tokens": 10**30, "completion_tokens": 5}, Usage(None, 5)),
        ({"prompt_tokens": "ten", "completion_tokens": 5.5}, None),
        ({}, None),
        ([], None),
        ("many", None),
        (12, None),
        (None, None),
        (ABSENT, None),
    ],
)
async def test_usage_is_what_can_be_believed_of_what_the_server_reports(
    reported: Any, usage: Usage | None, stream: bool
) -> None:
    assert (await replied(Reply("x", usage=reported), stream)).usage == usage


@pytest.mark.parametrize("finish", ["stop", "length", "tool_calls", "content_filter", "", None])
async def test_the_finish_reason_is_kept_whatever_it_is(finish: str | None, stream: bool) -> None:
    assert (await replied(Reply("x", finish_reason=finish), stream)).finish_reason == finish


async def test_an_error_in_the_midst_of_a_stream_is_an_error_and_not_half_a_reply() -> None:
    broken = Reply("This is only the beginning.", stream=Stream(error={"message": "the engine died", "code": 500}))
    with pytest.raises(EndpointFailed, match="the engine died"):
        await replied(broken, True)


async def test_a_stream_that_ends_without_a_finish_is_tried_again() -> None:
    cut = Reply("This is only the", finish_reason=None, stream=Stream(done=False))
    completion = await replied(in_turn(cut, Reply("This is all.")), True)
    assert completion.text == "This is all."
    assert len(completion.attempts) == 1


async def test_a_cancelled_call_closes_its_socket_within_a_second(stream: bool) -> None:
    slow = Reply("word " * 2_000, waits_s=0.0 if stream else 30.0, stream=Stream(gap_s=0.05))
    server = Conformance(slow)
    async with reached(server, stream) as (client, there):
        task = asyncio.create_task(ask(client, 30.0))
        await until(lambda: server.at_work == 1)
        await asyncio.sleep(0.1)
        assert there.connections == 1
        task.cancel()
        await until(lambda: there.connections == server.at_work == 0, within_s=1)
        assert server.broken_off == 1
        assert client.in_flight == 0
        assert task.cancelled()


async def test_calls_one_after_another_share_a_connection(stream: bool) -> None:
    async with reached(Conformance(RICH), stream) as (client, there):
        for _ in range(5):
            await ask(client)
            assert there.connections == 1


async def test_whatever_is_sent_is_json_that_the_server_reads_back(stream: bool) -> None:
    server = Conformance(Reply("ok"))
    odd = 'quotes " and \\ and \u2028 and 🗼 and half \ud83d and \0'
    async with reached(server, stream) as (client, _):
        await ask(client, content=odd)
    (asked,) = server.asked
    assert asked.prompt == odd
    assert asked.streamed is stream
    assert json.loads(json.dumps(asked.body)) == asked.body
