"""Replies that say a key back in every place and in every form in which a server could."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.servers.reply import Deltas, Refusal, Reply, Stream, called

Echo = Callable[[str], Reply | Refusal]


def escaped(key: str) -> str:
    """Every character as JSON may escape it."""
    return "".join(f"\\u{ord(character):04x}" for character in key)


def slashed(key: str) -> str:
    """As PHP and others write it in JSON."""
    return key.replace("/", "\\/")


def percent(key: str) -> str:
    """Every character as a URL may hold it."""
    return "".join(f"%{ord(character):02X}" for character in key)


def answering(key: str) -> str:
    """A content that serves every role, with the key in each part."""
    return f"<query>who has {key}</query>\n```python\nprint('{key}')\n```\n<answer>It is {key}.</answer>"


def in_arguments(arguments: Any, **more: Any) -> Reply:
    """A call of which the arguments hold the key."""
    return Reply("", tool_calls=[called("search", arguments)], finish_reason="tool_calls", **more)


def error(key: str, status: int = 400) -> Refusal:
    """What many servers say of a wrong key."""
    return Refusal(status, {"error": {"message": f"Incorrect API key provided: {key}.", "code": key}})


SMALL: Final = Stream(fragment=3)
BYTES: Final = Stream(cut=5, comments=True)

ECHOES: Final[Mapping[str, Echo]] = {
    "refused": error,
    "unauthorized": lambda key: error(key, 401),
    "server error": lambda key: error(key, 500),
    "error as text": lambda key: Refusal(500, f"who is {key}?".encode(), "text/plain"),
    "error with the key as a name": lambda key: Refusal(400, {"error": {key: {"message": key}}}),
    "error with escapes": lambda key: Refusal(400, b'{"detail": "%s"}' % escaped(key).encode()),
    "error in half JSON": lambda key: Refusal(400, b'{"error": {"message": "%s' % slashed(key).encode()),
    "error in the URL": lambda key: Refusal(400, {"error": f"/v1/chat?authorization=Bearer%20{percent(key)}"}),
    "error of many lines": lambda key: Refusal(503, ("x" * 280 + key + "y" * 500).encode(), "text/plain"),
    "wait as long": lambda key: Refusal(429, b"", headers={"Retry-After": key}),
    "redirect": lambda key: Refusal(302, b"", headers={"Location": f"http://127.0.0.1:9/?key={key}"}),
    "headers": lambda key: Reply(answering("nobody"), headers={"X-Echo": key, "Set-Cookie": f"key={key}"}),
    "page": lambda key: Refusal(200, f"<html><body>{key}</body></html>".encode(), "text/html"),
    "page, cut in the key": lambda key: Refusal(200, (" " * 64 + f"<p>{key}</p>").encode(), "text/html"),
    "error in a 200": lambda key: Refusal(200, {"error": {"message": key}}),
    "no choices": lambda key: Refusal(200, {"choices": key, "echo": key}),
    "content": lambda key: Reply(answering(key)),
    "content with escapes": lambda key: Reply(answering(escaped(key))),
    "content in pieces": lambda key: Reply(answering(key), stream=SMALL),
    "content in bytes": lambda key: Reply(answering(key), stream=BYTES),
    "content in parts": lambda key: Reply(
        [{"type": "text", "text": f"<answer>It is {key[:9]}"}, {"type": "text", "text": f"{key[9:]}.</answer>"}]
    ),
    "thinking": lambda key: Reply(f"<think>The key is {key}.</think>{answering('secret')}", stream=SMALL),
    "thinking without an end": lambda key: Reply(f"<think>The key is {key} and", stream=SMALL),
    "reasoning": lambda key: Reply("", reasoning=f"The key is {key}", stream=SMALL),
    "reasoning_content": lambda key: Reply("", reasoning_content=f"The key is {key}", stream=BYTES),
    "a call's alias": lambda key: in_arguments({"model": key}, stream=SMALL),
    "a call's alias with escapes": lambda key: in_arguments(f'{{"model": "{escaped(key)}"}}', stream=BYTES),
    "a call's alias with slashes": lambda key: in_arguments(f'{{"model": "{slashed(key)}"}}'),
    "a call's arguments by name": lambda key: in_arguments({key: {"model": key}}),
    "a call's broken arguments": lambda key: in_arguments(f'{{"model": {key}', stream=SMALL),
    "a call's tool": lambda key: Reply("", tool_calls=[called(key, {"model": "search-1"}, key)]),
    "a call that is no call": lambda key: Reply("", tool_calls=[key, [key]]),
    "a call in text": lambda key: Reply(
        f'<tool_call>{{"name": "search", "arguments": {{"model": "{key}"}}}}</tool_call>', stream=SMALL
    ),
    "a call in text with escapes": lambda key: Reply(
        f'<tool_call>{{"name": "{escaped(key)}", "arguments": {{}}}}</tool_call>', stream=BYTES
    ),
    "whole calls": lambda key: in_arguments({"model": key}, stream=Stream(deltas=Deltas.WITHOUT_INDEX)),
    "model": lambda key: Reply(answering("nobody"), model=key),
    "finish reason": lambda key: Reply(answering("nobody"), finish_reason=key),
    "usage": lambda key: Reply(answering("nobody"), usage={"prompt_tokens": key, "completion_tokens": 1, key: key}),
    "further keys": lambda key: Reply("", more={"refusal": key, "audio": {"transcript": key}, key: [key]}),
    "error within a stream": lambda key: Reply("one two three four", stream=Stream(error={"message": key})),
    "no end": lambda key: Reply(answering(key), finish_reason=None, stream=Stream(fragment=3, done=False)),
    "cut off": lambda key: replace(Reply(answering(key)), finish_reason="length"),
}


def as_sent(said: Reply | Refusal) -> str:
    """All that the reply says, as one text."""
    if isinstance(said, Refusal):
        return said.bytes.decode() + json.dumps(dict(said.headers))
    return json.dumps(
        [said.message, said.model, said.finish_reason, dict(said.headers), said.stream.error, str(said.usage)]
    )
