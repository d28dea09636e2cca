"""What it changes to ship one P instead of another."""

from dataclasses import dataclass
from decimal import Decimal

from orchestrator.preference import PreferenceVector
from prefs.tuning.profile import weights_changed
from prefs.tuning.winners import Totals, Tuning


@dataclass(frozen=True, slots=True)
class WinnerChanged:
    """A query for which the other P chooses another alternative."""

    query: str
    before: str
    """Id of the winner under the reference."""
    after: str
    usd: Decimal
    """Known dollars more (or less, below 0)."""
    latency_s: float


@dataclass(frozen=True, slots=True)
class Changes:
    """From a reference to another P. The totals say how much is unpriced on either side."""

    weights: dict[str, tuple[float, float]]
    """Those that differ: in the reference, in the other."""
    before: Totals
    after: Totals
    winners: tuple[WinnerChanged, ...]
    """The greatest saving first."""

    @property
    def usd(self) -> Decimal:
        """Known dollars more."""
        return sum((one.usd for one in self.winners), Decimal(0))

    @property
    def latency_s(self) -> float:
        """Seconds more."""
        return sum(one.latency_s for one in self.winners)


def changes(tuning: Tuning, reference: PreferenceVector, other: PreferenceVector) -> Changes:
    """What changes in winners and totals when P becomes `other`."""
    packed = tuning.packed
    before, after = tuning.winners(reference), tuning.winners(other)
    found = []
    for query in after.changed(before).tolist():
        old, new = int(before.rows[query]), int(after.rows[query])
        usd = Decimal(f"{int(packed.units[new]) - int(packed.units[old])}E{packed.exponent}")
        seconds = float(packed.latency_s[new] - packed.latency_s[old])
        found.append(WinnerChanged(packed.queries[query], packed.ids[old], packed.ids[new], usd, seconds))
    found.sort(key=lambda one: (one.usd, one.query))
    return Changes(weights_changed(reference, other), before.totals, after.totals, tuple(found))
