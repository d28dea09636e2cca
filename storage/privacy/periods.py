"""How long what is kept, in days. `None` is for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Self

LONGEST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """What is older goes; raises ValueError for less than a day."""

    runs_days: int | None = None
    """Runs that no ranking, study or audience refers to."""
    rankings_days: int | None = None
    """Rankings, but for those of open studies."""
    audit_days: int | None = None
    """Entries of the log of who did what."""

    def __post_init__(self) -> None:
        for field in fields(self):
            days = getattr(self, field.name)
            if days is not None and not 1 <= days <= LONGEST_DAYS:
                raise ValueError(f"{field.name} must be from 1 to {LONGEST_DAYS:,} days, not {days}")

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """As PODIUM_RETAIN_RUNS_DAYS, PODIUM_RETAIN_RANKINGS_DAYS and PODIUM_RETAIN_AUDIT_DAYS say; or ValueError."""
        found = {}
        for field in fields(cls):
            name = f"PODIUM_RETAIN_{field.name.upper()}"
            text = environment.get(name, "").strip()
            if text:
                found[field.name] = _days(name, text)
        return cls(**found)

    @property
    def forever(self) -> bool:
        """Whether nothing ever gets too old."""
        return all(getattr(self, field.name) is None for field in fields(self))


FOREVER: Final = Retention()
"""Nothing ever gets too old."""


def before(now: datetime, days: int) -> datetime:
    """The moment so many days ago."""
    return now - timedelta(days=days)


def _days(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= LONGEST_DAYS:
        raise ValueError(f"{name} must be a whole number of days from 1 to {LONGEST_DAYS:,}, not {text!r}")
    return int(text)
