"""The one client and the policy over it against a real server that speaks every oddity, whole and as a stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from orchestrator import chat
from orchestrator.chat import ChatClient, ChatFailed
from orchestrator.completion import Completion
from orchestrator.model_call import Usage
from orchestrator.pool import Endpoint
from orchestrator.transport import PooledTransport
from tests.servers.conformance import MODEL, Conformance, Dialect, Plan, conforming, in_turn
from tests.servers.listening import Listening
from tests.servers.reply import ABSENT, Deltas, Refusal, Reply, Stream, UsageChunk, called

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
    monkeypatch.setattr(chat, "FIRST_WAIT_S", 0.001)


@asynccontextmanager
async def reached(
    server: Conformance, stream: bool, key: str | None = None
) -> AsyncIterator[tuple[ChatClient, Listening]]:
    async with conforming(server) as there:
        transport = PooledTransport()
        try:
            yield ChatClient(Endpoint(f"{there.url}/v1", key, stream=stream), transport), there
        finally:
            await transport.aclose()


async def ask(client: ChatClient, timeout_s: float = 5.0, **more: Any) -> Completion:
    said = [{"role": "user", "content": "hi"}]
    sent = {"tools": [{"type": "function"}], "seed": 7, **more}
    return await client.complete(said, model=MODEL, temperature=0.2, max_tokens=100, timeout_s=timeout_s, **sent)


async def replied(plan: Plan | Reply | Refusal, stream: bool, dialect: Dialect = Dialect()) -> Completion:
    async with reached(Conformance(plan, dialect), stream) as (client, _):
        return await ask(client)


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


SHAPES = {
    "OpenAI": {"error": {"message": "boom", "type": "invalid_request_error", "param": None, "code": None}},
    "text in error": {"error": "boom"},
    "old vLLM": {"object": "error", "message": "boom", "type": "BadRequestError", "param": None, "code": 400},
    "FastAPI": {"detail": "boom"},
    "FastAPI's validation": {"detail": [{"loc": ["body", "seed"], "msg": "boom", "type": "extra_forbidden"}]},
    "list of errors": {"errors": [{"message": "boom"}]},
    "Gemini": [{"error": {"code": 400, "message": "boom", "status": "INVALID_ARGUMENT"}}],
    "null message": {"error": {"message": None, "code": "boom"}},
    "nested": {"error": {"message": {"text": "boom"}}},
    "text": b"boom",
    "page": b"<html><body><h1>boom</h1></body></html>",
    "half JSON": b'{"error": {"message": "boom',
    "no UTF-8": b"\xff\xfe boom \xc3",
    "long": {"error": {"message": "boom " * 10_000}},
}


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("shape", SHAPES)
async def test_what_a_server_says_of_its_refusal_is_passed_on_in_short(shape: str, status: int, stream: bool) -> None:
    with pytest.raises(ChatFailed) as refused:
        await replied(Refusal(status, SHAPES[shape]), stream)
    assert f"HTTP {status}" in str(refused.value)
    assert "boom" in str(refused.value)
    assert len(str(refused.value)) < 600
    assert refused.value.status == status


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]", b'""', b"0", {"error": None}, {"error": {}}])
async def test_a_refusal_without_words_is_a_refusal_too(body: Any, stream: bool) -> None:
    with pytest.raises(ChatFailed, match="HTTP 400"):
        await replied(Refusal(400, body), stream)


NOT_CHAT = {
    "page": (b"<!doctype html><title>Sign in</title>", "text/html"),
    "empty": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "list": (b"[]", "application/json"),
    "no choices": (b'{"choices": []}', "application/json"),
    "null choices": (b'{"choices": null}', "application/json"),
    "null choice": (b'{"choices": [null]}', "application/json"),
    "no message": (b'{"choices": [{"index": 0}]}', "application/json"),
    "error": (b'{"error": {"message": "overloaded", "code": 503}}', "application/json"),
    "half": (b'{"choices": [{"message": {"content": "hel', "application/json"),
    "no UTF-8": (b'{"choices": "\xff\xfe"}', "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "empty stream": (b"", "text/event-stream"),
    "stream of nothing": (b"\n\n: hello\n\n\n", "text/event-stream"),
    "stream of nonsense": (b"data: nonsense\n\ndata: [DONE]\n\n", "text/event-stream"),
    "stream of lists": (b"data: []\n\ndata: 7\n\ndata: null\n\ndata: [DONE]\n\n", "text/event-stream"),
    "stream of an error": (b'data: {"error": {"message": "overloaded"}}\n\ndata: [DONE]\n\n', "text/event-stream"),
    "named error event": (b'event: error\ndata: {"message": "overloaded"}\n\n', "text/event-stream"),
    "only done": (b"data: [DONE]\n\n", "text/event-stream"),
}


@pytest.mark.parametrize("name", NOT_CHAT)
async def test_a_200_that_is_no_chat_completion_is_an_error_in_plain_words(name: str, stream: bool) -> None:
    body, kind = NOT_CHAT[name]
    with pytest.raises(ChatFailed) as failed:
        await replied(Refusal(200, body, kind), stream)
    assert str(failed.value).startswith("http://127.0.0.1:")
    if b"overloaded" in body:
        assert "overloaded" in str(failed.value)


async def test_an_error_in_the_midst_of_a_stream_is_an_error_and_not_half_a_reply() -> None:
    broken = Reply("This is only the beginning.", stream=Stream(error={"message": "the engine died", "code": 500}))
    with pytest.raises(ChatFailed, match="the engine died"):
        await replied(broken, True)


async def test_a_stream_that_ends_without_a_finish_is_tried_again() -> None:
    cut = Reply("This is only the", finish_reason=None, stream=Stream(done=False))
    completion = await replied(in_turn(cut, Reply("This is all.")), True)
    assert completion.text == "This is all."
    assert len(completion.attempts) == 1


@pytest.mark.parametrize("field", ["stream_options", "parallel_tool_calls", "seed"])
@pytest.mark.parametrize("shape", ["OpenAI", "FastAPI", "text"])
async def test_a_server_that_refuses_a_field_is_asked_without_it(field: str, shape: str, stream: bool) -> None:
    said = {
        "OpenAI": lambda text: {"error": {"message": text}},
        "FastAPI": lambda text: {
            "detail": [{"loc": ["body", text.split()[-1]], "msg": "Extra inputs are not permitted"}]
        },
        "text": lambda text: text,
    }[shape]
    server = Conformance(RICH, Dialect(refused=frozenset({field}), refusal=said))
    async with reached(server, stream) as (client, _):
        first, second = await ask(client), await ask(client)
    assert called_in(first) == called_in(second)
    assert first.text == second.text == RICH.content
    assert field not in server.asked[-1].body
    assert {"model", "messages", "max_tokens", "tools"} <= server.asked[-1].body.keys()


async def test_the_key_is_sent_to_its_server_only_and_never_follows_a_redirect(
    stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k-123")
    elsewhere = Conformance(Reply("caught"))
    async with conforming(elsewhere) as other:
        away = Refusal(307, b"", headers={"Location": f"{other.url}/v1/chat/completions"})
        server = Conformance(in_turn(Reply("hello"), away), Dialect(key="k-123"))
        async with reached(server, stream, "A_KEY") as (client, _):
            assert (await ask(client)).text == "hello"
            with pytest.raises(ChatFailed, match="HTTP 307"):
                await ask(client)
    assert elsewhere.requests == 0


async def test_a_cancelled_call_closes_its_socket_within_a_second(stream: bool) -> None:
    slow = Reply("word " * 2_000, waits_s=0.0 if stream else 30.0, stream=Stream(gap_s=0.05))
    server = Conformance(slow)
    async with reached(server, stream) as (client, there):
        task = asyncio.create_task(ask(client, 30.0))
        while not server.at_work:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert there.connections == 1
        task.cancel()
        async with asyncio.timeout(1):
            while there.connections or server.at_work:
                await asyncio.sleep(0.01)
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
        said = [{"role": "user", "content": odd}]
        await client.complete(said, model=MODEL, temperature=0.2, max_tokens=100, timeout_s=5)
    (asked,) = server.asked
    assert asked.prompt == odd
    assert asked.streamed is stream
    assert json.loads(json.dumps(asked.body)) == asked.body
