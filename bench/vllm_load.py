"""Whole trajectories through Podium's loop and client at one server, many at once, and what they took.

Each turn asks the model with a prompt that has grown by new passages. Its reply has a fixed length, and is then left
aside: the route is given, so that every trajectory does the same work.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import quantiles
from typing import Final

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.model_call import CallRole, ModelCall
from orchestrator.policies.spec import parse_spec
from orchestrator.policy import Decision, Policy, Turn
from orchestrator.pool import TOOL_OF, TOOLS, Endpoint, Orchestrator, Pool, Sampling, ServedModel
from orchestrator.preference import PreferenceVector
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.run import events
from orchestrator.tool import Request
from orchestrator.trajectory import Document, Limits, Observation, Origin, Step, ToolCall, Trajectory
from tests.vllm.checkpoint import WORDS

PASSAGES: Final = 5
PASSAGE_WORDS: Final = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run."""

    concurrency: tuple[int, ...]
    turns: int
    reply_tokens: int
    rounds: int
    """Trajectories of each of those that run at once."""


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured with so many trajectories at once."""

    at_once: int
    trajectories: int
    turns: int
    wall_s: float
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    turn_p50_s: float
    turn_p95_s: float

    @property
    def row(self) -> dict[str, float]:
        """The figures that are worked out from these."""
        return {
            "output_tokens_per_s": self.output_tokens / self.wall_s,
            "input_tokens_per_s": self.input_tokens / self.wall_s,
            "prefix_cache_hit_rate": self.cached_tokens / self.input_tokens,
            "gpu_s_per_trajectory": self.wall_s / self.trajectories,
        }


@dataclass(slots=True)
class Route:
    """Asks the model at each turn, waits for its whole reply, and then takes the next alias of a route."""

    policy: Policy
    aliases: Sequence[str]

    @property
    def spec(self) -> str:
        return self.policy.spec

    async def decide(self, turn: Turn, bill: Bill) -> Decision:
        await self.policy.decide(turn, bill)
        alias = self.aliases[turn.index]
        return Decision("", ToolCall(TOOL_OF[alias], alias))


@dataclass(slots=True)
class Reading:
    """A tool that brings new passages at once and costs nothing."""

    tool: str
    chance: random.Random
    count: int = 0

    def offered(self, request: Request) -> Sequence[str]:  # noqa: ARG002 - nothing about it matters
        return TOOLS[self.tool]

    async def __call__(self, alias: str, request: Request, bill: Bill) -> Observation:  # noqa: ARG002
        if self.tool == "answer":
            return Observation("done", Origin.MODEL)
        found = []
        for place in range(PASSAGES):
            self.count += 1
            words = " ".join(self.chance.choices(WORDS, k=PASSAGE_WORDS))
            found.append(Document(f"{self.count}", f"Passage {self.count}", words, "words", float(PASSAGES - place)))
        return Observation("found", Origin.RETRIEVED, tuple(found), "words")


def pool_of(url: str, model: str, reply_tokens: int) -> Pool:
    sampling = Sampling(temperature=1.0, max_tokens=reply_tokens, timeout_s=600.0)
    served = ServedModel(model, Endpoint(url, read_timeout_s=600.0), self_hosted=True, sampling=sampling)
    return replace(rehearsal_pool(), orchestrator=Orchestrator(served))


async def trajectory(policy: Policy, number: int, turns: int) -> list[ModelCall]:
    """Run one; gives the orchestrator's calls."""
    aliases = [*(TOOLS["search"][turn % 3] for turn in range(turns - 1)), "answer-1"]
    chance = random.Random(number)
    begun = Trajectory(
        id=f"t{number}",
        query=f"Question {number}: {' '.join(chance.choices(WORDS, k=20))}?",
        preference=PreferenceVector(),
        policy=policy.spec,
        pool="rehearsal",
        seed=number,
        started_at=datetime.now(UTC),
        limits=Limits(turns=turns),
    )
    tools = {tool: Reading(tool, chance) for tool in ("search", "answer")}
    steps = [event async for event in events(begun, Route(policy, aliases), tools) if isinstance(event, Step)]
    calls = [call for step in steps for call in step.calls if call.role is CallRole.ORCHESTRATOR]
    if len(calls) != turns or any(call.usage is None for call in calls):
        raise SystemExit(f"trajectory {number} broke off: {steps[-1].error or 'a reply has no usage'}")
    return calls


async def level(policy: Policy, at_once: int, plan: Plan) -> Level:
    numbers = iter(range(at_once * 1000, at_once * 1000 + at_once * plan.rounds))
    calls: list[ModelCall] = []

    async def work() -> None:
        for number in numbers:
            calls.extend(await trajectory(policy, number, plan.turns))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as workers:
        for _ in range(at_once):
            workers.create_task(work())
    wall_s = time.perf_counter() - began
    usages = [call.usage for call in calls if call.usage is not None]
    cuts = quantiles([call.latency_s for call in calls], n=20, method="inclusive")
    return Level(
        at_once,
        at_once * plan.rounds,
        plan.turns,
        wall_s,
        sum(usage.input_tokens or 0 for usage in usages),
        sum(usage.cached_tokens or 0 for usage in usages),
        sum(usage.output_tokens or 0 for usage in usages),
        cuts[9],
        cuts[18],
    )


async def measured(url: str, model: str, plan: Plan) -> list[Level]:
    clients = ChatClients()
    pool = pool_of(url, model, plan.reply_tokens)
    policy = parse_spec(f"openai:{url}#{model}", pool, clients)
    try:
        await trajectory(policy, 0, plan.turns)  # Not counted: first-time compilation and caches.
        levels = []
        for at_once in plan.concurrency:
            levels.append(await level(policy, at_once, plan))
            print(table(levels[-1:]).splitlines()[-1], flush=True)
        return levels
    finally:
        await clients.aclose()


def table(levels: Sequence[Level]) -> str:
    lines = [
        "| at once | trajectories | output tokens/s | input tokens/s | turn p50 s | turn p95 s | prefix-cache hits "
        "| GPU-s per trajectory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in levels:
        row = each.row
        cells = [
            each.at_once,
            each.trajectories,
            f"{row['output_tokens_per_s']:.0f}",
            f"{row['input_tokens_per_s']:.0f}",
        ]
        cells += [f"{each.turn_p50_s:.2f}", f"{each.turn_p95_s:.2f}", f"{row['prefix_cache_hit_rate']:.1%}"]
        lines.append(f"| {' | '.join(map(str, [*cells, format(row['gpu_s_per_trajectory'], '.2f')]))} |")
    return "\n".join(lines)
