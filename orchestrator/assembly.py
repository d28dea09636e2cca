"""A streamed reply put together: from its chunks to what the same server would have sent in one piece."""

from collections.abc import Mapping
from typing import Any, Final

from orchestrator.course import Course
from orchestrator.hearing import Hearing
from orchestrator.reply import written_text
from orchestrator.reply_body import LARGEST_BYTES, TooLarge

_THOUGHTS: Final = ("reasoning", "reasoning_content")
_GROWING: Final = ("content", *_THOUGHTS, "refusal")
_CALL_BYTES: Final = 100
"""What a call counts besides its texts."""


class Assembly:
    """Takes the chunks of one reply; only its first choice is kept. Costs the same for each piece."""

    def __init__(self, course: Course, hearing: Hearing | None) -> None:
        self.begun = False
        """Whether there was any choice."""
        self.finished = False
        """Whether the model said that it is done."""
        self._course = course
        self._hearing = hearing
        self._head: dict[str, Any] = {}
        self._finish_reason: Any = None
        self._texts: dict[str, list[str]] = {}
        self._calls = Calls()
        self._other: dict[str, Any] = {}

    def take(self, chunk: Mapping[str, Any]) -> None:
        """One chunk; raises TooLarge."""
        for name, value in chunk.items():
            if name != "choices" and value is not None:
                self._head[name] = value
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and not choice.get("index"):
                self._choice(choice)

    def raw(self) -> dict[str, Any]:
        """The reply in the form of a whole one."""
        message: dict[str, Any] = {"role": "assistant", "content": None, **self._other}
        message |= {name: "".join(parts) for name, parts in self._texts.items()}
        if self._calls.any:
            message["tool_calls"] = self._calls.whole()
        choice = {"index": 0, "message": message, "finish_reason": self._finish_reason}
        return {**self._head, "object": "chat.completion", "choices": [choice]}

    def _choice(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta")
        if not isinstance(delta, Mapping):
            # Some servers that do not stream wrap their whole reply into one event.
            delta = choice.get("message")
        self.begun = self.begun or isinstance(delta, Mapping)
        if isinstance(delta, Mapping) and delta:
            self._delta(delta)
        reason = choice.get("finish_reason")
        if reason is not None:
            self._finish_reason = reason
            self.finished = self.finished or bool(reason)

    def _delta(self, delta: Mapping[str, Any]) -> None:
        thought = ""
        for name, value in delta.items():
            if name in _GROWING:
                piece = written_text(value)
                if piece and name in _THOUGHTS:
                    # Some servers say the same under both names.
                    if piece != thought and self._hearing is not None:
                        self._hearing.thinks(piece)
                    thought = piece
                elif piece and name == "content" and self._hearing is not None:
                    self._hearing.says(piece)
                self._grow(name, piece, value)
            elif name == "tool_calls":
                self._count(self._calls.take(value))
            elif name != "role":
                self._other[name] = value

    def _grow(self, name: str, piece: str, value: object) -> None:
        if piece or value is not None:
            self._texts.setdefault(name, []).append(piece)
            self._count(len(piece) if piece.isascii() else len(piece.encode("utf-8", "replace")))

    def _count(self, arrived_bytes: int) -> None:
        self._course.arrived_bytes += arrived_bytes
        if self._course.arrived_bytes > LARGEST_BYTES:
            raise TooLarge


class Calls:
    """The calls of tools in a streamed reply, put together by their index."""

    def __init__(self) -> None:
        self._by_index: dict[object, _Call] = {}
        self._last: _Call | None = None

    @property
    def any(self) -> bool:
        """Whether there are some."""
        return bool(self._by_index)

    def take(self, deltas: object) -> int:
        """The `tool_calls` of one delta; gives back their size."""
        size = 0
        for delta in deltas if isinstance(deltas, list) else ():
            call, new = self._call(delta)
            size += call.take(delta) + (_CALL_BYTES if new else 0)
        return size

    def whole(self) -> list[Any]:
        """All of them, in the order of their index where they have one."""
        numbered = sorted((index, call) for index, call in self._by_index.items() if type(index) is int)
        unnumbered = [call for index, call in self._by_index.items() if type(index) is not int]
        return [call.whole() for call in (*(call for _, call in numbered), *unnumbered)]

    def _call(self, delta: object) -> "tuple[_Call, bool]":
        index: object = delta.get("index") if isinstance(delta, Mapping) else None
        if type(index) is not int:
            if self._last is not None and isinstance(delta, Mapping) and not _begins(delta):
                return self._last, False
            index = object()
        new = index not in self._by_index
        self._last = self._by_index.setdefault(index, _Call())
        return self._last, new


def _begins(delta: Mapping[str, Any]) -> bool:
    """Whether a delta without an index begins a call: it has an id or a name, which a later fragment lacks."""
    function = delta.get("function")
    return bool(delta.get("id") or (isinstance(function, Mapping) and function.get("name")))


class _Call:
    """One call while it arrives."""

    def __init__(self) -> None:
        self._said: dict[str, Any] = {}
        self._function: dict[str, Any] = {}
        self._arguments: list[str] = []
        self._odd: object = None

    def take(self, delta: object) -> int:
        """A fragment; gives back its size."""
        if not isinstance(delta, Mapping):
            self._odd = delta
            return len(str(delta))
        for name, value in delta.items():
            if name not in ("index", "function") and value is not None:
                self._said[name] = value
        function = delta.get("function")
        return self._fragment(function) if isinstance(function, Mapping) else 0

    def _fragment(self, function: Mapping[str, Any]) -> int:
        size = 0
        for name, value in function.items():
            if name == "arguments" and isinstance(value, str):
                self._arguments.append(value)
                size += len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
            elif value is not None:
                self._function[name] = value
                size += len(value) if isinstance(value, str) else 0
        return size

    def whole(self) -> Any:
        """The call as a whole reply lists it."""
        if not self._said and not self._function and not self._arguments:
            return self._odd
        function = dict(self._function)
        if self._arguments:
            function["arguments"] = "".join(self._arguments)
        return {**self._said, "function": function}
