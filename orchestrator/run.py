"""The loop: a policy decides, a tool works, a step is kept, until there is an answer or a limit is reached.

A turn depends only on kept steps. So a new run, one resumed after a crash and one forked with another call are the
same loop: it begins behind the steps that the trajectory already has.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.bill import Bill, Heard
from orchestrator.policy import Decision, Policy, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF
from orchestrator.progress import Progress, Stop
from orchestrator.tool import CannotAfford, Tool, ToolError
from orchestrator.trajectory import Fork, Observation, Outcome, Step, StopReason, ToolCall, Trajectory


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision was made and its call is about to begin."""

    index: int
    thought: str
    call: ToolCall


Event = Routed | Step | Stop


def forked(origin: Trajectory, step: int, new_id: str, started_at: datetime) -> Trajectory:
    """A new trajectory that shares the steps of `origin` before `step` and has not ended.

    Raises ValueError where `origin` has no such step.
    """
    if not 0 <= step < len(origin.steps):
        last = len(origin.steps) - 1
        raise ValueError(f"trajectory {origin.id} has steps 0 to {last}; it cannot be forked at {step}")
    shared = origin.steps[:step]
    return replace(unfinished(origin), id=new_id, steps=shared, fork=Fork(origin.id, step), started_at=started_at)


def unfinished(trajectory: Trajectory) -> Trajectory:
    """The same trajectory before it ended, so that it can go on."""
    return replace(trajectory, stop_reason=None, stop_detail=None, answer=None, outcome=Outcome())


async def events(
    trajectory: Trajectory,
    policy: Policy,
    tools: Mapping[str, Tool],
    forced: ToolCall | None = None,
    hear: Callable[[Heard], None] | None = None,
) -> AsyncIterator[Event]:
    """Go on behind the steps that `trajectory` has: each Routed call, each finished Step and, last, the Stop.

    `forced` is taken as the first decision instead of asking the policy. `hear` is told what models write while they
    write it. Cancelling the consuming task yields the
    unfinished step, with what was paid for it, and then raises CancelledError.
    """
    progress = Progress.behind(trajectory)
    while (stop := progress.end()) is None:
        begun = _Begun(progress, bill=Bill(hear))
        try:
            await begun.decide(policy, tools, forced)
            forced = None
            if begun.stop is None and begun.decision.call is not None:
                yield Routed(progress.index, begun.decision.thought, begun.decision.call)
                await begun.work(begun.decision.call, tools)
        except asyncio.CancelledError:
            begun.error = "cancelled"
            if begun.paid:
                yield begun.step()
            raise
        if begun.paid or begun.error is not None:
            step = begun.step()
            progress.keep(step)
            yield step
        if begun.stop is not None:
            stop = begun.stop
            break
    yield stop


@dataclass(slots=True)
class _Begun:
    """The step of the current turn while it is being made."""

    progress: Progress
    decision: Decision = field(default_factory=lambda: Decision("", None))
    bill: Bill = field(default_factory=Bill)
    observation: Observation | None = None
    error: str | None = None
    stop: Stop | None = None

    @property
    def paid(self) -> bool:
        """Whether anything happened that a reader of the trace must see."""
        return bool(self.bill) or self.decision.call is not None

    def step(self) -> Step:
        decision = self.decision
        return Step(
            self.progress.index, decision.thought, decision.call, self.observation, tuple(self.bill), self.error
        )

    async def decide(self, policy: Policy, tools: Mapping[str, Tool], forced: ToolCall | None) -> None:
        if forced is not None:
            self.decision = Decision("This call was chosen by hand.", forced)
            return
        turn = self._turn(tools)
        if not turn.offered:
            self.stop = Stop(StopReason.FAILED, "no alias of the pool can do anything for this query")
            return
        try:
            async with asyncio.timeout(turn.left.seconds):
                self.decision = await policy.decide(turn, self.bill)
            self.error = self.decision.problem
        except CannotAfford as refusal:
            self._end(StopReason.BUDGET, str(refusal))
        except TimeoutError:
            self._end(StopReason.DEADLINE, "the time limit was reached while the orchestrator was deciding")
        except PolicyFailed as failure:
            self._end(StopReason.FAILED, str(failure))
        except Exception as failure:  # noqa: BLE001 - a failed policy is data, not a crash
            self._end(StopReason.FAILED, f"{type(failure).__name__}: {failure}")

    def _turn(self, tools: Mapping[str, Tool]) -> Turn:
        progress = self.progress
        trajectory = progress.trajectory
        request = progress.request("", self.bill)
        return Turn(
            progress.index,
            trajectory.query,
            trajectory.preference,
            progress.evidence,
            [alias for tool in tools.values() for alias in tool.offered(request)],
            trajectory.seed,
            request.left,
        )

    async def work(self, call: ToolCall, tools: Mapping[str, Tool]) -> None:
        tool = tools.get(call.tool)
        if tool is None or TOOL_OF.get(call.model) != call.tool:
            self.error = f"there is no alias {call.model!r} of a tool {call.tool!r}"
            return
        request = self.progress.request(call.model, self.bill)
        deadline = asyncio.timeout(request.left.seconds)
        try:
            async with deadline:
                self.observation = await tool(call.model, request, self.bill)
        except CannotAfford as refusal:
            self._end(StopReason.BUDGET, str(refusal))
        except ToolError as failure:
            self.error = str(failure)
        except Exception as failure:  # noqa: BLE001 - a failed tool is data, not a crash
            if deadline.expired():
                self._end(StopReason.DEADLINE, f"the time limit was reached while {call.model} was at work")
            else:
                self.error = f"{type(failure).__name__}: {failure}"

    def _end(self, reason: StopReason, detail: str) -> None:
        self.error = detail
        self.stop = Stop(reason, detail)
