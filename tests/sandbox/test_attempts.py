"""Every attempt at reading, changing or exhausting the host ends in the sandbox, in time and in memory."""

import ast
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.sandbox import SandboxLimits, run_code
from orchestrator.trajectory import CodeRun
from tests.safety.set_off import status
from tests.sandbox.attempts import CANARY, VARIABLE, Attempt, attempts, canary_file, mark_beside

LIMITS = SandboxLimits(seconds=0.2)
ATTEMPTS = attempts()
EFFECTS = {"starts": 9, "dials": 2, "writes": 3, "tells": 6}
"""How many attempts have which in plain Python."""
MOST_GROWTH_BYTES = 400 * 2**20
"""Of this process, in one attempt: a giant message is in memory a few times while it is cut."""


def used_bytes() -> int:
    """What this process uses now; its highest use is counted from here on."""
    if sys.platform != "linux":
        return 0
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return status("VmRSS")


def most_bytes() -> int:
    return status("VmHWM") if sys.platform == "linux" else 0


@asynccontextmanager
async def dialled() -> AsyncIterator[tuple[int, list[object]]]:
    """A port of this machine, and who called there."""
    calls: list[object] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(writer.get_extra_info("peername"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], calls


def effects(secret: Path, calls: list[object], said: str) -> set[str]:
    """What an attempt did to the host."""
    seen = {
        "starts": mark_beside(secret).exists(),
        "dials": bool(calls),
        "writes": not secret.exists() or secret.read_text("utf-8") != CANARY,
        "tells": CANARY in said,
    }
    return {effect for effect, so in seen.items() if so}


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
async def test_an_attempt_is_contained(attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = canary_file(tmp_path)
    monkeypatch.setenv(VARIABLE, CANARY)
    over = asyncio.Event()
    watch = asyncio.create_task(longest_pause_s(over))
    async with dialled() as (port, calls):
        code = attempt.at(secret, port)
        before, began = used_bytes(), time.perf_counter()
        run = await run_code(code, limits=LIMITS)
        elapsed_s = time.perf_counter() - began
        over.set()
        assert elapsed_s < 2 * LIMITS.seconds + 3
        assert await watch < 1
        assert effects(secret, calls, " ".join(told(run))) == set()
    assert all(len(text) <= LIMITS.output_characters + 60 for text in told(run))
    assert most_bytes() - before < MOST_GROWTH_BYTES


def test_attempts_are_programs() -> None:
    """What cannot be parsed would be contained by that alone."""
    for one in ATTEMPTS:
        if not one.broken:
            ast.parse(one.at(Path("/tmp/secret.txt")))
    assert sum(one.broken for one in ATTEMPTS) == 1
    assert {effect: sum(one.does == effect for one in ATTEMPTS) for effect in EFFECTS} == EFFECTS


@pytest.mark.parametrize(
    "attempt", [one for one in ATTEMPTS if one.does], ids=lambda one: f"{one.does}-{one.name.replace(' ', '-')}"
)
async def test_plain_python_would_not_contain_it(
    attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = canary_file(tmp_path)
    monkeypatch.setenv(VARIABLE, CANARY)
    async with dialled() as (port, calls):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", attempt.at(secret, port),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=tmp_path,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(child.communicate(), 30)
        assert attempt.does in effects(secret, calls, said.decode(errors="replace"))


async def test_the_canary_would_be_seen_in_what_the_sandbox_says() -> None:
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
