"""One billed or timed call as the trace shows it: tokens, dollars, seconds, failed attempts and its texts."""

from collections.abc import Sequence
from typing import Any

from orchestrator.kept_text import is_address
from orchestrator.model_call import Attempt, CallRole, ModelCall
from webapp.views import amounts, words

LEAST_WAIT_S = 0.05
"""Seconds of waiting that are worth a word."""

JsonObject = dict[str, Any]


def call_rows(calls: Sequence[ModelCall]) -> list[JsonObject]:
    """The calls of a step in order; one that took the place of a failed one says so."""
    return [call_row(call, _replaced(call, calls[:place])) for place, call in enumerate(calls)]


def call_row(call: ModelCall, replaced: str | None = None) -> JsonObject:
    """One call; `replaced` is the model that should have answered."""
    price = call.charge.source if call.charge.as_of is None else f"{call.charge.source}, {call.charge.as_of}"
    return {
        "role": words.ROLES[call.role],
        "alias": call.alias,
        "model": call.model,
        "fallback": None if replaced is None else words.FALLBACK.format(model=replaced),
        "tokens": _tokens(call),
        "cost": amounts.cost([call]),
        "status": call.charge.status.value,
        "price": price,
        "seconds": amounts.seconds(call.latency_s),
        "simulated": call.simulated,
        "notes": _notes(call),
        "attempts": [_attempt(attempt) for attempt in call.attempts],
        "error": call.error,
        "prompt": _text(call.prompt),
        "reply": _text(call.reply),
    }


def _tokens(call: ModelCall) -> str | None:
    """`2,431 in (1,920 from cache), 86 out (40 reasoning)`; `None` where nothing is known."""
    usage = call.usage
    if usage is None or (usage.input_tokens is None and usage.output_tokens is None):
        return None
    inward = _counted(usage.input_tokens, words.TOKENS_IN, usage.cached_tokens, words.TOKENS_CACHED)
    outward = _counted(usage.output_tokens, words.TOKENS_OUT, usage.reasoning_tokens, words.TOKENS_REASONING)
    return ", ".join(said for said in (inward, outward) if said)


def _counted(number: int | None, name: str, part: int | None, part_name: str) -> str:
    if number is None:
        return ""
    return f"{number:,} {name}" + (f" ({part:,} {part_name})" if part else "")


def _notes(call: ModelCall) -> list[str]:
    notes = []
    if call.tokens_by is not None:
        notes.append(words.TOKENS_BY.format(by=call.tokens_by))
    if call.queued_s is not None and call.queued_s > LEAST_WAIT_S:
        notes.append(words.QUEUED.format(seconds=amounts.seconds(call.queued_s)))
    if call.in_flight is not None and call.in_flight > 1:
        notes.append(words.IN_FLIGHT.format(count=call.in_flight))
    return notes


def _attempt(attempt: Attempt) -> JsonObject:
    return {
        "error": attempt.error,
        "seconds": amounts.seconds(attempt.latency_s),
        "cost": words.ATTEMPT_UNKNOWN if attempt.usd is None else amounts.dollars(attempt.usd),
    }


def _text(text: str | None) -> JsonObject | None:
    """The text itself, or the address from which the browser fetches it once somebody wants to read it."""
    if text is None:
        return None
    return {"address": text} if is_address(text) else {"text": text}


def _replaced(call: ModelCall, before: Sequence[ModelCall]) -> str | None:
    """The model whose failed call this one took over: same role, same alias, another model."""
    if call.model is None or call.role in (CallRole.RETRIEVER, CallRole.SANDBOX):
        return None
    failed = [other for other in before if other.role is call.role and other.alias == call.alias and other.error]
    return next((other.model for other in reversed(failed) if other.model and other.model != call.model), None)
