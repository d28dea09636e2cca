"""The pool: what each alias stands for here. Nouns only; `pool_file` reads them from TOML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

TOOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "search": ("search-1", "search-2", "search-3"),
    "enhance_reasoning": ("reasoner-1", "reasoner-2", "reasoner-3"),
    "answer": ("answer-1", "answer-2", "answer-3", "answer-4", "answer-math-1", "answer-math-2"),
}
"""The three tools and the twelve aliases that ToolOrchestra's released model knows."""

TOOL_OF: Final[Mapping[str, str]] = {alias: tool for tool, aliases in TOOLS.items() for alias in aliases}
"""Alias to the tool it serves."""


class UnknownAlias(ValueError):
    """An alias outside the twelve."""

    def __init__(self, alias: str, known: Iterable[str] = tuple(TOOL_OF)) -> None:
        super().__init__(f"unknown alias {alias!r}; choose from: {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: dollars per million tokens, or per GPU-hour of a machine one rents or owns."""

    source: str
    as_of: date | None = None
    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    cached_usd_per_mtok: Decimal | None = None
    """Price of cached input tokens; the input price where `None`."""
    usd_per_gpu_hour: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server. The key stays in the environment; only its variable's name is kept."""

    base_url: str
    """Up to and including `/v1`."""
    api_key_env: str | None = None


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """One alias: the model behind it, where it runs, its price and what to tell the orchestrator of it."""

    alias: str
    model: str
    description: str
    latency_s: float
    """Typical seconds of one call, as shown to the orchestrator."""
    price: Price | None = None
    """`None`: look the model up in the vendors' prices, unless it is self-hosted."""
    self_hosted: bool = False
    """Runs on the operator's machines, so a vendor's list price never applies."""
    endpoint: Endpoint | None = None
    """`None`: a stand-in, simulated."""
    max_output_tokens: int = 4096
    temperature: float = 0.2

    def __post_init__(self) -> None:
        if self.alias not in TOOL_OF:
            raise UnknownAlias(self.alias)

    @property
    def tool(self) -> str:
        """The tool that this alias serves."""
        return TOOL_OF[self.alias]

    @property
    def simulated(self) -> bool:
        """Whether a stand-in replies instead of a model."""
        return self.endpoint is None


@dataclass(frozen=True, slots=True)
class Pool:
    """The aliases on offer in this installation. Aliases that are missing here are not offered."""

    name: str
    entries: tuple[PoolEntry, ...]

    def __post_init__(self) -> None:
        aliases = [entry.alias for entry in self.entries]
        if len(set(aliases)) != len(aliases):
            raise ValueError(f"pool {self.name!r} names an alias twice")

    def __getitem__(self, alias: str) -> PoolEntry:
        """The entry of that alias; raises UnknownAlias."""
        for entry in self.entries:
            if entry.alias == alias:
                return entry
        raise UnknownAlias(alias, (entry.alias for entry in self.entries))

    @property
    def local_aliases(self) -> tuple[str, ...]:
        """Aliases that run on the operator's own machines."""
        return tuple(entry.alias for entry in self.entries if entry.self_hosted)

    @property
    def simulated(self) -> bool:
        """Whether any alias is a stand-in."""
        return any(entry.simulated for entry in self.entries)
