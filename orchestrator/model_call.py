"""One billed or timed call: tokens, dollars with provenance, seconds, attempts.

Standard library only. Unknown is `None`, never 0; money is `Decimal` dollars; times are timezone-aware UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

DECIMALS: Final = 12
"""Decimals that the dollars of a call may have."""
MOST_SECONDS: Final = 1e10
MOST_USD: Final = 1_000_000_000
"""More dollars than any call costs."""


class ChargeStatus(StrEnum):
    """How far the dollars of a call can be trusted."""

    PRICED = "priced"
    FREE = "free"
    ESTIMATED = "estimated"
    UNPRICED = "unpriced"


class CallRole(StrEnum):
    """What a billed or timed call did within its step."""

    ORCHESTRATOR = "orchestrator"
    QUERY_WRITER = "query_writer"
    RETRIEVER = "retriever"
    CODE_WRITER = "code_writer"
    SANDBOX = "sandbox"
    EXPERT = "expert"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `cached_tokens` is part of `input_tokens`, `reasoning_tokens` of `output_tokens`."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} must not be negative, not {value}")
        _part_of("cached_tokens", self.cached_tokens, "input_tokens", self.input_tokens)
        _part_of("reasoning_tokens", self.reasoning_tokens, "output_tokens", self.output_tokens)

    @property
    def total_tokens(self) -> int:
        """Input and output tokens as far as known."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)


def _part_of(part: str, some: int | None, whole: str, everything: int | None) -> None:
    if some is not None and everything is not None and some > everything:
        raise ValueError(f"{part} ({some}) is part of {whole} ({everything}) and cannot exceed it")


def _check_seconds(seconds: float, name: str = "latency_s") -> None:
    """Sums of such seconds are finite."""
    if not 0 <= seconds <= MOST_SECONDS:
        raise ValueError(f"{name} must be from 0 to {MOST_SECONDS:g} seconds, not {seconds}")


def _check_dollars(usd: Decimal) -> None:
    """Sums of such dollars are exact in Decimal's default context of 28 digits."""
    if not usd.is_finite() or not 0 <= usd < MOST_USD:
        raise ValueError(f"a charge must be from 0 to {MOST_USD:,} dollars, not {usd}")
    if usd != round(usd, DECIMALS):
        raise ValueError(f"a charge has at most {DECIMALS} decimals, not {usd}")


@dataclass(frozen=True, slots=True)
class Charge:
    """The dollars of one call, all its attempts included, and where the price comes from."""

    usd: Decimal | None
    status: ChargeStatus
    source: str
    """Who says so: a price book entry, a vendor table, the pool file."""
    as_of: date | None = None
    input_usd_per_mtok: Decimal | None = None
    cached_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    usd_per_gpu_hour: Decimal | None = None

    def __post_init__(self) -> None:
        known = self.usd is not None
        if known == (self.status is ChargeStatus.UNPRICED):
            raise ValueError(f"a {self.status.value} charge cannot have usd={self.usd}")
        if self.usd is not None:
            _check_dollars(self.usd)
        if self.status is ChargeStatus.FREE and self.usd != 0:
            raise ValueError(f"a free charge must be 0 dollars, not {self.usd}")


FREE: Final = Charge(Decimal(0), ChargeStatus.FREE, "runs on this machine")
"""The charge of work that this machine does itself."""


def unpriced(source: str) -> Charge:
    """A charge nobody can put a number to; `source` says what was looked for."""
    return Charge(None, ChargeStatus.UNPRICED, source)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed try of a call that was tried again. Its dollars are part of the call's charge."""

    started_at: datetime
    latency_s: float
    error: str
    usd: Decimal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", utc(self.started_at))
        _check_seconds(self.latency_s)
        if self.usd is not None:
            _check_dollars(self.usd)


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One billed or timed call inside a step: the orchestrator's own, an expert's, a retrieval, a code run."""

    role: CallRole
    alias: str | None
    """The alias it was made for; `None` for the orchestrator's own calls."""
    model: str | None
    usage: Usage | None
    charge: Charge
    started_at: datetime
    latency_s: float
    """Seconds from the first attempt to the end of the last; as declared by the pool if `simulated`."""
    simulated: bool = False
    attempts: tuple[Attempt, ...] = ()
    """Failed attempts before the one that counted."""
    in_flight: int | None = None
    """Calls in flight at the same endpoint when this one started, itself included."""
    prompt: str | None = None
    """The request as it was sent, in JSON; or its address (`orchestrator.kept_text`) where it is kept aside."""
    reply: str | None = None
    """The message that came back, in JSON, or its address."""
    error: str | None = None
    queued_s: float | None = None
    """Part of `latency_s`: seconds that it waited here for a free place at its endpoint."""
    tokens_by: str | None = None
    """What counted the tokens of the prompt before it was sent, such as a tokenizer file or an estimate."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", utc(self.started_at))
        _check_seconds(self.latency_s)
        if self.queued_s is not None:
            _check_seconds(self.queued_s, "queued_s")


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; raises ValueError where the time zone is missing or UTC has no such year."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; times are kept in UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is before the year 1 or after 9999 in UTC") from None


def known_dollars(calls: Iterable[ModelCall]) -> Decimal:
    """Exact sum of the charges that are known."""
    return sum((c.charge.usd for c in calls if c.charge.usd is not None), Decimal(0))
