"""When a failed attempt is made again, and after how long."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

RETRIES: Final = 2
"""How often a call is tried again."""
RETRIED_STATUSES: Final = frozenset((408, 409, 429, *range(500, 600)))
"""HTTP statuses of failures that may pass."""
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 20.0
"""A server that asks to wait longer is not asked again."""


def wait_s(attempt: int, asked_s: float | None) -> float:
    """Seconds before the next attempt: what the server asked for, else twice as long each time; always a bit random."""
    if asked_s is not None:
        return asked_s * random.uniform(1.0, 1.1)
    return min(FIRST_WAIT_S * (1 << attempt), LONGEST_WAIT_S) * random.uniform(0.5, 1.5)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as a number or as a date; `None` where it says neither."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _until(header, now or datetime.now(UTC))
    return seconds if 0 <= seconds < float("inf") else None


def _until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
