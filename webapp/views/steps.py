"""A finished step as one row of the trace, with what unfolds under it."""

from typing import Any

from orchestrator.model_call import ModelCall
from orchestrator.pool import Pool
from orchestrator.trajectory import Document, Observation, Step
from webapp.views import amounts, words
from webapp.views.aliases import who

LONGEST_GIST = 240
LONGEST_TEXT = 6_000
"""Characters of one text that travel to the browser; the export holds all of it."""

JsonObject = dict[str, Any]


def step_row(step: Step, pool: Pool) -> JsonObject:
    """The row: who, why, what came back, tokens, dollars, seconds; `detail` unfolds."""
    observation = step.observation
    return {
        "index": step.index,
        "number": step.index + 1,
        "who": None if step.call is None else who(step.call.model, pool),
        "why": _shortened(step.thought, LONGEST_TEXT),
        "gist": _gist(step),
        "error": step.error,
        "origin": None if observation is None else words.ORIGINS[observation.origin],
        "extracted": observation is not None and observation.origin == "extracted",
        "source": None if observation is None else observation.source,
        "simulated": step.simulated,
        "cost": amounts.cost(step.calls),
        "seconds": amounts.seconds(step.latency_s),
        "tokens": amounts.tokens(step.calls),
        "detail": _detail(observation) | {"calls": [_call(call) for call in step.calls]},
    }


def _gist(step: Step) -> str:
    """One line of what came back."""
    observation = step.observation
    if observation is None:
        return ""
    text = observation.text
    if not text.strip() and observation.code_run is not None:
        text = observation.code_run.value or observation.code_run.stdout or observation.code_run.error or ""
    return _shortened(" ".join(text.split()), LONGEST_GIST)


def _detail(observation: Observation | None) -> JsonObject:
    if observation is None:
        return {"text": None, "search_query": None, "documents": [], "code": None}
    run = observation.code_run
    return {
        "text": _shortened(observation.text, LONGEST_TEXT),
        "search_query": observation.search_query,
        "documents": [_document(document) for document in observation.documents],
        "code": None
        if run is None
        else {
            "source": _shortened(run.code, LONGEST_TEXT),
            "stdout": _shortened(run.stdout, LONGEST_TEXT),
            "stderr": _shortened(run.stderr, LONGEST_TEXT),
            "value": None if run.value is None else _shortened(run.value, LONGEST_TEXT),
            "error": run.error,
        },
    }


def _document(document: Document) -> JsonObject:
    return {
        "title": document.title,
        "text": _shortened(document.text, 1_500),
        "source": document.source,
        "score": None if document.score is None else f"{document.score:.2f}",
    }


def _call(call: ModelCall) -> JsonObject:
    """One billed or timed call with where its price comes from."""
    price = call.charge.source if call.charge.as_of is None else f"{call.charge.source}, {call.charge.as_of}"
    notes = [f"{len(call.attempts)} failed before" if call.attempts else "", call.error or ""]
    if call.in_flight is not None and call.in_flight > 1:
        notes.append(f"{call.in_flight} in flight")
    return {
        "role": words.ROLES[call.role],
        "alias": call.alias,
        "model": call.model,
        "tokens": amounts.tokens([call]),
        "cost": amounts.cost([call]),
        "status": call.charge.status.value,
        "price": price,
        "seconds": amounts.seconds(call.latency_s),
        "simulated": call.simulated,
        "notes": "; ".join(note for note in notes if note),
    }


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()} … ({len(text) - most:,} more characters)"
