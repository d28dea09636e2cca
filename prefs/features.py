"""M(τ): what a trajectory is measured by, and how a batch of measures is brought to a common scale.

ToolOrchestra (arXiv 2511.21689, section 3.3): calls of each tool, outcome, −dollars and −seconds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory, Verdict

OUTCOMES: Final[Mapping[Verdict, int | None]] = {Verdict.SOLVED: 1, Verdict.UNSOLVED: 0, Verdict.UNGRADED: None}
"""r_outcome of each verdict; unknown while nobody has graded."""


@dataclass(frozen=True, slots=True)
class Features:
    """The elements of M(τ) as positive magnitudes. `None` is unknown."""

    outcome: int | None
    """1 solved, 0 unsolved."""
    cost_usd: Decimal | None
    """`None` where the price of any call is unknown: the known part alone would make the trajectory look cheap."""
    latency_s: float
    uses: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Alias to the number of calls routed to it; an alias that is absent was not called. Treat it as read-only."""


def features(trajectory: Trajectory) -> Features:
    """M(τ) of one trajectory. Every routed call counts for its alias, a failed one too."""
    uses = Counter(step.call.model for step in trajectory.steps if step.call is not None)
    return Features(
        OUTCOMES[trajectory.outcome.verdict],
        None if trajectory.unpriced_calls else trajectory.cost_usd,
        trajectory.latency_s,
        dict(sorted(uses.items())),
    )


def weights(preference: PreferenceVector) -> dict[str, float]:
    """P by name: `accuracy`, `cost`, `latency`, then the aliases."""
    return {
        "accuracy": preference.accuracy,
        "cost": preference.cost,
        "latency": preference.latency,
        **preference.tools,
    }


def normalised(column: Sequence[float | Decimal | None]) -> tuple[float | None, ...]:
    """(x − min) / (max − min), and 0 where max = min. One unknown makes the scale, and so the whole column, unknown.

    Exact until the last rounding, so that the unit of money cancels and no order is lost.
    """
    known = [Fraction(x) for x in column if x is not None]
    if len(known) < len(column):
        return (None,) * len(column)
    if not known or (low := min(known)) == (high := max(known)):
        return (0.0,) * len(column)
    return tuple(float((x - low) / (high - low)) for x in known)
