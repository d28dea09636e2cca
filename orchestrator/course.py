"""What one call met on its way, known also where the call fails or is cancelled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from orchestrator.model_call import Attempt


def _unknown(arrived_bytes: int) -> Decimal | None:  # noqa: ARG001 - whoever knows a price knows more
    return None


@dataclass(slots=True)
class Course:
    """Filled while the call goes on."""

    attempts: list[Attempt] = field(default_factory=list)
    """Failed attempts that were followed by another."""
    lost_usd: Callable[[int], Decimal | None] = _unknown
    """Dollars of an attempt that was lost in the middle, from the bytes of its reply that had arrived."""
    queued_s: float = 0.0
    """Seconds that were waited for a free place at the endpoint."""
    in_flight: int | None = None
    """Calls under way at the endpoint when the last attempt began, itself included; `None` if none began."""
    due: bool = False
    """Whether the last attempt may have made the server work, and so cost money."""
    arrived_bytes: int = 0
    """Of what the model wrote, as far as it arrived in the last attempt."""
    sent: str | None = None
    """The body of the last attempt."""

    _began_at: datetime | None = None
    _clock: float = 0.0

    def begin(self, in_flight: int) -> None:
        """An attempt is about to be sent."""
        self.in_flight = in_flight
        self.due, self.arrived_bytes = True, 0
        self._began_at, self._clock = datetime.now(UTC), time.perf_counter()

    def failed(self, error: str) -> None:
        """The attempt failed, and another follows."""
        usd = self.lost_usd(self.arrived_bytes) if self.due else Decimal(0)
        latency_s = time.perf_counter() - self._clock if self._began_at else 0.0
        self.attempts.append(Attempt(self._began_at or datetime.now(UTC), latency_s, error, usd))
        self.due, self.arrived_bytes = False, 0
