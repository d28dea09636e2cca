"""Whole trajectories through a real vLLM server whose weights are random, streaming and not."""

import asyncio

import pytest

from orchestrator.model_call import CallRole
from orchestrator.pool import TOOL_OF
from orchestrator.trajectory import StopReason, Trajectory
from tests.vllm.asking import RUNNING, call_text, policy_at, run_to_end, seconds_until
from tests.vllm.relay import one_of, relaying
from tests.vllm.server import Server
from webapp.services import Services

CALLS = [call_text(alias, f"Perhaps {alias}?") for alias in TOOL_OF]
"""Every valid call. Weights that are random choose among them at random."""
AT_ONCE = 8
TURNS = 10

both_ways = pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])


@both_ways
async def test_a_model_at_random_runs_whole_trajectories(server: Server, services: Services, streaming: bool) -> None:
    async with (
        relaying(server.root, lambda _: one_of(CALLS)) as relay,
        policy_at(relay.base_url, services.pool, streaming=streaming) as policy,
        asyncio.TaskGroup() as group,
    ):
        runs = [
            group.create_task(run_to_end(policy, services.workshop.now.tools, turns=TURNS, seed=seed, id=f"t{seed}"))
            for seed in range(AT_ONCE)
        ]
    ended = [run.result() for run in runs]
    for trajectory in ended:
        check_every_step(trajectory)
    answered = [trajectory for trajectory in ended if trajectory.stop_reason is StopReason.ANSWERED]
    assert len(answered) >= AT_ONCE / 2
    assert all(trajectory.steps[-1].call.tool == "answer" and trajectory.answer for trajectory in answered)
    assert len({tuple(step.call for step in trajectory.steps) for trajectory in ended}) > 1, "seeds make no difference"
    assert relay.streamed == [streaming] * sum(len(trajectory.steps) for trajectory in ended)
    await seconds_until(server.root, RUNNING, 0)


def check_every_step(trajectory: Trajectory) -> None:
    assert trajectory.stop_reason in (StopReason.ANSWERED, StopReason.TURNS), trajectory.stop_detail
    for step in trajectory.steps:
        assert step.error is None
        assert step.call is not None
        assert step.thought == f"Perhaps {step.call.model}?"
        own = step.calls[0]
        assert own.role is CallRole.ORCHESTRATOR
        assert own.usage is not None
        assert own.usage.input_tokens > 500
        assert own.usage.output_tokens > 5
        assert own.usage.cached_tokens is not None
        assert own.latency_s > 0
        assert 1 <= own.in_flight <= AT_ONCE
        assert not own.attempts


async def test_the_same_seed_takes_the_same_route_streamed_or_whole(server: Server, services: Services) -> None:
    endless = [call_text(alias) for alias, tool in TOOL_OF.items() if tool != "answer"]
    routes = []
    for streaming in (True, False):
        async with (
            relaying(server.root, lambda _: one_of(endless)) as relay,
            policy_at(relay.base_url, services.pool, streaming=streaming) as policy,
        ):
            trajectory = await run_to_end(policy, services.workshop.now.tools, turns=TURNS, seed=3)
        routes.append([step.call.model for step in trajectory.steps])
    assert len(routes[0]) == TURNS
    assert len(set(routes[0])) > 2
    assert routes[0] == routes[1]


@both_ways
async def test_a_model_that_writes_anything_at_all_uses_up_its_turns(
    server: Server, services: Services, streaming: bool
) -> None:
    async with (
        relaying(server.root, lambda _: {"max_tokens": 40, "ignore_eos": True}) as relay,
        policy_at(relay.base_url, services.pool, streaming=streaming) as policy,
    ):
        trajectory = await run_to_end(policy, services.workshop.now.tools, turns=6)
    assert trajectory.stop_reason is StopReason.TURNS
    assert len(trajectory.steps) == 6
    assert len({step.calls[0].reply for step in trajectory.steps}) == 6, "a reply was not rolled again"
    for step in trajectory.steps:
        assert step.call is None
        assert "no tool call" in step.error
        assert "cut off by the limit of tokens" in step.error
        assert step.calls[0].usage.output_tokens == 40
