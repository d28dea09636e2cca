"""One reply being written by a model in this process: what is asked, and how far it has come."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

FEWEST_OUTPUT_TOKENS: Final = 64
"""A reply shorter than this is not worth beginning."""


class Finish(StrEnum):
    """Why a reply ended."""

    STOP = "stop"
    """The model ended it."""
    LENGTH = "length"
    """The limit of tokens."""
    TIME = "time"
    """The limit of seconds."""
    HALTED = "halted"
    """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How tokens are drawn: logits over `temperature`, then the `top_k` likeliest, then those that make up `top_p`."""

    temperature: float
    """0 takes the likeliest token."""
    top_p: float
    top_k: int
    """0 keeps every token."""
    seed: int


@dataclass(slots=True, eq=False)
class Generation:
    """Written by the model's thread, read by the task that waits for it."""

    messages: Sequence[Mapping[str, str]]
    tools: Sequence[Mapping[str, Any]]
    drawing: Drawing
    max_tokens: int
    hear: Callable[[str], None]
    """Told each piece of text, in the model's thread."""
    thinking: bool | None = None
    """`enable_thinking` of the chat template; `None` leaves it to the template."""
    left_tokens: int | None = None
    """Tokens that prompt and reply may take together."""
    until: float | None = None
    """When to end, in `time.monotonic()` seconds."""
    begun: float | None = None
    """When the model was free and began with the prompt, in `time.perf_counter()` seconds."""
    input_tokens: int | None = None
    output_tokens: int = 0
    text: str = ""
    """As far as it is written. A tag that the template opened stands before it."""
    finish: Finish | None = None
    _halted: threading.Event = field(default_factory=threading.Event)

    def halt(self) -> None:
        """Have the model end after the token that it is at."""
        self._halted.set()

    def ending(self) -> Finish | None:
        """Why the model must not go on, if so. Asked before each part of the prompt and before each token."""
        if self._halted.is_set():
            return Finish.HALTED
        if self.until is not None and time.monotonic() >= self.until:
            return Finish.TIME
        return Finish.LENGTH if self.output_tokens >= self.max_tokens else None

    def say(self, piece: str) -> None:
        """Add a piece of text."""
        if piece:
            self.text += piece
            self.hear(piece)


class Writer(Protocol):
    """A model in memory."""

    def write(self, generation: Generation) -> None:
        """Write the reply to its finish; raises LocalModelFailed, or CannotAfford before any work is done."""


class LocalModelFailed(Exception):
    """The model cannot be loaded or cannot reply; the message says why and what to do."""
