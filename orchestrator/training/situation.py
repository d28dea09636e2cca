"""What an episode is about: a task, the aliases on offer, their prices, and what the person asks to weigh."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.rehearsal.world import rehearsal_world

ALIASES: Final = tuple(TOOL_OF)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one alias costs and how long a call of it takes."""

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    latency_s: float

    def times(self, price: float, latency: float = 1.0) -> "Rate":
        """Dearer and slower by these factors."""
        return Rate(self.input_usd_per_mtok * price, self.output_usd_per_mtok * price, self.latency_s * latency)


@cache
def rehearsal_rates() -> Mapping[str, Rate]:
    """The price table of the rehearsal pool."""
    rates = {}
    for entry in rehearsal_world().pool.entries:
        price = entry.price
        if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
            raise ValueError(f"{entry.alias} of the rehearsal pool has no token prices")
        rates[entry.alias] = Rate(float(price.input_usd_per_mtok), float(price.output_usd_per_mtok), entry.latency_s)
    return rates


@cache
def local_aliases() -> tuple[str, ...]:
    """The aliases that "Keep it local" asks for."""
    return tuple(entry.alias for entry in rehearsal_world().pool.entries if entry.self_hosted)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a reward weighs that was learned from rankings: weights, and what a whole weight stands for."""

    preference: PreferenceVector
    usd: float
    """Dollars between the cheapest and the dearest alternative, as people saw them side by side."""
    latency_s: float
    """Seconds between the fastest and the slowest."""

    def __post_init__(self) -> None:
        if not (self.usd > 0 and self.latency_s > 0):
            raise ValueError(f"the spreads must be above 0, not {self.usd} dollars and {self.latency_s} seconds")


@dataclass(frozen=True, slots=True)
class Situation:
    """One episode's fixed part. Treat the mapping as read-only."""

    task: Task
    offered: tuple[str, ...]
    """At least one alias of `answer`."""
    prices: Mapping[str, Rate]
    """Of every alias on offer, at least."""
    preference: PreferenceVector
    instruction: str
    """The preference in words."""
    weighed: Weighed | None = None
    """What the reward weighs, where that is something else than the preference that is told."""
    scored: bool = False
    """Whether a reward model scores its episodes in place of the reward."""

    def __post_init__(self) -> None:
        if not any(TOOL_OF[alias] == "answer" for alias in self.offered):
            raise ValueError("nothing can answer: offer at least one alias of `answer`")

    def without(self, alias: str) -> "Situation":
        """The same without this alias."""
        return replace(self, offered=tuple(other for other in self.offered if other != alias))

    def priced(self, alias: str, price: float) -> "Situation":
        """The same with one alias dearer by a factor."""
        return replace(self, prices={**self.prices, alias: self.prices[alias].times(price)})

    def of_tool(self, tool: str) -> tuple[str, ...]:
        """The aliases on offer that serve a tool."""
        return tuple(alias for alias in TOOLS[tool] if alias in self.offered)
