"""The pool: what each alias stands for here. Nouns only; `pool_file` reads them from TOML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
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
    """A server of models or of searches. The key stays in the environment; only its variable's name is kept."""

    base_url: str
    """Of an OpenAI-compatible server: up to and including `/v1`."""
    api_key_env: str | None = None
    max_in_flight: int | None = None
    """Calls that may be under way at the same time; `None` is any number."""
    stream: bool = True
    """Ask for the reply piece by piece, so that it can be read while it is written."""
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 120.0
    """Longest silence within a reply."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is to write. What is `None` is not sent and left to the server; all that is sent is recorded."""

    temperature: float | None = 0.2
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int = 4096
    """Most output tokens, thinking included."""
    timeout_s: float = 180.0
    """For the whole call, its retries included."""
    reasoning_effort: str | None = None
    """`low`, `medium`, `high` and the like, where a server knows them."""
    thinking: bool | None = None
    """`enable_thinking` of the chat template, which Qwen3 has."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model at an endpoint: how it is asked and what it costs."""

    model: str
    endpoint: Endpoint
    price: Price | None = None
    """`None`: look the model up in the vendors' prices, unless it is self-hosted."""
    self_hosted: bool = False
    """Runs on the operator's machines, so a vendor's list price never applies."""
    sampling: Sampling = Sampling()
    system: str | None = None
    """System prompt."""


class Reading(StrEnum):
    """How an expert's answer is read from its reply."""

    AUTO = "auto"
    """The last `<answer>`, else the last `\\boxed{}`, else the whole reply."""
    ANSWER = "answer"
    BOXED = "boxed"
    FENCED = "fenced"
    WHOLE = "whole"


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
    sampling: Sampling = Sampling()
    system: str | None = None
    """System prompt."""
    reading: Reading = Reading.AUTO
    fallback: ServedModel | None = None
    """Asked where this one cannot be reached; `None`: nobody is asked instead."""

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

    @property
    def served(self) -> ServedModel | None:
        """The model at its endpoint; `None` for a stand-in."""
        if self.endpoint is None:
            return None
        return ServedModel(self.model, self.endpoint, self.price, self.self_hosted, self.sampling, self.system)


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """The model that routes, and how it is prompted. A policy `openai:URL#model` of the same model is asked so."""

    served: ServedModel
    profile: str | None = None
    """Name of the prompt profile; `None` is the default one."""
    tokenizer: str | None = None
    """Path of the model's `tokenizer.json`, or of the folder that holds it."""


class SearchKind(StrEnum):
    """What finds passages."""

    DOCUMENTS = "documents"
    """The index over the user's documents and the bundled corpus."""
    RETRIEVE = "retrieve"
    """A server that speaks ToolOrchestra's `/retrieve`."""
    TAVILY = "tavily"
    SEARXNG = "searxng"


@dataclass(frozen=True, slots=True)
class SearchBackend:
    """Where searches go."""

    kind: SearchKind = SearchKind.DOCUMENTS
    endpoint: Endpoint | None = None
    """`None` only for documents."""
    passages: int = 8
    """Passages of one search."""
    usd_per_search: Decimal | None = None
    """`None`: unknown; 0 is free."""
    source: str = "pool file"
    """Who says so."""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """The aliases on offer in this installation. Aliases that are missing here are not offered."""

    name: str
    entries: tuple[PoolEntry, ...]
    orchestrator: Orchestrator | None = None
    search: SearchBackend = SearchBackend()
    judge: ServedModel | None = None
    """Asked where the reference alone cannot decide."""

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
