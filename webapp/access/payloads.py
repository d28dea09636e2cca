"""Bodies for Gradio: plain values only. The description of a file would make Gradio read or fetch what it names."""

import json
from typing import Any, Final

from starlette.types import Message, Receive

MOST_NODES: Final = 200_000
"""Values in one body; Gradio walks over each several times."""
MOST_DEPTH: Final = 50
_FILE: Final = "gradio.FileData"


class BadPayload(ValueError):
    """A body that no event takes; the message says why."""


async def without_files(receive: Receive) -> Receive:
    """The same body once more, read and checked; raises BadPayload."""
    parts: list[bytes] = []
    message = await receive()
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
        message = await receive()
    body = b"".join(parts)
    check(body)
    return _again(body, receive)


def check(body: bytes) -> None:
    """Raises BadPayload where it is not JSON, is huge or deep, or describes a file anywhere."""
    try:
        found = json.loads(body or b"null")
    except (ValueError, RecursionError) as error:
        raise BadPayload("the body must be JSON that is not nested deeply") from error
    waiting: list[tuple[Any, int]] = [(found, 0)]
    nodes = 0
    while waiting:
        value, depth = waiting.pop()
        nodes += 1
        if depth > MOST_DEPTH or nodes > MOST_NODES:
            raise BadPayload("the body has too many values, or they are nested too deeply")
        if isinstance(value, dict):
            _check_no_file(value)
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_no_file(value: dict[str, Any]) -> None:
    if value.get("_type") == _FILE or ("path" in value and ("meta" in value or "url" in value)):
        raise BadPayload("no event here takes a file")


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
