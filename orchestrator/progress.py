"""How far a run has come: what it spent, what is left of its limits, what it has gathered. A turn costs O(1) here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.evidence import Evidence, gathered
from orchestrator.model_call import ModelCall, known_dollars
from orchestrator.tool import Remaining, Request
from orchestrator.trajectory import Step, StopReason, Trajectory


@dataclass(frozen=True, slots=True)
class Stop:
    """The run has ended."""

    reason: StopReason
    detail: str | None = None
    answer: str | None = None


@dataclass(slots=True)
class Progress:
    """Running totals of the kept steps of one trajectory."""

    trajectory: Trajectory
    """As it was when this loop began."""
    index: int
    """Number of the next step."""
    evidence: Evidence
    uses: Counter[str]
    """How often each alias was called."""
    usd: Decimal
    seconds: float
    tokens: int
    answer: Step | None
    """The step that answered, once there is one."""

    @classmethod
    def behind(cls, trajectory: Trajectory) -> "Progress":
        """The totals behind the steps that the trajectory already has."""
        start = cls(trajectory, 0, gathered(()), Counter(), Decimal(0), 0.0, 0, None)
        for step in trajectory.steps:
            start.keep(step)
        return start

    def keep(self, step: Step) -> None:
        """Count a finished step."""
        self.index += 1
        self.usd += step.cost_usd
        self.seconds += step.latency_s
        self.tokens += step.total_tokens
        self.evidence.add(step.observation)
        if step.call is not None:
            self.uses[step.call.model] += 1
            if step.call.tool == "answer" and step.observation is not None:
                self.answer = step

    def end(self) -> Stop | None:
        """Why there must be no further turn: there is an answer, or a limit is reached."""
        if self.answer is not None and self.answer.observation is not None:
            return Stop(StopReason.ANSWERED, None, self.answer.observation.text)
        limits = self.trajectory.limits
        if self.index >= limits.turns:
            return Stop(StopReason.TURNS, f"all {limits.turns} turns are used")
        if limits.usd is not None and self.usd >= limits.usd:
            return Stop(StopReason.BUDGET, f"${self.usd.normalize():f} of ${limits.usd} are spent")
        if limits.tokens is not None and self.tokens >= limits.tokens:
            return Stop(StopReason.BUDGET, f"{self.tokens} of {limits.tokens} tokens are used")
        if limits.seconds is not None and self.seconds >= limits.seconds:
            return Stop(StopReason.DEADLINE, f"{self.seconds:.1f} of {limits.seconds:g} seconds are over")
        return None

    def left(self, bill: Iterable[ModelCall]) -> Remaining:
        """What remains of the limits when the calls of the unfinished step are counted too."""
        limits = self.trajectory.limits
        bill = tuple(bill)
        usd, seconds, tokens = limits.usd, limits.seconds, limits.tokens
        if usd is not None:
            usd = max(usd - self.usd - known_dollars(bill), Decimal(0))
        if seconds is not None:
            seconds = max(seconds - self.seconds - sum(call.latency_s for call in bill), 0.0)
        if tokens is not None:
            used = sum(call.usage.total_tokens for call in bill if call.usage is not None)
            tokens = max(tokens - self.tokens - used, 0)
        return Remaining(usd, seconds, tokens)

    def request(self, alias: str, bill: Iterable[ModelCall]) -> Request:
        """What a tool may know when `alias` is called now."""
        trajectory = self.trajectory
        return Request(trajectory.query, self.evidence, trajectory.seed, self.uses[alias], self.left(bill))
