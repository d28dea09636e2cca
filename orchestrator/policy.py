"""The seam of policies: what the orchestrator sees at a turn, and what it decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.evidence import Evidence
from orchestrator.preference import PreferenceVector
from orchestrator.tool import Remaining
from orchestrator.trajectory import ToolCall


class PolicyFailed(Exception):
    """The policy cannot decide any more; the message says why. The run ends as failed."""


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a decision may depend on. Turns share no other state: each prompt is built anew from this."""

    index: int
    query: str
    preference: PreferenceVector
    evidence: Evidence
    offered: Sequence[str]
    """Aliases that can do something now, in the pool's order; never empty."""
    seed: int
    left: Remaining = Remaining()


@dataclass(frozen=True, slots=True)
class Decision:
    """A thought and a call, or the reason why the reply held no valid call."""

    thought: str
    call: ToolCall | None
    problem: str | None = None


class Policy(Protocol):
    """Decides the next call. Every model call it makes is appended to `bill`."""

    @property
    def spec(self) -> str:
        """Its SPEC, such as `random` or `fixed:search-1,answer-1`."""

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        """The decision of this turn; raises PolicyFailed, or CannotAfford before any money is spent."""
