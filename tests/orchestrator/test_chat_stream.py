import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import retry
from orchestrator.chat import ChatClient
from orchestrator.chat_request import ChatRequest
from orchestrator.completion import Completion
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.hearing import Hear, Hearing
from orchestrator.key import Key
from orchestrator.model_call import Usage
from orchestrator.pool import Endpoint, Sampling
from orchestrator.reply import storable, text_and_thinking

ENDPOINT = Endpoint("http://127.0.0.1:8001/v1")


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return line({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def line(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
SHORT = event({"content": "42"}, "stop") + DONE
LONG = (
    event({"role": "assistant", "content": ""})
    + event({"reasoning": "6 by 7 "})
    + event({"reasoning": "\N{THINKING FACE}"})
    + event({"content": "so <"})
    + event({"content": "b> 42"})
    + event({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "search"}}]})
    + event({"tool_calls": [{"index": 0, "function": {"arguments": '{"model": '}}]})
    + event({"tool_calls": [{"index": 0, "function": {"arguments": '"search-1"}'}}]})
    + event({}, "tool_calls")
    + line({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    + DONE
)


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces, and stays open for a while or breaks behind them."""

    def __init__(self, pieces: Iterable[bytes], *, open_s: float = 0, breaks: bool = False) -> None:
        self._pieces = pieces
        self._open_s = open_s
        self._breaks = breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        await asyncio.sleep(self._open_s)
        if self._breaks:
            raise httpx.ReadError("reset")


async def replied(
    *bodies: httpx.AsyncByteStream, hear: Hear | None = None, course: Course | None = None, kind: str | None = None
) -> Completion:
    left = list(bodies)
    headers = {"content-type": kind or "text/event-stream; charset=utf-8"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, stream=left.pop(0)))
    request = ChatRequest([{"role": "user", "content": "hi"}], "m", Sampling(timeout_s=5))
    return await ChatClient(ENDPOINT, transport).complete(request, course, hear)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


@given(st.sets(st.integers(1, len(LONG) - 1)), st.booleans())
async def test_a_stream_says_the_same_wherever_the_network_cuts_it(cuts: set[int], crlf: bool) -> None:
    body = LONG.replace(b"\n", b"\r\n") if crlf else LONG
    ends = [*sorted(cuts), len(body)]
    completion = await replied(Pieces(body[start:end] for start, end in zip([0, *ends], ends, strict=False)))
    assert completion.text == "so <b> 42"
    assert completion.thinking == "6 by 7 \N{THINKING FACE}"
    call = {"name": "search", "arguments": '{"model": "search-1"}'}
    assert completion.tool_calls == [{"id": "c", "type": "function", "function": call}]
    assert completion.finish_reason == "tool_calls"
    assert completion.usage == Usage(3, 4)


async def test_a_stream_is_heard_piece_by_piece_thinking_apart_from_the_reply() -> None:
    heard: list[tuple[str, bool, bool]] = []
    await replied(Pieces([LONG]), hear=lambda *piece: heard.append(piece))
    assert heard == [
        ("6 by 7 ", True, False),
        ("\N{THINKING FACE}", True, False),
        ("so ", False, False),
        ("<b> 42", False, False),
    ]


async def test_a_reply_that_comes_whole_is_heard_at_its_end() -> None:
    heard: list[tuple[str, bool, bool]] = []
    whole = json.dumps({"choices": [{"message": {"content": "<think>hm</think>42"}}]}).encode()
    completion = await replied(Pieces([whole]), hear=lambda *piece: heard.append(piece), kind="application/json")
    assert (completion.text, completion.thinking) == ("42", "hm")
    assert heard == [("hm", True, False), ("42", False, False)]


async def test_what_was_heard_of_a_failed_attempt_is_taken_back() -> None:
    heard: list[tuple[str, bool, bool]] = []
    broken = Pieces([event({"content": "4"}), event({"content": "1 <th"})], breaks=True)
    completion = await replied(broken, Pieces([SHORT]), hear=lambda *piece: heard.append(piece))
    assert heard == [("4", False, False), ("1 ", False, False), ("42", False, True)]
    assert completion.text == "42"


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "think", "a", "é", "\ud83d", "\ude00", "\0"])), st.data())
async def test_what_is_heard_is_what_is_kept(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    told = {True: "", False: ""}

    def hear(piece: str, thinking: bool, fresh: bool) -> None:
        assert piece == storable(piece)
        told[thinking] += piece

    hearing = Hearing(hear, Key(None))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        hearing.says(text[start:end])
    hearing.end()
    kept, thinking = text_and_thinking({"content": text})
    opened = text.find("<think>")
    if opened >= 0 or "</think>" not in text:
        # Content that begins within its thinking shows that only where the thinking ends.
        assert told[True].strip() == thinking or text.find("</think>") in range(opened)
        assert told[False].strip() == kept or text.find("</think>") in range(opened)


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain", ""])
async def test_a_stream_is_known_by_its_beginning_whatever_the_server_calls_it(kind: str) -> None:
    body = b"\xef\xbb\xbf" + SHORT if kind == "text/event-stream" else b"\n: hello\n\n" + SHORT
    assert (await replied(Pieces([body]), kind=kind or " ")).text == "42"


async def test_a_stream_that_does_not_end_is_left_once_the_reply_is_finished() -> None:
    begun = time.perf_counter()
    completion = await replied(Pieces([event({"content": "42"}, "stop")], open_s=60))
    assert completion.text == "42"
    assert time.perf_counter() - begun < 4


async def test_a_finished_reply_is_kept_where_the_connection_breaks_behind_it() -> None:
    completion = await replied(Pieces([event({"content": "42"}, "stop")], breaks=True))
    assert (completion.text, completion.usage, completion.attempts) == ("42", None, ())


@pytest.mark.parametrize("body", [b"", b": hello\n\n", event({"content": "4"}), event({"content": "4"})[:-3]])
async def test_a_stream_that_ends_before_the_reply_is_tried_again(body: bytes) -> None:
    completion = await replied(Pieces([body]), Pieces([SHORT]))
    assert completion.text == "42"
    assert "ended its stream before the reply was finished" in completion.attempts[0].error


async def test_an_error_in_the_midst_of_a_stream_is_tried_again_and_may_have_cost_something() -> None:
    priced = Course(lost_usd=Decimal)
    error = line({"error": {"message": "the engine died"}})
    completion = await replied(
        Pieces([error]), Pieces([event({"content": "4é"}) + error]), Pieces([SHORT]), course=priced
    )
    assert completion.text == "42"
    assert [attempt.usd for attempt in completion.attempts] == [0, 3]
    assert "replied with an error: the engine died" in completion.attempts[1].error


async def test_the_halves_of_a_character_that_come_apart_are_put_together() -> None:
    halves = Pieces([event({"content": "\ud83d"}), event({"content": "\ude00"}, "stop") + DONE])
    heard: list[str] = []
    completion = await replied(halves, hear=lambda piece, thinking, fresh: heard.append(piece))
    assert completion.text == "\N{GRINNING FACE}"
    assert heard == ["\N{GRINNING FACE}"]


@pytest.mark.parametrize("endless", [event({"content": "x" * 4_000}), b": hello\n" * 500, b"x" * 4_000])
async def test_a_stream_without_an_end_is_not_read_on_and_on(endless: bytes) -> None:
    async def on_and_on() -> AsyncIterator[bytes]:
        while True:
            yield endless

    class Endless(httpx.AsyncByteStream):
        def __aiter__(self) -> AsyncIterator[bytes]:
            return on_and_on()

    with pytest.raises(EndpointFailed, match=r"more than (8|32) MiB, which was not read"):
        await replied(Endless())


async def test_a_long_stream_costs_time_in_proportion_to_its_length() -> None:
    async def seconds(chunks: int) -> float:
        body = Pieces([*[event({"content": "word "})] * chunks, SHORT])
        begun = time.process_time()
        assert (await replied(body, hear=lambda piece, thinking, fresh: None)).text.count("word") == chunks
        return time.process_time() - begun

    await seconds(100)
    assert await seconds(20_000) < 40 * max(await seconds(1_000), 0.01)
