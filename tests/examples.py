"""Small domain values for tests, built by plain functions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orchestrator.bill import Bill
from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall, Usage
from orchestrator.policy import Decision
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PreferenceVector
from orchestrator.tool import CannotAfford, Request
from orchestrator.trajectory import Document, Observation, Origin, ToolCall, Trajectory

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def priced(usd: str) -> Charge:
    """A known charge."""
    return Charge(Decimal(usd), ChargeStatus.PRICED, "test price")


def model_call(usd: str = "0.01", latency_s: float = 1.0, **changes: Any) -> ModelCall:
    """An expert's call."""
    values: dict[str, Any] = {
        "role": CallRole.EXPERT,
        "alias": "answer-1",
        "model": "gpt-5",
        "usage": Usage(100, 20),
        "charge": priced(usd),
        "started_at": NOON,
        "latency_s": latency_s,
    }
    return ModelCall(**(values | changes))


def call(alias: str) -> ToolCall:
    """The call of that alias."""
    return ToolCall(TOOL_OF[alias], alias)


def decide(*aliases: str) -> list[Decision]:
    """Decisions for these aliases, in order."""
    return [Decision(f"I choose {alias}.", call(alias)) for alias in aliases]


def trajectory(**changes: Any) -> Trajectory:
    """A trajectory that has not begun."""
    values: dict[str, Any] = {
        "id": "t1",
        "query": "What is 17% of 2,340?",
        "preference": PreferenceVector(),
        "policy": "scripted",
        "pool": "test",
        "seed": 1,
        "started_at": NOON,
    }
    return Trajectory(**(values | changes))


def document(number: int) -> Document:
    """A passage, different for each number."""
    return Document(f"d{number}", f"Title {number}", f"Passage number {number}.", f"file-{number}.txt")


@dataclass(slots=True)
class ToyTool:
    """A tool whose calls cost `usd` and take `latency_s`; it works for `works_s` real seconds."""

    tool: str
    usd: str = "0.01"
    latency_s: float = 1.0
    works_s: float = 0.0
    fails: Exception | None = None
    strict: bool = True
    """Refuses what the budget cannot pay for."""
    requests: list[Request] = field(default_factory=list)

    def offered(self, request: Request) -> Sequence[str]:
        return [alias for alias, tool in TOOL_OF.items() if tool == self.tool]

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        self.requests.append(request)
        left = request.left.usd
        if self.strict and left is not None and left < Decimal(self.usd):
            raise CannotAfford(f"a call of {alias} may cost ${self.usd}, ${left} are left")
        bill.append(model_call(self.usd, self.latency_s, alias=alias))
        if self.works_s:
            await asyncio.sleep(self.works_s)
        if self.fails is not None:
            raise self.fails
        number = len(self.requests)
        if self.tool == "search":
            return Observation("found", Origin.RETRIEVED, documents=(document(number),), search_query="q")
        return Observation(f"{alias} says {number}", Origin.MODEL)


def toy_tools(**changes: Any) -> dict[str, ToyTool]:
    """One toy tool for each tool."""
    return {tool: ToyTool(tool, **changes) for tool in ("search", "enhance_reasoning", "answer")}
