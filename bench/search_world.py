"""Trajectories of a made-up past: some months, four alternatives a run, several policies, a few unpriced calls."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall, Usage, unpriced
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.preference import PRESETS
from orchestrator.trajectory import (
    Document,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)

BEGAN: Final = datetime(2026, 3, 1, tzinfo=UTC)
DAYS: Final = 90
_PLACES: Final = ("Kenya", "Norway", "Peru", "Nepal", "Chile", "Japan", "Fiji", "Togo", "Malta", "Laos")
QUERIES: Final = tuple(
    f"By how many metres is mountain {number} of {place} higher than the mean of its range, and who climbed it first?"
    for number in range(1_000)
    for place in _PLACES
)
_POLICIES: Final = ("embedded", "random", "nearest", "fixed:search-1,answer-1", "openai:http://127.0.0.1:8000/v1#m")
_LONG: Final = "The survey of the range gives its height with the name of whoever climbed it first. " * 6


def made(count: int, seed: int = 1) -> Iterator[Trajectory]:
    """That many, oldest first; always the same for a seed."""
    dice = random.Random(seed)
    length = timedelta(days=DAYS) / max(count, 1)
    for number in range(count):
        yield _trajectory(dice, seed, number, BEGAN + length * number)


def begun(whole: Trajectory) -> Trajectory:
    """The trajectory before its first step."""
    return replace(whole, steps=(), stop_reason=None, answer=None, outcome=Outcome())


def _trajectory(dice: random.Random, seed: int, number: int, at: datetime) -> Trajectory:
    query = QUERIES[(number // 4 * 7919) % len(QUERIES)]
    aliases = [dice.choice(("search-1", "search-1", "search-2", "search-3")) for _ in range(dice.choice((1, 1, 2, 3)))]
    if dice.random() < 0.3:
        aliases.append(dice.choice(TOOLS["enhance_reasoning"]))
    rare = dice.random() < 0.003
    aliases.append("answer-math-2" if rare else dice.choice(("answer-1", "answer-2", "answer-3", "answer-4")))
    answered = dice.random() < 0.93
    steps = tuple(_step(dice, index, alias, at) for index, alias in enumerate(aliases))
    verdict = dice.choice((Verdict.SOLVED, Verdict.SOLVED, Verdict.UNSOLVED, Verdict.UNGRADED))
    return Trajectory(
        id=f"{number:032x}" if seed == 1 else f"{dice.getrandbits(128):032x}",
        query=query,
        preference=dice.choice(list(PRESETS.values())),
        policy=dice.choice(_POLICIES),
        pool="rehearsal",
        seed=number,
        started_at=at,
        steps=steps,
        stop_reason=StopReason.ANSWERED if answered else dice.choice((StopReason.TURNS, StopReason.BUDGET)),
        answer=f"It is {dice.randint(10, 4000)} metres." if answered else None,
        outcome=Outcome(verdict if answered else Verdict.UNSOLVED, "reference"),
        run=f"{seed}-{number // 4:030x}",
    )


def _step(dice: random.Random, index: int, alias: str, at: datetime) -> Step:
    tool = TOOL_OF[alias]
    routing = _call(CallRole.ORCHESTRATOR, None, "0.00021", dice.uniform(0.1, 0.6), at)
    usd = None if dice.random() < 0.002 else f"{dice.lognormvariate(-5.5, 1):.9f}"
    called = _call(CallRole.EXPERT, alias, usd, dice.lognormvariate(0.5, 0.6), at)
    found = tuple(Document(f"d{n}", f"Range {n}", _LONG, f"corpus/{n}", 9.3 - n) for n in range(2))
    observation = Observation(_LONG[:200], Origin.SIMULATED, found if tool == "search" else ())
    error = "the server hung up" if dice.random() < 0.01 else None
    return Step(index, "It has to be looked up.", ToolCall(tool, alias), observation, (routing, called), error)


def _call(role: CallRole, alias: str | None, usd: str | None, latency_s: float, at: datetime) -> ModelCall:
    charge = unpriced("no price") if usd is None else Charge(Decimal(usd), ChargeStatus.PRICED, "made up")
    return ModelCall(role, alias, "model", Usage(900, 120), charge, at, latency_s, simulated=True)
