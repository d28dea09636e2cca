"""What a model server says to a chat request: whole or as a stream, with the oddities that real servers have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from itertools import chain, zip_longest
from typing import Any

Json = Any


class Absent(Enum):
    """Tells a key that is left out from one that is null."""

    ABSENT = "absent"
    COUNTED = "counted"
    """Usage as the server itself counts it."""


ABSENT, COUNTED = Absent.ABSENT, Absent.COUNTED


class Deltas(StrEnum):
    """How the calls of tools travel in a stream."""

    FRAGMENTS = "fragments"
    """Id and name first, without `arguments`; then the arguments bit by bit. As vLLM does it."""
    NAMED = "named"
    """The first fragment of the arguments comes with the name; later ones repeat id and name as null."""
    WHOLE = "whole"
    """One delta holds one whole call."""
    WITHOUT_INDEX = "without index"
    """Whole calls, none of which says its index."""
    TOGETHER = "together"
    """One delta holds all calls."""


class UsageChunk(StrEnum):
    """Where in a stream the usage stands."""

    LAST = "last"
    """In a chunk of its own without choices, if the request asked for it."""
    ALWAYS = "always"
    """The same, asked for or not."""
    WITH_FINISH = "with finish"
    EACH = "each"
    """Grows in every chunk, and once more at the end."""
    NULL = "null"
    """Null in every chunk but the last one, as OpenAI does it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How a stream is written."""

    role_chunk: bool = True
    fragment: int = 7
    """Characters in a delta."""
    deltas: Deltas = Deltas.FRAGMENTS
    interleaved: bool = False
    """The fragments of several calls take turns."""
    usage: UsageChunk = UsageChunk.LAST
    done: bool = True
    """Ends with `[DONE]`."""
    space: bool = True
    """`data: {` instead of `data:{`."""
    newline: str = "\n"
    comments: bool = False
    """Keep-alive comments, event names and ids between the events."""
    cut: int | None = None
    """Bytes that are sent at a time, wherever a character or a line ends; `None`: one event at a time."""
    gap_s: float = 0.0
    """Seconds between what is sent at a time."""
    ascii: bool = False
    """JSON with escapes instead of UTF-8."""
    error: Json = None
    """Sent as an event in the midst of the content, after which the stream ends."""
    ignored: bool = False
    """The server does not stream: the reply comes whole."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One choice of a chat completion. `ABSENT` leaves a key out."""

    content: Json = ""
    tool_calls: Json = ABSENT
    reasoning: Json = ABSENT
    reasoning_content: Json = ABSENT
    finish_reason: Json = "stop"
    usage: Json = COUNTED
    model: Json = None
    """`None`: the one that was asked for."""
    more: Mapping[str, Json] = field(default_factory=dict)
    """Further keys of the message, such as `refusal` and `annotations`."""
    stream: Stream = Stream()
    waits_s: float = 0.0
    """Before the first byte."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> dict[str, Json]:
        """The assistant's message as a whole reply holds it."""
        keys = ("content", "tool_calls", "reasoning", "reasoning_content")
        said = {key: value for key in keys if (value := getattr(self, key)) is not ABSENT}
        return {"role": "assistant", **said, **self.more}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something else than a chat completion: any status and any body."""

    status: int
    body: Json = b""
    """Bytes as they are, or JSON."""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    waits_s: float = 0.0

    @property
    def bytes(self) -> bytes:
        """The body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def called(name: Json, arguments: Json, id: Json = "call-1") -> dict[str, Json]:
    """One call as `tool_calls` lists it; arguments that are no text become JSON text."""
    text = arguments if isinstance(arguments, str) or arguments is None else json.dumps(arguments)
    return {"id": id, "type": "function", "function": {"name": name, "arguments": text}}


def whole(reply: Reply, model: str, usage: Json) -> bytes:
    """The reply in one piece."""
    said: dict[str, Json] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": model,
        "choices": [{"index": 0, "message": reply.message, "finish_reason": reply.finish_reason, "logprobs": None}],
    }
    if usage is not ABSENT:
        said["usage"] = usage
    return json.dumps(said, ensure_ascii=reply.stream.ascii).encode("utf-8", "surrogatepass")


