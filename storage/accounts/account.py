"""An account: a person, or a program, that may use this Podium."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    AUTHOR = "author"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what the other one may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Account:
    """As it is kept. The name is also that of the annotator in rankings, and never changes hands."""

    id: str
    name: str
    role: Role
    made_at: datetime
    disabled_at: datetime | None = None
    """Since when it may do nothing."""
