"""A write and the caller who waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from storage.steps import StepToKeep


@dataclass(slots=True)
class Waiting:
    """A write and the caller who waits for it."""

    work: StepToKeep | Callable[[Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: Exception | None = None


def settle_all(batch: Sequence[Waiting]) -> None:
    """Wake the callers, each loop once."""
    for loop in {waiting.loop for waiting in batch}:
        theirs = [waiting for waiting in batch if waiting.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, theirs)
        except RuntimeError:  # The loop was closed while they waited; the writes are kept all the same.
            continue


def _settle(batch: Sequence[Waiting]) -> None:
    for waiting in batch:
        if waiting.future.done():
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.result)
