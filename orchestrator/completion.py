"""What came back from a model: its reply, with the tokens in one convention whatever server counted them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.model_call import Attempt, Usage
from orchestrator.reply import text_and_thinking


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply to one call."""

    text: str
    """Its content, without thinking."""
    thinking: str
    message: Mapping[str, Any]
    """The assistant's message as the server sent it."""
    usage: Usage | None
    """`None` where the server did not report it."""
    finish_reason: str | None
    model: str | None
    """The model that the server says replied."""
    started_at: datetime
    latency_s: float
    """From the first attempt to the end of the last."""
    in_flight: int
    """Calls at this endpoint when this one started, itself included."""
    attempts: tuple[Attempt, ...]
    """The failed attempts before the one that counted."""
    raw: Mapping[str, Any]
    """The whole reply."""

    @property
    def tool_calls(self) -> Any:
        """`tool_calls` as the server sent it: a list, `None`, or anything else that a server makes of it."""
        return self.message.get("tool_calls")


def completion(
    raw: Mapping[str, Any], started_at: datetime, latency_s: float, in_flight: int, attempts: tuple[Attempt, ...]
) -> Completion:
    """The first choice of a chat completion that has a message."""
    choice = raw["choices"][0]
    message = choice["message"]
    text, thinking = text_and_thinking(message)
    return Completion(
        text,
        thinking,
        message,
        usage_of(raw.get("usage")),
        _text(choice.get("finish_reason")),
        _text(raw.get("model")),
        started_at,
        latency_s,
        in_flight,
        attempts,
        raw,
    )


MOST_TOKENS: Final = 10**9
"""A greater count is a server's mistake, and so unknown."""


def usage_of(reported: object) -> Usage | None:
    """Tokens as a server reports them, brought to one form: cached inside input, reasoning inside output.

    Knows the forms of OpenAI (both), DeepSeek and Anthropic. `None` where neither input nor output was reported. A part
    larger than its whole is dropped as a server's mistake.
    """
    if not isinstance(reported, dict):
        return None
    tokens_in, cached = _input(reported)
    tokens_out = _count(reported, "completion_tokens")
    if tokens_out is None:
        tokens_out = _count(reported, "output_tokens")
    if tokens_in is None and tokens_out is None:
        return None
    details = reported.get("completion_tokens_details") or reported.get("output_tokens_details")
    reasoning = _count(details, "reasoning_tokens")
    return Usage(tokens_in, tokens_out, _part(cached, tokens_in), _part(reasoning, tokens_out))


def _input(reported: dict[str, Any]) -> tuple[int | None, int | None]:
    """Input tokens and how many of them were cached."""
    details = reported.get("prompt_tokens_details") or reported.get("input_tokens_details")
    cached = _count(details, "cached_tokens")
    if cached is None:
        cached = _count(reported, "prompt_cache_hit_tokens")
    tokens = _count(reported, "prompt_tokens")
    return (tokens, cached) if tokens is not None else _beside(reported, cached)


def _beside(reported: dict[str, Any], cached: int | None) -> tuple[int | None, int | None]:
    """The same where cached tokens are counted beside the others: by Anthropic, and in DeepSeek's parts."""
    read, created = _count(reported, "cache_read_input_tokens"), _count(reported, "cache_creation_input_tokens")
    fresh, missed = _count(reported, "input_tokens"), _count(reported, "prompt_cache_miss_tokens")
    if fresh is not None:
        return fresh + (read or 0) + (created or 0), cached if read is None else read
    return (None if cached is None or missed is None else cached + missed), cached


def _count(table: object, key: str) -> int | None:
    value = table.get(key) if isinstance(table, dict) else None
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _part(some: int | None, whole: int | None) -> int | None:
    return None if some is None or (whole is not None and some > whole) else some


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
