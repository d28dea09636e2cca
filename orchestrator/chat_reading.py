"""From an HTTP reply to a chat completion, whether it comes whole or as a stream; or why it is none."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from orchestrator.assembly import Assembly
from orchestrator.course import Course
from orchestrator.endpoint_client import EndpointClient
from orchestrator.failure import EndpointFailed, TryAgain, worded
from orchestrator.hearing import Hearing
from orchestrator.reply import text_and_thinking
from orchestrator.reply_body import LARGEST_BYTES, Arriving, TooLarge, header
from orchestrator.retry import RETRIED_STATUSES
from orchestrator.server_events import ServerEvent, ServerEvents

_LARGEST_STREAM_BYTES: Final = 4 * LARGEST_BYTES
"""Each token of a stream comes in some hundred bytes, so a long reply is many times its text."""
_GRACE_S: Final = 2.0
"""How long the count of tokens and the end of a stream are waited for once its reply is finished."""
_BEGINNINGS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_DONE: Final = b"[DONE]"
_DEEPEST: Final = 100

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatReading:
    """Reads the replies of one call."""

    server: EndpointClient
    course: Course
    hearing: Hearing | None

    async def __call__(self, response: httpx.Response) -> Raw:
        """The reply in the form of a whole one, its key struck out.

        Raises EndpointFailed, TryAgain, TooLarge or httpx.TransportError.
        """
        if self.hearing is not None:
            self.hearing.begin()
        async with Arriving(response) as arriving:
            first = await _first(arriving)
            # Not every server streams that was asked to, and not every one says rightly what it sends.
            kind = header(response, b"content-type") or b""
            if kind.startswith(b"text/event-stream") or first.startswith(_BEGINNINGS):
                return await self._streamed(first, arriving)
            return await self._whole(first, arriving)

    async def _whole(self, first: bytes, arriving: AsyncIterator[bytes]) -> Raw:
        kept, course = [first], self.course
        course.arrived_bytes = len(first)
        async for piece in arriving:
            kept.append(piece)
            course.arrived_bytes += len(piece)
            if course.arrived_bytes > LARGEST_BYTES:
                raise TooLarge
        content = b"".join(kept)
        if not content.startswith(b"{"):
            # A gateway's page, which no model wrote.
            course.arrived_bytes = 0
        deep = content.count(b"[") + content.count(b"{") > _DEEPEST
        raw = self._completed(self.parsed(content), deep=deep)
        if self.hearing is not None:
            text, thinking = text_and_thinking(raw["choices"][0]["message"])
            self.hearing.thinks(thinking)
            self.hearing.says(text)
            self.hearing.end()
        return raw

    async def _streamed(self, first: bytes, arriving: AsyncIterator[bytes]) -> Raw:
        stream = _Stream(self, Assembly(self.course, self.hearing))
        grace = asyncio.timeout(None)
        try:
            async with grace:
                stream.take(first, grace)
                async for piece in arriving:
                    stream.take(piece, grace)
        except (TimeoutError, httpx.TransportError):
            # What is missing is the end of a stream whose reply is there.
            if not stream.finished:
                raise
        raw = stream.ended()
        if self.hearing is not None:
            self.hearing.end()
        return raw

    def parsed(self, content: bytes) -> Any:
        """The JSON; raises TryAgain."""
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            # JSON that was cut short may have cost something, and so may what came before this.
            self.course.due = self.course.due and (content.startswith(b"{") or self.course.arrived_bytes > 0)
        raise self.server.failures.not_json(content)

    def _completed(self, raw: Any, *, deep: bool) -> Raw:
        """A reply with a message."""
        words = self.server.failures
        if not isinstance(raw, dict):
            raise words.no_reply(f"with {type(raw).__name__} instead of a JSON object")
        if raw.get("error"):
            self.course.arrived_bytes = 0
            raise self.error(raw)
        choices = raw.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise words.no_reply("without any choice")
        if not isinstance(choices[0].get("message"), dict):
            raise words.no_reply("without a message")
        return self.struck(raw, deep=deep)

    def struck(self, raw: Raw, *, deep: bool = True) -> Raw:
        """The reply without the key; raises EndpointFailed where it is nested deeper than anybody could write down.

        It cannot be where it is not `deep`.
        """
        if deep and not _shallow(raw):
            raise self.server.failures.no_reply("with JSON that is nested too deeply")
        key = self.server.key
        struck: Raw = key.struck_json(raw)
        if key.sent:
            message = struck["choices"][0]["message"]
            text, thinking = map(key.struck, said := text_and_thinking(message))
            if (text, thinking) != said:
                # Content may come in parts, or around thinking, and a key may be cut in between.
                message |= {"content": text, "reasoning": thinking, "reasoning_content": None}
        return struck

    def error(self, raw: Mapping[str, Any]) -> EndpointFailed | TryAgain:
        """An error in a reply with 200: judged by the status that it names, and as one that may pass if it names none.

        It cost nothing unless a part of the reply had come before it.
        """
        self.course.due = self.course.due and self.course.arrived_bytes > 0
        told = raw.get("error") or raw
        code = str(told.get("code")) if isinstance(told, Mapping) else ""
        status = int(code) if code.isdecimal() and len(code) == len("500") else None
        failure = self.server.failures.no_reply("with an error", worded(raw), status)
        return TryAgain(failure) if status is None or status in RETRIED_STATUSES else failure


class _Stream:
    """A reply that is being streamed."""

    def __init__(self, reading: ChatReading, assembly: Assembly) -> None:
        self._reading = reading
        self._assembly = assembly
        self._events = ServerEvents()
        self._bytes = 0
        self._done = False

    @property
    def finished(self) -> bool:
        """Whether the reply is there, if not the end of the stream."""
        return self._done or self._assembly.finished

    def take(self, piece: bytes, grace: asyncio.Timeout) -> None:
        """Bytes as they come; raises EndpointFailed, TryAgain or TooLarge. Sets the grace once the reply is there."""
        self._bytes += len(piece)
        for event in self._events.take(piece):
            self._event(event)
        if self._bytes > _LARGEST_STREAM_BYTES:
            raise TooLarge(_LARGEST_STREAM_BYTES)
        if self._events.begun_bytes > LARGEST_BYTES:
            raise TooLarge
        if self.finished and grace.when() is None:
            grace.reschedule(asyncio.get_running_loop().time() + _GRACE_S)

    def ended(self) -> Raw:
        """The reply, now that nothing more comes; raises TryAgain where it is not finished."""
        for event in self._events.end():
            if event.data.endswith((b"}", _DONE)):
                self._event(event)
        reading, words = self._reading, self._reading.server.failures
        if not self.finished:
            raise TryAgain(
                EndpointFailed(f"{words.base} ended its stream before the reply was finished", unhealthy=True)
            )
        if not self._assembly.begun:
            raise words.no_reply("without any choice")
        return reading.struck(self._assembly.raw())

    def _event(self, event: ServerEvent) -> None:
        if self._done:
            return
        if event.data == _DONE:
            self._done = True
            return
        chunk = self._reading.parsed(event.data)
        if not isinstance(chunk, dict):
            return
        if chunk.get("error") or event.name == "error":
            raise self._reading.error(chunk)
        self._assembly.take(chunk)


async def _first(arriving: AsyncIterator[bytes]) -> bytes:
    """The beginning of the body, without blanks before it; long enough to tell what it is, if the body is."""
    first = b""
    async for piece in arriving:
        first = (first + piece).removeprefix(_BYTE_ORDER_MARK).lstrip()
        if len(first) >= len(b"event:"):
            break
    return first


def _shallow(raw: Raw) -> bool:
    """Whether lists and objects are nested at most `_DEEPEST` times."""
    level: list[Any] = [raw]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for value in level:
            inner.extend(value.values() if isinstance(value, dict) else value)
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            return True
    return False
