"""A circuit breaker: a server that fails again and again is left alone for a while, then tried by one call."""

import time
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Final

FAILURES_TO_OPEN: Final = 5
"""Failed attempts in a row."""
FIRST_COOL_DOWN_S: Final = 1.0
LONGEST_COOL_DOWN_S: Final = 60.0


class BreakerState(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    """Lets it pass."""
    OPEN = "open"
    """Refuses it."""
    HALF_OPEN = "half-open"
    """One call, the probe, may pass or is under way; others are refused."""


class Passage(Enum):
    """How an attempt was let through."""

    FREE = "free"
    PROBE = "probe"


class Breaker:
    """Opens after failures in a row that speak of the server's health. A failed probe makes the next pause longer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.failures = 0
        """Failures in a row."""
        self.last_error: str | None = None
        self._clock = clock
        self._next_try_at: float | None = None
        self._cool_down_s = FIRST_COOL_DOWN_S
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """The state at this moment."""
        if self._next_try_at is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self._probing or self.wait_s == 0 else BreakerState.OPEN

    @property
    def wait_s(self) -> float:
        """Seconds until the next try."""
        return 0.0 if self._next_try_at is None else max(0.0, self._next_try_at - self._clock())

    @property
    def free(self) -> bool:
        """Whether it is closed."""
        return self._next_try_at is None

    @property
    def refuses(self) -> bool:
        """Whether an attempt would be refused now."""
        return self._next_try_at is not None and (self._probing or self.wait_s > 0)

    def admit(self) -> Passage | None:
        """Let an attempt pass, or `None`. Each that passed must end in `alive`, `ill` or `abandon`."""
        if self._next_try_at is None:
            return Passage.FREE
        if self.refuses:
            return None
        self._probing = True
        return Passage.PROBE

    def alive(self) -> None:
        """The server did what a sound server does, if only to refuse a bad request."""
        self.failures, self.last_error = 0, None
        self._next_try_at, self._cool_down_s, self._probing = None, FIRST_COOL_DOWN_S, False

    def ill(self, passage: Passage, error: str) -> None:
        """The attempt failed in a way that speaks of the server's health."""
        self.failures += 1
        self.last_error = error
        if passage is Passage.PROBE and self._probing:
            self._probing = False
            self._cool_down_s = min(2 * self._cool_down_s, LONGEST_COOL_DOWN_S)
            self._next_try_at = self._clock() + self._cool_down_s
        elif self._next_try_at is None and self.failures >= FAILURES_TO_OPEN:
            self._next_try_at = self._clock() + self._cool_down_s

    def abandon(self, passage: Passage) -> None:
        """The attempt ended without telling anything of the server, such as by being cancelled."""
        if passage is Passage.PROBE:
            self._probing = False
