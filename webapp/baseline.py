"""What the same query costs where the strongest is always taken: recorded if somebody ran it, else estimated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from orchestrator.model_call import CallRole, ModelCall, known_dollars
from orchestrator.pool import TOOL_OF, PoolEntry
from orchestrator.prices import charge
from orchestrator.trajectory import StopReason, Trajectory

NO_ROUTER: Final = frozenset({CallRole.ORCHESTRATOR})
"""Calls that a fixed route does not make."""


class Kind(StrEnum):
    """Where the figure comes from."""

    RECORDED = "recorded"
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"
    ITSELF = "itself"
    """The route shown is the strongest one."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Always the strongest: its dollars and seconds as far as anybody knows, and how they are known."""

    kind: Kind
    usd: Decimal | None = None
    latency_s: float | None = None
    """Only of a recorded one: nobody knows how long calls would have taken that were never made."""
    solved: str | None = None
    """Verdict of a recorded one."""
    aliases: tuple[str, ...] = ()
    """Whose prices were taken, or which the recorded route called."""
    why: str = ""
    """Why it is unknown, in a sentence."""

    def saved(self, usd: Decimal | None) -> float | None:
        """Share of its dollars that a route of `usd` saves; negative where that costs more. `None` if unknown."""
        if self.usd is None or usd is None or self.usd == 0:
            return None
        return float((self.usd - usd) / self.usd)


def spent(trajectory: Trajectory) -> Decimal | None:
    """Dollars of the route; `None` where any call of it has no known price."""
    return None if trajectory.unpriced_calls else trajectory.cost_usd


def recorded(trajectory: Trajectory) -> Baseline:
    """From a run of the same query along the strongest route."""
    route = tuple(dict.fromkeys(step.call.model for step in trajectory.steps if step.call is not None))
    usd = spent(trajectory)
    if usd is None:
        return Baseline(Kind.UNKNOWN, why="It was run, but a call of it has no known price.")
    return Baseline(Kind.RECORDED, usd, trajectory.latency_s, trajectory.outcome.verdict.value, route)


def estimated(trajectory: Trajectory, strongest: Mapping[str, PoolEntry] | None, at: datetime) -> Baseline:
    """The same expert tokens at the prices of each tool's `strongest` alias, of the pool that the run used.

    `None`: that pool is not known here.
    """
    if strongest is None:
        return _unknown(f"The pool “{trajectory.pool}” is not in use here, so its prices are unknown.")
    if trajectory.stop_reason is not StopReason.ANSWERED:
        return _unknown("The route did not come to an answer.")
    if spent(trajectory) is None:
        return _unknown("A call of this route has no known price.")
    usd, used, called = Decimal(0), [], set()
    for call in (call for call in trajectory.calls if call.role not in NO_ROUTER):
        dollars = _dollars(call, strongest, at)
        if dollars is None:
            return _unknown(f"What {call.alias or 'a call'} would cost at the strongest alias is not known.")
        usd += dollars
        if call.usage is not None and call.alias is not None:
            called.add(call.alias)
            used.append(strongest[TOOL_OF[call.alias]].alias)
    if called and called == set(used):
        return Baseline(Kind.ITSELF, aliases=tuple(dict.fromkeys(used)))
    return Baseline(Kind.ESTIMATE, usd, aliases=tuple(dict.fromkeys(used)))


def _dollars(call: ModelCall, strongest: Mapping[str, PoolEntry], at: datetime) -> Decimal | None:
    """The call at the strongest alias's price; one without tokens, such as a retrieval, keeps its own dollars."""
    if call.usage is None or call.alias is None:
        return known_dollars([call])
    entry = strongest.get(TOOL_OF.get(call.alias, ""))
    if entry is None or entry.price is None or entry.price.usd_per_gpu_hour is not None:
        return None
    return charge(call.usage, entry.price, at=at).usd


def _unknown(why: str) -> Baseline:
    return Baseline(Kind.UNKNOWN, why=why)
