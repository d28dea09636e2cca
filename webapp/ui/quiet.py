"""Small rules that all events of the page follow: no spinner over streams, errors in words, tokens for runs."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Final

import gradio as gr

from storage.errors import StoreError, told_to_anybody
from webapp.views import words

logger = logging.getLogger(__name__)

QUIET: Final[dict[str, Any]] = {"show_progress": "hidden", "api_visibility": "private"}
"""Options of every event: Gradio's own progress would fade the island under it."""


@contextmanager
def problem(run: str = "") -> Iterator[None]:
    """Show a LookupError, a ValueError or a StoreError of the desk to the person instead of a bare "Error"."""
    try:
        yield
    except LookupError as failure:
        text = words.NO_SUCH_RUN.format(run=run) if run else str(failure.args[0] if failure.args else failure)
        raise gr.Error(escape(text), title=words.TITLE, print_exception=False) from failure
    except (ValueError, StoreError) as failure:
        said = told_to_anybody(failure)
        if said != str(failure):
            logger.error("%s: %s", type(failure).__name__, failure)
        raise gr.Error(escape(_sentence(said)), title=words.TITLE, print_exception=False) from failure


def token_of(run: str) -> str:
    """A token that differs each time, so that the same run can be followed again."""
    return f"{run}@{time.monotonic_ns()}"


def run_of(token: Any) -> str:
    """The run in a token; empty where there is none."""
    return str(token or "").partition("@")[0]


def _sentence(text: str) -> str:
    """The message as a sentence: a capital first and a full stop."""
    told = text[:1].upper() + text[1:]
    return told if told.endswith((".", "!", "?")) else f"{told}."
