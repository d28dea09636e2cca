"""The loop: a policy decides, a tool works, a step is kept, until there is an answer or a limit is reached.

A turn depends only on kept steps. So a new run, one resumed after a crash and one forked with another call are the
same loop: it begins behind the steps that the trajectory already has.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from orchestrator.evidence import Evidence, gathered
from orchestrator.model_call import ModelCall
from orchestrator.policy import Decision, Policy, PolicyFailed, Turn
from orchestrator.pool import TOOL_OF
from orchestrator.tool import CannotAfford, Remaining, Request, Tool, ToolError
from orchestrator.trajectory import (
    Fork,
    Observation,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
)


@dataclass(frozen=True, slots=True)
class Routed:
    """A decision was made and its call is about to begin."""

    index: int
    thought: str
    call: ToolCall


@dataclass(frozen=True, slots=True)
class Stop:
    """The run has ended."""

    reason: StopReason
    detail: str | None = None
    answer: str | None = None


Event = Routed | Step | Stop


def forked(origin: Trajectory, step: int, new_id: str) -> Trajectory:
    """A new trajectory that shares the steps of `origin` before `step` and has not ended.

    Raises ValueError where `origin` has no such step.
    """
    if not 0 <= step < len(origin.steps):
        raise ValueError(
            f"trajectory {origin.id} has steps 0 to {len(origin.steps) - 1}; it cannot be forked at {step}"
        )
    return replace(
        origin,
        id=new_id,
        steps=origin.steps[:step],
        stop_reason=None,
        stop_detail=None,
        answer=None,
        outcome=type(origin.outcome)(),
        fork=Fork(origin.id, step),
    )


async def events(
    trajectory: Trajectory, policy: Policy, tools: Mapping[str, Tool], forced: ToolCall | None = None
) -> AsyncIterator[Event]:
    """Go on behind the steps that `trajectory` has: each Routed call, each finished Step and, last, the Stop.

    `forced` is taken as the first decision instead of asking the policy. Cancelling the consuming task yields the
    unfinished step, with what was paid for it, and then raises CancelledError.
    """
    state = _State.behind(trajectory)
    while (stop := state.limit_reached()) is None:
        begun = _Begun()
        try:
            decision = await state.decide(policy, tools, begun, forced)
            forced = None
            if decision.call is not None:
                yield Routed(state.index, decision.thought, decision.call)
                await state.work(decision.call, tools, begun)
        except asyncio.CancelledError:
            if begun.paid:
                begun.error = "cancelled"
                yield state.keep(begun)
            raise
        if begun.worth_keeping:
            yield state.keep(begun)
        if begun.stop is not None:
            stop = begun.stop
            break
    yield stop


@dataclass(slots=True)
class _Begun:
    """The step of the current turn while it is being made."""

    decision: Decision = field(default_factory=lambda: Decision("", None))
    bill: list[ModelCall] = field(default_factory=list)
    observation: Observation | None = None
    error: str | None = None
    stop: Stop | None = None

    @property
    def paid(self) -> bool:
        return bool(self.bill) or self.decision.call is not None

    @property
    def worth_keeping(self) -> bool:
        return self.paid or self.error is not None


@dataclass(slots=True)
class _State:
    """Running totals, so that a turn costs the same however long the run is."""

    trajectory: Trajectory
    index: int
    evidence: Evidence
    uses: Counter[str]
    usd: Decimal
    seconds: float
    tokens: int

    @classmethod
    def behind(cls, trajectory: Trajectory) -> "_State":
        steps = trajectory.steps
        return cls(
            trajectory,
            len(steps),
            gathered(steps),
            Counter(step.call.model for step in steps if step.call is not None),
            trajectory.cost_usd,
            trajectory.latency_s,
            sum(step.total_tokens for step in steps),
        )

    def limit_reached(self) -> Stop | None:
        """The limit that forbids another turn, if any."""
        limits = self.trajectory.limits
        if self.index >= limits.turns:
            return Stop(StopReason.TURNS, f"all {limits.turns} turns are used")
        if limits.usd is not None and self.usd >= limits.usd:
            return Stop(StopReason.BUDGET, f"${self.usd} of ${limits.usd} are spent")
        if limits.tokens is not None and self.tokens >= limits.tokens:
            return Stop(StopReason.BUDGET, f"{self.tokens} of {limits.tokens} tokens are used")
        if limits.seconds is not None and self.seconds >= limits.seconds:
            return Stop(StopReason.DEADLINE, f"{self.seconds:.1f} of {limits.seconds:g} seconds are over")
        return None

    def left(self, bill: list[ModelCall]) -> Remaining:
        """What remains when the calls of the current turn are counted too."""
        limits = self.trajectory.limits
        usd = sum((call.charge.usd or Decimal(0) for call in bill), self.usd)
        tokens = sum((call.usage.total_tokens for call in bill if call.usage), self.tokens)
        seconds = sum((call.latency_s for call in bill), self.seconds)
        return Remaining(
            None if limits.usd is None else max(limits.usd - usd, Decimal(0)),
            None if limits.seconds is None else max(limits.seconds - seconds, 0.0),
            None if limits.tokens is None else max(limits.tokens - tokens, 0),
        )

    def request(self, alias: str, bill: list[ModelCall]) -> Request:
        trajectory = self.trajectory
        return Request(trajectory.query, self.evidence, trajectory.seed, self.uses[alias], self.left(bill))

    async def decide(
        self, policy: Policy, tools: Mapping[str, Tool], begun: _Begun, forced: ToolCall | None
    ) -> Decision:
        if forced is not None:
            begun.decision = Decision("This call was chosen by hand.", forced)
            return begun.decision
        request = self.request("", begun.bill)
        offered = [alias for tool in tools.values() for alias in tool.offered(request)]
        if not offered:
            begun.stop = Stop(StopReason.FAILED, "no alias of the pool can do anything for this query")
            return begun.decision
        trajectory = self.trajectory
        turn = Turn(
            self.index,
            trajectory.query,
            trajectory.preference,
            self.evidence,
            offered,
            trajectory.seed,
            request.left,
        )
        try:
            async with asyncio.timeout(request.left.seconds):
                begun.decision = await policy.decide(turn, begun.bill)
        except PolicyFailed as failure:
            begun.error = str(failure)
            begun.stop = Stop(StopReason.FAILED, str(failure))
        except CannotAfford as failure:
            begun.stop = Stop(StopReason.BUDGET, str(failure))
        except TimeoutError:
            begun.error = "the time limit was reached while the orchestrator was deciding"
            begun.stop = Stop(StopReason.DEADLINE, begun.error)
        begun.error = begun.error or begun.decision.problem
        return begun.decision

    async def work(self, call: ToolCall, tools: Mapping[str, Tool], begun: _Begun) -> None:
        tool = tools.get(call.tool)
        if tool is None or TOOL_OF.get(call.model) != call.tool:
            begun.error = f"there is no alias {call.model!r} of a tool {call.tool!r}"
            return
        request = self.request(call.model, begun.bill)
        try:
            async with asyncio.timeout(request.left.seconds):
                begun.observation = await tool(call.model, request, begun.bill)
        except CannotAfford as failure:
            begun.error = str(failure)
            begun.stop = Stop(StopReason.BUDGET, str(failure))
        except TimeoutError:
            begun.error = f"the time limit was reached while {call.model} was at work"
            begun.stop = Stop(StopReason.DEADLINE, begun.error)
        except ToolError as failure:
            begun.error = str(failure)
        except Exception as failure:  # noqa: BLE001 - a failed tool is data, not a crash
            begun.error = f"{type(failure).__name__}: {failure}"
        if call.tool == "answer" and begun.observation is not None:
            begun.stop = Stop(StopReason.ANSWERED, None, begun.observation.text)

    def keep(self, begun: _Begun) -> Step:
        """The finished step, counted into the totals."""
        decision = begun.decision
        step = Step(self.index, decision.thought, decision.call, begun.observation, tuple(begun.bill), begun.error)
        self.index += 1
        self.usd += step.cost_usd
        self.tokens += step.total_tokens
        self.seconds += step.latency_s
        self.evidence.add(step.observation)
        if decision.call is not None:
            self.uses[decision.call.model] += 1
        return step
