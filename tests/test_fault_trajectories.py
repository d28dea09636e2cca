"""Whole trajectories of the app, whose models stand behind a proxy that breaks a share of all replies.

PODIUM_FAULT_TRAJECTORIES says how many; the long form is 500.
"""

import asyncio
import gc
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.model_call import ChargeStatus, ModelCall
from orchestrator.preference import PreferenceVector
from orchestrator.sandbox import run_code
from orchestrator.trajectory import Limits, StopReason, Trajectory
from storage.records import trajectory_json
from tests.servers.conformance import Conformance, conforming
from tests.servers.fault import HEAVY, LIGHT, Fault
from tests.servers.faults import Drawn, FaultProxy, proxying
from tests.servers.orchestra import IN_USD, OUT_USD, policy, pool_toml, wandering
from tests.servers.patience import until
from webapp.asking import Asking
from webapp.services import Services, open_services
from webapp.settings import Settings

TRAJECTORIES = int(os.environ.get("PODIUM_FAULT_TRAJECTORIES", "60"))
ALTERNATIVES = 5
AT_ONCE = 5
"""Runs that go on at the same time, each with its alternatives."""
TIMEOUT_S = 1.5
"""Of each model call, its retries included."""
CRASH = re.compile(r"\w*(Error|Exception): ")
MOST_GROWTH = 192 << 20
"""Bytes. A reply holds 8 MiB at most and thrice that while it is read, so this is eight of the largest at the same
time; one call in thirty meets one, and 25 are under way. An endless reply brings more in a second."""
LATEST_S = 10.0
"""Seconds by which a busy machine may be late to end a call."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.retry.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("orchestrator.breaker.FIRST_COOL_DOWN_S", 0.02)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@asynccontextmanager
async def growth() -> AsyncIterator[list[int]]:
    """The most bytes by which the process grew during the block, as the only item."""
    gc.collect()
    before, most = resident(), [0]

    async def watch() -> None:
        while True:
            most[0] = max(most[0], resident() - before)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield most
    finally:
        watching.cancel()


@asynccontextmanager
async def app(tmp_path: Path, url: str, *, stream: bool) -> AsyncIterator[Services]:
    pool = tmp_path / "pool.toml"
    pool.write_text(pool_toml(url, stream=stream, timeout_s=TIMEOUT_S))
    async with open_services(Settings(data_dir=tmp_path / "data", pool=pool, policy=policy(url))) as services:
        yield services


async def run_all(services: Services, count: int) -> list[Trajectory]:
    """So many trajectories to their ends; one run in ten is stopped by hand."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> tuple[Trajectory, ...]:
        async with free:
            preferences = tuple(PreferenceVector() for _ in range(min(ALTERNATIVES, count - number)))
            asking = Asking(f"Question {number}?", preferences, seed=1_000 * number, limits=Limits(turns=6, seconds=20))
            live = await services.ask(asking)
            if number % (10 * ALTERNATIVES) == 0:
                # The first in the middle of its first calls, whatever the machine; the others as late as it makes them.
                await asyncio.sleep(0.3 if number else 0.01)
                await services.runs.cancel(live.run.id)
            async for _ in services.runs.follow(live.run.id, 0.05):
                pass
            return services.store.trajectories_of(live.run.id)

    runs = await asyncio.gather(*map(one, range(0, count, ALTERNATIVES)))
    return [trajectory for run in runs for trajectory in run]


def dollars(call: ModelCall) -> Decimal | None:
    """What the call cost by the pool file, where its server said how many tokens there were."""
    usage = call.usage
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    return (usage.input_tokens * Decimal(IN_USD) + usage.output_tokens * Decimal(OUT_USD)) / 1_000_000


def hold(trajectory: Trajectory) -> None:
    """What must be true of every trajectory, whatever happened to it."""
    assert trajectory.stop_reason in set(StopReason)
    record = trajectory_json(trajectory)
    known = [
        Decimal(call["charge"]["usd"]) for step in record["steps"] for call in step["calls"] if call["charge"]["usd"]
    ]
    assert Decimal(record["cost_usd"]) == sum(known, Decimal(0))
    assert record["unpriced_calls"] == sum(call.charge.usd is None for call in trajectory.calls)
    for call in trajectory.calls:
        if call.charge.status is ChargeStatus.PRICED:
            assert call.charge.usd == dollars(call)
        assert 0 <= call.latency_s < TIMEOUT_S + LATEST_S
        assert len(call.attempts) <= 2
        assert len(call.error or "") < 1_000
    # A crash that was caught is a crash.
    assert not [step.error for step in trajectory.steps if CRASH.match(step.error or "")]
    assert not CRASH.match(trajectory.stop_detail or "")
    if trajectory.stop_reason is StopReason.ANSWERED:
        assert trajectory.answer == "Canberra"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_every_trajectory_behind_faults_ends_with_a_reason_and_right_totals_and_leaves_nothing(
    stream: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await run_code("1")  # the sandbox keeps a few descriptors once it was used
    tasks, files = asyncio.all_tasks(), descriptors()
    count = TRAJECTORIES // 2
    draw = Drawn(11, 0.25, (*LIGHT, *LIGHT, *LIGHT, *HEAVY))
    async with conforming(Conformance(wandering(), remembers=0)) as there, proxying(there.port, draw) as proxy:
        async with growth() as grown, app(tmp_path, proxy.url, stream=stream) as services:
            trajectories = await run_all(services, count)
        await until(lambda: proxy.open == there.connections == 0)
        told(trajectories, proxy, grown)
    assert len(trajectories) == count
    for trajectory in trajectories:
        hold(trajectory)
    reasons = Counter(trajectory.stop_reason for trajectory in trajectories)
    assert reasons[StopReason.ANSWERED] >= count // 4
    assert reasons[StopReason.CANCELLED] >= 1
    # Without these the proxy would not have done its work.
    assert sum(proxy.injected.values()) - proxy.injected[Fault.NONE] >= count // 2
    assert any(call.attempts for trajectory in trajectories for call in trajectory.calls)
    assert grown[0] < MOST_GROWTH
    await until(lambda: asyncio.all_tasks() == tasks)
    gc.collect()
    assert descriptors() == files
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def told(trajectories: list[Trajectory], proxy: FaultProxy, grown: list[int]) -> None:
    """For whoever reads the output of the long form."""
    reasons = Counter(str(trajectory.stop_reason) for trajectory in trajectories)
    met = {str(fault): times for fault, times in sorted(proxy.injected.items())}
    print(f"{len(trajectories)} trajectories: {dict(reasons)}")
    print(f"{sum(met.values())} requests, at most {proxy.most_open} connections: {met}")
    print(f"{grown[0] >> 20} MiB grown, ${sum((t.cost_usd for t in trajectories), Decimal(0))}")
