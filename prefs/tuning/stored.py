"""A stored alternative of a query: all that choosing among alternatives needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from orchestrator.trajectory import Trajectory
from prefs.features import Features, features

ORCHESTRATOR: Final = "orchestrator"
"""Stands for calls that no alias was asked for: the orchestrator's own."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One finished trajectory without its texts and steps."""

    id: str
    query: str
    """The alternatives with the same text here compete with each other."""
    features: Features
    known_usd: Decimal
    """Exact sum of the calls' known dollars; equal to `features.cost_usd` where all are known."""
    unpriced_calls: int = 0
    """Calls whose dollars are missing from `known_usd`."""
    simulated: bool = False
    """Whether any call was simulated, and so whether its dollars and seconds are."""

    def __post_init__(self) -> None:
        if not self.known_usd.is_finite() or self.known_usd < 0:
            raise ValueError(f"trajectory {self.id}: dollars must be zero or more, not {self.known_usd}")
        if (self.features.cost_usd is None) != (self.unpriced_calls > 0):
            raise ValueError(f"trajectory {self.id}: its cost is unknown exactly where it has unpriced calls")
        if self.features.cost_usd not in (None, self.known_usd):
            raise ValueError(f"trajectory {self.id}: the known dollars are not the cost")


def stored(trajectory: Trajectory) -> Stored:
    """What a trajectory is chosen by."""
    return Stored(
        trajectory.id,
        trajectory.query,
        features(trajectory),
        trajectory.cost_usd,
        trajectory.unpriced_calls,
        trajectory.simulated,
    )


@dataclass(frozen=True, slots=True)
class Routed:
    """A stored alternative with its way."""

    stored: Stored
    run: str | None
    """The run that it belongs to; `None` where it was made elsewhere."""
    route: tuple[str, ...]
    """The aliases that were called, in order."""
    spent: Mapping[str, Decimal] = field(hash=False)
    """Alias, or `ORCHESTRATOR`, to the known dollars of its calls."""
