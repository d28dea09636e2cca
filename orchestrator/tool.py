"""The seam of tools: what a routed call is given and what it must give back."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from orchestrator.bill import Bill
from orchestrator.evidence import Evidence
from orchestrator.trajectory import Observation


class ToolError(Exception):
    """A tool could not do its work; the message says what to do. The run goes on."""


class CannotAfford(Exception):
    """A call was not made because it could exceed what is left of the limits."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a run's limits. `None` is no limit of that kind."""

    usd: Decimal | None = None
    seconds: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a tool or an expert may know: the query and the evidence so far, never the preference or the reference."""

    query: str
    evidence: Evidence
    seed: int = 0
    attempt: int = 0
    """How often this alias was called before in this run."""
    left: Remaining = Remaining()


class Tool(Protocol):
    """Serves routed calls. Every model call it makes is appended to `bill`, also when it fails or is cancelled."""

    def offered(self, request: Request) -> Sequence[str]:
        """The aliases that can do something for this request, in the pool's order."""

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        """Do the work; raises ToolError, or CannotAfford before any money is spent."""
