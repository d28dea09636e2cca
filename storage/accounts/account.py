"""An account: a person, or a program, that may use this Podium."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do. Which doors of the app it opens is said of each role by name: an annotator, who ranks
    blind, does not see what a viewer may, and a viewer does not rank.
    """

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    AUTHOR = "author"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether it has at least the other one's say in accounts, invitations and limits: there they are in order."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Account:
    """As it is kept. The name is also that of the annotator in rankings. It never changes, and nobody else gets it
    unless its owner is forgotten; then nothing is left under it.
    """

    id: str
    name: str
    role: Role
    made_at: datetime
    disabled_at: datetime | None = None
    """Since when it may do nothing."""
