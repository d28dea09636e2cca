"""The same fifty queries and the same script: decided in process, served over HTTP, and without a socket."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.chat import ChatClients
from orchestrator.grade import grade
from orchestrator.model_call import CallRole, ModelCall, known_dollars
from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.policies.spec import PolicyMaker
from orchestrator.policy import Decision, Policy
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.pool_file import parse_pool
from orchestrator.progress import Stop
from orchestrator.rehearsal.tasks import Task, all_tasks
from orchestrator.run import events
from orchestrator.tool import Tool
from orchestrator.trajectory import Limits, Step, StopReason, ToolCall, Trajectory
from tests.examples import NOON, trajectory
from tests.servers.conformance import Asked, Conformance, InProcess, Plan, conforming
from tests.servers.orchestra import policy, pool_toml
from tests.servers.reply import ABSENT, Deltas, Reply, Stream, called
from webapp.services import open_services
from webapp.settings import Settings

QUERIES = 50
TURNS = 6
STREAMS = (Stream(), Stream(cut=5, newline="\r\n", comments=True), Stream(deltas=Deltas.NAMED, fragment=3))


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of the script: what the model says, and what that means."""

    said: Reply
    decision: Decision


NO_CALLS = (
    Line(Reply("I am not sure."), Decision("I am not sure.", None, "the reply holds no tool call: I am not sure.")),
    Line(Reply(None, reasoning="hm …"), Decision("hm …", None, "the reply holds thinking but no tool call")),
    Line(Reply("", tool_calls=None), Decision("", None, "the reply is empty")),
    Line(
        Reply("<think>Ich weiß</think><tool_call>{oops</tool_call>"),
        Decision("Ich weiß", None, "the call is not JSON: {oops"),
    ),
    Line(
        Reply("", tool_calls=[called("search", {"model": "answer-1"})]),
        Decision("", None, "answer-1 serves answer, not search"),
    ),
)


def line(alias: str, form: int) -> Line:
    """A call of that alias in one of the forms that servers have."""
    thought, tool = f"{alias} könnte 検索 helfen 🔎", TOOL_OF[alias]
    call = called(tool, {"model": alias})
    written = f'<tool_call>\n{{"name": "{tool}", "arguments": {{"model": "{alias}"}}}}\n</tool_call>'
    said = (
        Reply(f"<think>\n{thought}\n</think>\n\n", tool_calls=[call], finish_reason="tool_calls"),
        Reply(f"<think>\n{thought}\n</think>\n\n{written}", tool_calls=None),
        Reply("", reasoning=thought, tool_calls=[call, called("answer", "{broken")]),
        Reply(None, reasoning_content=thought, tool_calls=[call]),
    )[form % 4]
    return Line(said, Decision(thought, ToolCall(tool, alias)))


def script(number: int) -> list[Line]:
    """Some searches and programs and some replies that are no calls; then an answer, but in one of ten."""
    chance = random.Random(number)
    gathering = [*TOOLS["search"], *TOOLS["enhance_reasoning"]]
    lines = [
        chance.choice(NO_CALLS) if chance.random() < 0.25 else line(chance.choice(gathering), chance.randrange(4))
        for _ in range(chance.randrange(TURNS - 1))
    ]
    if number % 10 == 9:
        return (lines + [NO_CALLS[0]] * TURNS)[:TURNS]
    return [*lines, line(chance.choice(TOOLS["answer"]), number)]


