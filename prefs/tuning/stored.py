"""A stored alternative of a query: all that choosing among alternatives needs of it."""

from dataclasses import dataclass
from decimal import Decimal

from orchestrator.trajectory import Trajectory
from prefs.features import Features, features


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
