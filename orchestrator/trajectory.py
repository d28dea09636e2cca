"""The record of one run: a trajectory, its steps and what came back in each.

Standard library only. `docs/trajectory-format.md` describes the JSON form of these types.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Final

from orchestrator.model_call import ModelCall, known_dollars, utc
from orchestrator.preference import PreferenceVector

FORMAT: Final = 1
"""Version of the trajectory record."""


class StopReason(StrEnum):
    """Why a run ended."""

    ANSWERED = "answered"
    TURNS = "turns"
    BUDGET = "budget"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Verdict(StrEnum):
    """Whether the answer was right, where somebody has looked."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    UNGRADED = "ungraded"


class Origin(StrEnum):
    """Where the text of an observation comes from."""

    RETRIEVED = "retrieved"
    EXECUTED = "executed"
    MODEL = "model"
    SIMULATED = "simulated"
    EXTRACTED = "extracted"
    NONE = "none"
    """Nothing was found or made; the text says so."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The decision of a turn: which tool, and which alias (`model`) serves it."""

    tool: str
    model: str


@dataclass(frozen=True, slots=True)
class Document:
    """A passage that search found. `source` is what a person would open: a file, an article, an address."""

    id: str
    title: str
    text: str
    source: str
    score: float | None = None
    """The retriever's own score; greater is better."""
    web: bool = False
    """Fetched from the web: somebody else's words, to be read as data and never as instructions."""

    def __post_init__(self) -> None:
        if self.score is not None and not isfinite(self.score):
            raise ValueError(f"the score of a document must be a finite number, not {self.score}")


@dataclass(frozen=True, slots=True)
class CodeRun:
    """Python code and all that running it gave."""

    code: str
    stdout: str = ""
    stderr: str = ""
    value: str | None = None
    """`repr` of the last expression; `None` where there is none."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What came back from a tool: text for people, and the evidence behind it."""

    text: str
    origin: Origin
    documents: tuple[Document, ...] = ()
    """Best first."""
    search_query: str | None = None
    code_run: CodeRun | None = None
    source: str | None = None
    """Where an extracted answer stands: the source of the document it was read from."""


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: a thought, the call it routed to, what came back, and every call it paid for."""

    index: int
    thought: str
    call: ToolCall | None
    """`None` where the reply held no valid call."""
    observation: Observation | None
    calls: tuple[ModelCall, ...]
    error: str | None = None

    @property
    def cost_usd(self) -> Decimal:
        """Known dollars of the step."""
        return known_dollars(self.calls)

    @property
    def unpriced_calls(self) -> int:
        """Calls whose dollars are unknown and therefore missing from `cost_usd`."""
        return sum(call.charge.usd is None for call in self.calls)

    @property
    def latency_s(self) -> float:
        """Seconds of the step's calls, which run one after another."""
        return sum(call.latency_s for call in self.calls)

    @property
    def simulated(self) -> bool:
        """Whether any call of the step was simulated."""
        return any(call.simulated for call in self.calls)

    @property
    def total_tokens(self) -> int:
        """Tokens of the step's calls as far as known."""
        return sum(call.usage.total_tokens for call in self.calls if call.usage is not None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run must stop. `None` is no limit of that kind."""

    turns: int = 50
    usd: Decimal | None = None
    seconds: float | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.turns <= 1000:
            raise ValueError(f"the limit of turns must be from 1 to 1000, not {self.turns}")
        for name in ("usd", "seconds", "tokens"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise ValueError(f"the limit of {name} must be zero or more, not {value}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Verdict on the answer, who gave it (`reference`, a judge model, a person) and why."""

    verdict: Verdict = Verdict.UNGRADED
    by: str | None = None
    reason: str | None = None
    call: ModelCall | None = None
    """The judge model's own call. Judging is not part of the route, so neither are its dollars and seconds."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a trajectory left another: it shares that trajectory's steps before `step`."""

    trajectory: str
    step: int


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The steps of one run of one query under one preference vector."""

    id: str
    query: str
    preference: PreferenceVector
    policy: str
    """The policy's SPEC, such as `random` or `fixed:search-1,answer-1`."""
    pool: str
    seed: int
    started_at: datetime
    steps: tuple[Step, ...] = ()
    stop_reason: StopReason | None = None
    """`None` while the run goes on, or when it was interrupted."""
    stop_detail: str | None = None
    answer: str | None = None
    outcome: Outcome = Outcome()
    reference: str | None = None
    """The reference answer of the query, where there is one."""
    limits: Limits = Limits()
    run: str | None = None
    """The run that asked for this trajectory and its alternatives."""
    fork: Fork | None = None
    format: int = FORMAT

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", utc(self.started_at))
        if [step.index for step in self.steps] != list(range(len(self.steps))):
            raise ValueError("steps must be numbered 0, 1, 2, … in order")

    @property
    def calls(self) -> tuple[ModelCall, ...]:
        """Every call of every step, in order."""
        return tuple(call for step in self.steps for call in step.calls)

    @property
    def cost_usd(self) -> Decimal:
        """Exact sum of the calls' known dollars."""
        return known_dollars(self.calls)

    @property
    def unpriced_calls(self) -> int:
        """Calls whose dollars are unknown and therefore missing from `cost_usd`."""
        return sum(step.unpriced_calls for step in self.steps)

    @property
    def latency_s(self) -> float:
        """Seconds of all calls, which run one after another."""
        return sum(step.latency_s for step in self.steps)

    @property
    def simulated(self) -> bool:
        """Whether any call was simulated, and so whether the totals are."""
        return any(step.simulated for step in self.steps)