def tasks() -> list[Task]:
    """Fifty, from all domains."""
    every = all_tasks()
    return [every[number * len(every) // QUERIES] for number in range(QUERIES)]


def played(scripts: Mapping[str, list[Line]]) -> Plan:
    """The server's part: to each query its script, a line for each request."""
    turns: Counter[str] = Counter()

    def reply(asked: Asked) -> Reply:
        question = asked.prompt.removeprefix("Problem: ").partition("\n\n")[0]
        said = scripts[question][turns[question]].said
        turns[question] += 1
        usage = ABSENT if turns[question] % 3 == 0 else said.usage
        return replace(said, stream=STREAMS[turns[question] % 3], usage=usage)

    return reply


@pytest.fixture
async def tools(tmp_path: Path) -> AsyncIterator[Mapping[str, Tool]]:
    """The app's own: real search, real sandbox, stand-ins that do not wait."""
    async with open_services(Settings(data_dir=tmp_path, pace=0.0, policy="random")) as services:
        yield services.workshop.now.tools


async def run(task: Task, number: int, policy: Policy, tools: Mapping[str, Tool]) -> Trajectory:
    begun = trajectory(
        query=task.question, seed=number, policy="p", reference=task.reference, limits=Limits(turns=TURNS)
    )
    steps: list[Step] = []
    async for event in events(begun, policy, tools):
        if isinstance(event, Step):
            steps.append(event)
        elif isinstance(event, Stop):
            return replace(
                begun,
                steps=tuple(steps),
                stop_reason=event.reason,
                stop_detail=event.detail,
                answer=event.answer,
                outcome=grade(event.answer, task.reference),
            )
    raise AssertionError("the loop ends with a Stop")


def timeless(call: ModelCall) -> ModelCall:
    """The call without what no two runs share. The seconds of stand-ins are declared, and so the same each time."""
    seconds = call.latency_s if call.simulated else 0.0
    return replace(call, started_at=NOON, latency_s=seconds, in_flight=None, queued_s=None)


def told(trajectory: Trajectory, *, orchestrator: bool) -> Trajectory:
    """The trajectory without timings, with or without the orchestrator's own calls."""
    steps = [
        replace(
            step,
            calls=tuple(timeless(c) for c in step.calls if orchestrator or c.role is not CallRole.ORCHESTRATOR),
        )
        for step in trajectory.steps
    ]
    return replace(trajectory, steps=tuple(steps))


def experts_usd(trajectory: Trajectory) -> Decimal:
    return known_dollars(call for call in trajectory.calls if call.role is not CallRole.ORCHESTRATOR)


async def over_http(clients: ChatClients, url: str, stream: bool, tools: Mapping[str, Tool]) -> list[Trajectory]:
    pool = parse_pool(pool_toml(url, stream=stream, aliases=TOOL_OF), "pool.toml")
    remote = PolicyMaker(pool, clients).make(policy(url))
    try:
        return [await run(task, number, remote, tools) for number, task in enumerate(tasks())]
    finally:
        await clients.aclose()


def scripts() -> dict[str, list[Line]]:
    return {task.question: script(number) for number, task in enumerate(tasks())}


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_script_gives_the_same_trajectories_in_process_and_over_http(
    stream: bool, tools: Mapping[str, Tool]
) -> None:
    inside: list[Trajectory] = []
    for number, task in enumerate(tasks()):
        decisions = [line.decision for line in script(number)]
        inside.append(await run(task, number, ScriptedPolicy(decisions), tools))
    server = Conformance(played(scripts()))
    async with conforming(server) as there:
        outside = await over_http(ChatClients(), there.url, stream, tools)
    for within, served in zip(inside, outside, strict=True):
        assert told(served, orchestrator=False) == told(within, orchestrator=False)
        assert experts_usd(served) == experts_usd(within) == within.cost_usd
        assert [step.calls[0].role for step in served.steps] == [CallRole.ORCHESTRATOR] * len(within.steps)
    assert all(asked.streamed is stream for asked in server.asked)
    varied(inside)


def varied(trajectories: list[Trajectory]) -> None:
    """The script meets everything that it is for."""
    steps = [step for trajectory in trajectories for step in trajectory.steps]
    assert {trajectory.stop_reason for trajectory in trajectories} == {StopReason.ANSWERED, StopReason.TURNS}
    assert len({trajectory.outcome.verdict for trajectory in trajectories}) >= 2
    assert {step.call.model for step in steps if step.call} == set(TOOL_OF)
    assert {line.decision.problem for line in NO_CALLS} <= {step.error for step in steps}
    assert {call.role for step in steps for call in step.calls} >= {
        CallRole.QUERY_WRITER, CallRole.RETRIEVER, CallRole.CODE_WRITER, CallRole.SANDBOX, CallRole.EXPERT
    }  # fmt: skip
    assert sum(trajectory.cost_usd for trajectory in trajectories) > 0


async def test_a_server_gives_the_same_trajectories_with_a_socket_and_without(
    stream: bool, tools: Mapping[str, Tool]
) -> None:
    async with conforming(Conformance(played(scripts()))) as there:
        outside = await over_http(ChatClients(), there.url, stream, tools)
    within = Conformance(played(scripts()))
    inside = await over_http(ChatClients(InProcess(within)), there.url, stream, tools)
    assert [told(one, orchestrator=True) for one in inside] == [told(one, orchestrator=True) for one in outside]
    calls: list[Any] = [call for one in inside for call in one.calls if call.role is CallRole.ORCHESTRATOR]
    assert len(calls) == within.requests
    assert any(call.usage is not None for call in calls)
