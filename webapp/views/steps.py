"""A finished step as one row of the trace, with what unfolds under it."""

from urllib.parse import urlsplit

from orchestrator.pool import Pool
from orchestrator.trajectory import Document, Observation, Step
from webapp.views import amounts, words
from webapp.views.aliases import who
from webapp.views.calls import JsonObject, call_rows

LONGEST_GIST = 240
LONGEST_TEXT = 6_000
"""Characters of one text that travel to the browser; the export holds all of it."""


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
        "detail": _detail(observation) | {"calls": call_rows(step.calls)},
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
        "web": document.web,
        "host": _host(document.source) if document.web else None,
    }


def _host(source: str) -> str | None:
    """The host that a passage was fetched from."""
    try:
        return urlsplit(source).hostname
    except ValueError:
        return None


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()} … ({len(text) - most:,} more characters)"
