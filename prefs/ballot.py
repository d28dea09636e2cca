"""A ballot: one query's alternatives as they were shown to one person."""

import hashlib
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestrator.alternatives import check_text
from orchestrator.model_call import utc

MOST_ALTERNATIVES = 26


@dataclass(frozen=True, slots=True)
class Alternative:
    """A trajectory under the label by which people rank it."""

    label: str
    trajectory: str


@dataclass(frozen=True, slots=True)
class Draw:
    """How the alternatives of a ballot were drawn from all that could have been asked."""

    drawn: Literal["chosen", "random"]
    """Chosen because their ranking teaches most, or at random: reports without bias rest on the random ones."""
    random_share: float
    """Probability with which the ballot was drawn at random."""
    probability: float
    """With which exactly these alternatives were asked; its inverse undoes the choice."""

    def __post_init__(self) -> None:
        for name in ("random_share", "probability"):
            if not 0 <= getattr(self, name) <= 1 + 1e-9:  # sums of shares may be rounded up
                raise ValueError(f"{name} must be a probability from 0 to 1, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Ballot:
    """Alternatives in the order shown, labelled A, B, C, … from the top."""

    id: str
    run: str | None
    query: str
    alternatives: tuple[Alternative, ...]
    seed: int
    """Shuffles the alternatives; the same seed gives the same order."""
    made_at: datetime
    hidden: tuple[str, ...] = ()
    """What the person did not see before ranking: `identity`, `cost`, `latency`, `preference`, `outcome`."""
    draw: Draw | None = None
    """`None` where nobody drew: the ballot shows what a run had."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", utc(self.made_at))
        if len(self.alternatives) < 2:
            raise ValueError("a ballot needs at least two alternatives")
        if len(set(self.labels)) < len(self.alternatives):
            raise ValueError(f"each label must stand on the ballot once, not {', '.join(self.labels)!r}")
        for name in (self.id, *(part for one in self.alternatives for part in (one.label, one.trajectory))):
            check_text("a label or id of the ballot", name)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order shown."""
        return tuple(alternative.label for alternative in self.alternatives)

    @property
    def version(self) -> str:
        """Changes whenever what is on the ballot changes: twelve hexadecimal digits."""
        shown = "\n".join(f"{a.label} {a.trajectory}" for a in self.alternatives)
        return hashlib.sha256(shown.encode()).hexdigest()[:12]

    def trajectory(self, label: str) -> str:
        """The trajectory under that label; raises KeyError."""
        return {a.label: a.trajectory for a in self.alternatives}[label]


def ballot(
    id: str,
    trajectories: Sequence[str],
    *,
    query: str,
    run: str | None,
    seed: int,
    made_at: datetime,
    hidden: Sequence[str] = (),
    draw: Draw | None = None,
) -> Ballot:
    """A ballot of these trajectories, shuffled by `seed` whatever order they come in."""
    if len(trajectories) > MOST_ALTERNATIVES:
        raise ValueError(f"a ballot has at most {MOST_ALTERNATIVES} alternatives, not {len(trajectories)}")
    order = sorted(trajectories)
    random.Random(seed).shuffle(order)
    labelled = tuple(Alternative(label, t) for label, t in zip(string.ascii_uppercase, order, strict=False))
    return Ballot(id, run, query, labelled, seed, made_at, tuple(hidden), draw)
