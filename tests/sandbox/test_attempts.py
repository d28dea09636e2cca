"""Every attempt at reading or exhausting the host ends in the sandbox, in time and in memory."""

import asyncio
import resource
import sys
import time
from pathlib import Path

import pytest

from orchestrator.sandbox import SandboxLimits, run_code
from orchestrator.trajectory import CodeRun
from tests.sandbox.attempts import CANARY, VARIABLE, Attempt, attempts, canary_file

LIMITS = SandboxLimits(seconds=0.2)
ATTEMPTS = attempts()
MOST_GROWTH_BYTES = 400 * 2**20
"""Of this process, over all attempts: one giant message is in memory a few times while it is cut."""


@pytest.fixture(scope="module")
def peak_bytes() -> int:
    """What this process used at most before the first attempt."""
    return used_bytes()


def used_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


async def longest_pause_s(over: asyncio.Event) -> float:
    """The longest time that the event loop stood still until then."""
    longest, last = 0.0, time.perf_counter()
    while not over.is_set():
        await asyncio.sleep(0.01)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


def told(run: CodeRun) -> list[str]:
    return [text for text in (run.stdout, run.stderr, run.value, run.error) if text is not None]


def test_there_are_many_attempts_and_none_twice() -> None:
    assert len(ATTEMPTS) >= 60
    assert len({one.name for one in ATTEMPTS}) == len({one.code for one in ATTEMPTS}) == len(ATTEMPTS)
    assert sum(one.worst for one in ATTEMPTS) >= 10


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: one.name.replace(" ", "-"))
async def test_an_attempt_is_contained(
    attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peak_bytes: int
) -> None:
    secret = canary_file(tmp_path)
    monkeypatch.setenv(VARIABLE, CANARY)
    over = asyncio.Event()
    watch = asyncio.create_task(longest_pause_s(over))
    began = time.perf_counter()
    run = await run_code(attempt.at(secret), limits=LIMITS)
    elapsed_s = time.perf_counter() - began
    over.set()
    assert elapsed_s < 2 * LIMITS.seconds + 3
    assert await watch < 1
    assert not any(CANARY in text for text in told(run))
    assert all(len(text) <= LIMITS.output_characters + 60 for text in told(run))
    assert secret.read_text("utf-8") == CANARY
    assert used_bytes() - peak_bytes < MOST_GROWTH_BYTES


async def test_the_canary_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await run_code(f"print({CANARY!r})", limits=LIMITS)
    assert CANARY in told(run)[0]


async def test_ten_of_the_worst_at_once_leave_the_event_loop_free(tmp_path: Path) -> None:
    over = asyncio.Event()
    watch = asyncio.create_task(longest_pause_s(over))
    worst = [one for one in ATTEMPTS if one.worst][:10]
    runs = await asyncio.gather(*(run_code(one.at(tmp_path), limits=LIMITS) for one in worst))
    over.set()
    assert len(runs) == 10
    assert await watch < 1
