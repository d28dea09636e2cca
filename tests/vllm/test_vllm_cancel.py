"""A run that is stopped stops the server's work for it, too."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.trajectory import Limits, StopReason
from tests.vllm.asking import QUERY, RUNNING, WAITING, gauge, policy_at, run_to_end, seconds_until
from tests.vllm.relay import relaying
from tests.vllm.server import MODEL, Server
from webapp.asking import Asking
from webapp.services import Services, open_services
from webapp.settings import Settings

FREED_WITHIN_S = 1.0
ATTEMPTS = 3
"""The quickest counts: a machine that is busy with something else can take a second for anything."""
ENDLESS = {"ignore_eos": True}
"""The server writes on until the limit of tokens, which is half a minute away, or until somebody hangs up."""
Measure = Callable[[str, object], None]


@pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])
async def test_a_cancelled_loop_frees_its_slot_within_a_second(
    server: Server, services: Services, streaming: bool, measure: Measure
) -> None:
    took_s = []
    async with (
        relaying(server.root, lambda _: ENDLESS) as relay,
        policy_at(relay.base_url, services.pool, streaming=streaming) as policy,
    ):
        for _ in range(ATTEMPTS):
            run = asyncio.create_task(run_to_end(policy, services.workshop.now.tools, turns=3))
            await seconds_until(server.root, RUNNING, 1)
            await asyncio.sleep(0.3)
            assert not run.done()
            began = time.monotonic()
            run.cancel()
            await asyncio.wait([run])
            await seconds_until(server.root, RUNNING, 0)
            took_s.append(time.monotonic() - began)
            assert run.cancelled()
    measure(
        f"a cancelled loop frees its slot, {'streaming' if streaming else 'whole'}",
        ", ".join(f"{each * 1000:.0f} ms" for each in took_s),
    )
    assert min(took_s) < FREED_WITHIN_S


async def test_stopping_a_run_of_three_alternatives_frees_all_their_slots_within_a_second(
    server: Server, tmp_path: Path, measure: Measure
) -> None:
    async with relaying(server.root, lambda _: ENDLESS) as relay:
        settings = Settings(data_dir=tmp_path, pace=0.0, policy=f"openai:{relay.base_url}#{MODEL}")
        async with open_services(settings) as services:
            took_s = [await stopped(server, services) for _ in range(ATTEMPTS)]
    measure(
        "stopping three alternatives frees their slots",
        ", ".join(f"{each * 1000:.0f} ms" for each in took_s),
    )
    assert min(took_s) < FREED_WITHIN_S


async def stopped(server: Server, services: Services) -> float:
    """Seconds from stopping a run until the server has nothing left to do."""
    live = await services.ask(Asking(QUERY, Asking(QUERY).preferences * 3, limits=Limits(turns=3)))
    await seconds_until(server.root, RUNNING, 3)
    began = time.monotonic()
    snapshot = await services.runs.cancel(live.run.id)
    await seconds_until(server.root, RUNNING, 0)
    took_s = time.monotonic() - began
    assert await gauge(server.root, WAITING) == 0
    assert snapshot.ended
    for trajectory in snapshot.trajectories:
        assert trajectory.stop_reason is StopReason.CANCELLED
        (step,) = trajectory.steps
        assert step.calls[0].error == "cancelled", "what was begun is billed"
        assert services.store.trajectory(trajectory.id) == trajectory
    return took_s
