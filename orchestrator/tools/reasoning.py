"""`enhance_reasoning`: an expert writes Python, the sandbox runs it."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from orchestrator.bill import Bill
from orchestrator.expert import Expert
from orchestrator.model_call import FREE, CallRole, ModelCall
from orchestrator.sandbox import DEFAULT_LIMITS, MODEL, SandboxLimits, run_code
from orchestrator.tool import Request, ToolError
from orchestrator.tools.offering import able, behind
from orchestrator.trajectory import CodeRun, Observation, Origin

_PYTHON_BLOCK = re.compile(r"```[ \t]*(?:python3?|py)[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)
_ANY_BLOCK = re.compile(r"```[^\n`]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_SHOWN_CHARACTERS: Final = 600


class ReasoningTool:
    """Serves the aliases of `enhance_reasoning`. `experts` maps each alias to its writer of code, in the pool's order.

    At most `at_once` sandboxes run at the same time; waiting for one is not counted as its latency.
    """

    def __init__(
        self, experts: Mapping[str, Expert], limits: SandboxLimits = DEFAULT_LIMITS, *, at_once: int = 8
    ) -> None:
        self._experts = experts
        self._limits = limits
        self._free = asyncio.Semaphore(at_once)

    def offered(self, request: Request) -> Sequence[str]:
        """The aliases whose expert can write code."""
        return able(self._experts, CallRole.CODE_WRITER, request)

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:
        """What the expert's code gave; code that fails is an observation, too. Raises ToolError where there is none."""
        reply = await behind(self._experts, alias).reply(CallRole.CODE_WRITER, request, bill)
        code = written_code(reply.text)
        if not code.strip():
            raise ToolError(f"{alias} wrote no code")
        async with self._free:
            run = await self._execute(alias, code, bill)
        return Observation(_told(run), Origin.EXECUTED, code_run=run)

    async def _execute(self, alias: str, code: str, bill: Bill) -> CodeRun:
        """Run the code; billed also when it fails or is cancelled."""
        started_at, began = datetime.now(UTC), time.perf_counter()
        error: str | None = "cancelled"
        try:
            run = await run_code(code, limits=self._limits)
            error = run.error
        finally:
            latency_s = time.perf_counter() - began
            bill.append(ModelCall(CallRole.SANDBOX, alias, MODEL, None, FREE, started_at, latency_s, error=error))
        return run


def written_code(text: str) -> str:
    """The code in a writer's reply: its last Python block, else its last fenced block, else the whole reply."""
    for pattern in (_PYTHON_BLOCK, _ANY_BLOCK):
        blocks = pattern.findall(text)
        if blocks:
            return str(blocks[-1])
    return text.strip()


def _told(run: CodeRun) -> str:
    """The run in short: what it printed, its value, its error."""
    parts = [_short(run.stdout.strip())]
    if run.value is not None:
        parts.append(f"Value: {_short(run.value)}")
    if run.stderr.strip():
        parts.append(f"Standard error: {_short(run.stderr.strip())}")
    if run.error is not None:
        parts.append(f"Error: {_short(run.error)}")
    told = "\n".join(part for part in parts if part)
    return told or "The code ran and printed nothing."


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