def pieces(reply: Reply, model: str, usage: Json, *, asked_for_usage: bool) -> Iterator[bytes]:
    """The reply as server-sent events, cut into what is sent at a time."""
    stream = reply.stream
    chunks = _chunks(reply, usage, asked_for_usage=asked_for_usage)
    events = (
        _event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, **c}, stream) for c in chunks
    )
    ending = [_line("[DONE]", stream)] if stream.done and stream.error is None else []
    if stream.cut is None:
        yield from chain(events, ending)
        return
    sent = b"".join(chain(events, ending))
    yield from (sent[start : start + stream.cut] for start in range(0, len(sent), stream.cut))


def _event(chunk: Mapping[str, Json], stream: Stream) -> bytes:
    if "error" in chunk:
        chunk = {"error": chunk["error"]}
    text = json.dumps(chunk, ensure_ascii=stream.ascii)
    before = f": keep-alive{stream.newline}{stream.newline}event: message{stream.newline}" if stream.comments else ""
    return before.encode() + _line(text, stream)


def _line(text: str, stream: Stream) -> bytes:
    return f"data:{' ' if stream.space else ''}{text}{stream.newline}{stream.newline}".encode("utf-8", "surrogatepass")


def _chunks(reply: Reply, usage: Json, *, asked_for_usage: bool) -> Iterator[dict[str, Json]]:
    stream = reply.stream
    for number, delta in enumerate(_deltas(reply)):
        if stream.error is not None and number == 2:
            yield {"error": stream.error}
            return
        yield _chunk(delta, None, _running(stream, usage, number))
    yield _chunk({}, reply.finish_reason, usage if stream.usage is UsageChunk.WITH_FINISH else ABSENT)
    wanted = asked_for_usage if stream.usage is UsageChunk.LAST else stream.usage is not UsageChunk.WITH_FINISH
    if wanted and usage is not ABSENT:
        yield {"choices": [], "usage": usage}


def _running(stream: Stream, usage: Json, number: int) -> Json:
    """The usage in the chunk of that number, before the last."""
    if stream.usage is UsageChunk.EACH and isinstance(usage, Mapping):
        return {**usage, "completion_tokens": number}
    return None if stream.usage is UsageChunk.NULL else ABSENT


def _chunk(delta: Json, finish_reason: Json, usage: Json) -> dict[str, Json]:
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}]}
    return chunk if usage is ABSENT else {**chunk, "usage": usage}


def _deltas(reply: Reply) -> Iterator[dict[str, Json]]:
    stream = reply.stream
    if stream.role_chunk:
        yield {"role": "assistant", "content": ""}
    for key in ("reasoning", "reasoning_content", "content"):
        yield from ({key: piece} for piece in _fragments(getattr(reply, key), stream.fragment))
    if isinstance(reply.tool_calls, Sequence) and reply.tool_calls:
        yield from _calls(reply.tool_calls, stream)
    elif reply.tool_calls is not ABSENT:
        yield {"tool_calls": reply.tool_calls}
    if reply.more:
        yield dict(reply.more)


def _fragments(said: Json, size: int) -> Iterator[Json]:
    if isinstance(said, str):
        yield from (said[start : start + size] for start in range(0, len(said), size))
    elif said is not ABSENT:
        yield said


def _calls(calls: Sequence[Json], stream: Stream) -> Iterator[dict[str, Json]]:
    if stream.deltas is Deltas.TOGETHER:
        yield {"tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]}
        return
    each = [list(_call(index, call, stream)) for index, call in enumerate(calls)]
    in_order = chain.from_iterable(zip_longest(*each) if stream.interleaved else each)
    yield from ({"tool_calls": [delta]} for delta in in_order if delta is not None)


def _call(index: int, call: Json, stream: Stream) -> Iterator[Json]:
    if not isinstance(call, Mapping) or stream.deltas is Deltas.WITHOUT_INDEX:
        yield call
        return
    function = call.get("function")
    if stream.deltas is Deltas.WHOLE or not isinstance(function, Mapping):
        yield {"index": index, **call}
        return
    fragments = list(_fragments(function.get("arguments"), stream.fragment))
    first = {"index": index, **call, "function": {"name": function.get("name")}}
    nothing: dict[str, Json] = {}
    if stream.deltas is Deltas.NAMED:
        first["function"]["arguments"] = fragments.pop(0) if fragments else ""
        nothing = {"id": None, "type": None}
    yield first
    for fragment in fragments:
        named = {"name": None} if nothing else {}
        yield {"index": index, **nothing, "function": {**named, "arguments": fragment}}
