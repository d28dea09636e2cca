"""The clock of accounts. Tests put another one in its place."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
