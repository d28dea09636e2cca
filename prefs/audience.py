"""An audience: people in one room who rank one ballot on their phones, for a while, without accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orchestrator.model_call import utc

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of codes: of 0 and O, and of 1 and I, which look alike on a screen far away, there is none."""
CODE_LENGTH: Final = 8
"""32⁸ codes, 40 bits: fifty guesses a second for four hours find a given one with a chance of 1 to 1.5 million."""
LONGEST_MINUTES: Final = 240
MOST_SEATS: Final = 2_000
"""Phones of one audience."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who has the code may rank the ballot until the time is up. `run` is where the alternatives come from."""

    id: str
    code: str
    run: str
    ballot: str
    made_at: datetime
    until: datetime
    closed_at: datetime | None = None
    """When somebody ended it before its time; more time opens it again."""

    def __post_init__(self) -> None:
        for name in ("made_at", "until", "closed_at"):
            moment = getattr(self, name)
            if moment is not None:
                object.__setattr__(self, name, utc(moment))

    def open(self, now: datetime) -> bool:
        """Whether phones may join and rank."""
        return self.closed_at is None and utc(now) < self.until


@dataclass(frozen=True, slots=True)
class Seat:
    """One phone in an audience, under a name of its own that tells nothing of its owner."""

    annotator: str
    joined_at: datetime
    number: int | None = None
    """It was the first, second, … to rank; `None` before."""


def is_code(text: str) -> bool:
    """Whether this could be the code of an audience; capitals or not."""
    return text.isascii() and len(text) == CODE_LENGTH and set(text.upper()) <= set(ALPHABET)


def check_minutes(minutes: float) -> None:
    """Raises ValueError for a time that no audience can be open."""
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise ValueError(f"an audience is open for 1 to {LONGEST_MINUTES} minutes, not {minutes:g}")
