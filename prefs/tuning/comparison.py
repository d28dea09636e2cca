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
    usd: Decimal | None
    """Dollars more (or less, below 0); `None` where those of either are not all known."""
    latency_s: float


@dataclass(frozen=True, slots=True)
class Changes:
    """From a reference to another P."""

    weights: dict[str, tuple[float, float]]
    """Those that differ: in the reference, in the other."""
    before: Totals
    after: Totals
    winners: tuple[WinnerChanged, ...]
    """The greatest saving first, unknown ones last."""

    @property
    def usd(self) -> Decimal | None:
        """Dollars more; `None` where those of a winner that changed are not all known."""
        known = [one.usd for one in self.winners if one.usd is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.winners) else None

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
        known = not packed.unpriced_calls[[old, new]].any()
        usd = Decimal(f"{int(packed.units[new]) - int(packed.units[old])}E{packed.exponent}") if known else None
        seconds = float(packed.latency_s[new] - packed.latency_s[old])
        found.append(WinnerChanged(packed.queries[query], packed.ids[old], packed.ids[new], usd, seconds))
    found.sort(key=lambda one: (one.usd is None, one.usd or 0, one.query))
    return Changes(weights_changed(reference, other), before.totals, after.totals, tuple(found))
