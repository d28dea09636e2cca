"""The real process, as a person starts it: killed and stopped while a model writes, and what it says on its way out."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.served import ROOT, Served, listening
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import EXPERT, pool_toml, routed
from tests.servers.patience import until
from tests.servers.reply import Reply, Stream
from webapp.cli.serve import _listen

WITHIN_S = 30.0


@dataclass
class Podium(Served):
    """A server process."""

    async def stopped(self, by: signal.Signals, within_s: float = 10.0) -> int:
        """The exit code after this signal."""
        self.process.send_signal(by)
        async with asyncio.timeout(within_s):
            return await self.process.wait()

    async def until(self, path: str, true: Callable[[Any], bool]) -> Any:
        """What is at this address once it is true."""
        async with asyncio.timeout(WITHIN_S):
            while not true(found := (await self.http.get(path)).json()):  # noqa: ASYNC110 - seen from outside
                await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def podium(folder: Path, *flags: str, **environment: str) -> AsyncIterator[Podium]:
    """`podium serve` on a free port, once it listens."""
    flags = ("-m", "webapp", "serve", "--port", "0", *flags)
    settings = {"PODIUM_DATA_DIR": str(folder / "data"), "PODIUM_STOP_WITHIN_S": "1", **environment}
    async with listening(Podium, *flags, within_s=WITHIN_S, asks_within_s=WITHIN_S, **settings) as server:
        yield server


def thinking(slow: asyncio.Event) -> Plan:
    """One search, then an orchestrator that thinks for minutes while `slow` is set."""

    def reply(asked: Asked) -> Reply:
        if asked.model != MODEL:
            return Reply(EXPERT)
        if "Problem" in asked.prompt and "Document" not in asked.prompt and "42" not in asked.prompt:
            return routed("reasoner-1")
        if slow.is_set():
            return Reply("<think>" + "Let me see. " * 2000 + "</think>", stream=Stream(gap_s=0.05))
        return routed("answer-1")

    return reply


async def started(app: Podium, server: Conformance) -> tuple[str, dict[str, Any]]:
    """A run whose orchestrator is writing behind a kept step."""
    run = (await app.http.post("/runs", json={"query": "What is 6 times 7?"})).json()["id"]
    found = await app.until(f"/runs/{run}", lambda run: len(run["trajectories"][0]["steps"]) >= 1)
    await until(lambda: server.at_work > 0, WITHIN_S)
    await asyncio.sleep(0.3)
    return run, found["trajectories"][0]


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_ends_while_the_orchestrator_writes_loses_nothing_and_goes_on_when_told(
    by: signal.Signals, tmp_path: Path
) -> None:
    slow = asyncio.Event()
    slow.set()
    server = Conformance(thinking(slow))
    async with conforming(server) as there:
        (tmp_path / "pool.toml").write_text(pool_toml(there.url))
        flags = ("--pool", str(tmp_path / "pool.toml"))
        async with podium(tmp_path, *flags) as app:
            run, before = await started(app, server)
            code = await app.stopped(by)
            assert code == (-9 if by is signal.SIGKILL else 0)
        assert "Traceback" not in "".join(app.said)
        if by is not signal.SIGKILL:
            assert app.said[-1] == "Podium has stopped\n"
        slow.clear()
        async with podium(tmp_path, *flags) as app:
            found = (await app.http.get(f"/runs/{run}")).json()["trajectories"][0]
            assert found["state"] == "interrupted"
            assert found["steps"][: len(before["steps"])] == before["steps"]
            kept = found["steps"]
            assert (await app.http.post(f"/trajectories/{found['id']}/resume")).status_code == 200
            whole = await app.until(f"/runs/{run}", lambda run: run["ended"])
            (trajectory,) = whole["trajectories"]
            assert trajectory["stop_reason"] == "answered"
            assert trajectory["steps"][: len(kept)] == kept
            assert [step["index"] for step in trajectory["steps"]] == list(range(len(trajectory["steps"])))
            assert await app.stopped(signal.SIGTERM) == 0
        assert any("1 trajectory was interrupted" in line for line in app.said)
        assert "Traceback" not in "".join(app.said)


async def test_a_pool_file_that_is_spoiled_and_mended_is_told_by_the_process(tmp_path: Path) -> None:
    pool = tmp_path / "pool.toml"
    async with conforming(Conformance(Reply(EXPERT))) as there:
        pool.write_text(text := pool_toml(there.url))
        async with podium(tmp_path, "--pool", str(pool)) as app:
            pool.write_text(text + "\nlatency = 1\n")
            told = await app.until("/serving", lambda serving: bool(serving["notices"]))
            assert "pool.toml, line " in told["notices"][0]
            assert any("pool.toml, line " in line for line in app.said)
            pool.write_text(text.replace('"orchestra"', '"mended"'))
            await app.until("/serving", lambda serving: not serving["notices"])
            run = await app.http.post("/runs", json={"query": "q", "policy": "fixed:answer-1"})
            assert [t["pool"] for t in run.json()["trajectories"]] == ["mended"]
            assert await app.stopped(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(app.said)


async def test_a_server_that_stops_while_a_slow_judge_is_asked_stops_at_once_and_keeps_the_answer(
    tmp_path: Path,
) -> None:
    def plan(asked: Asked) -> Reply:
        return Reply("late", waits_s=60) if asked.model == "judge" else Reply(EXPERT)

    server = Conformance(plan)
    async with conforming(server) as there:
        pool = tmp_path / "pool.toml"
        pool.write_text(pool_toml(there.url) + '\n[judge]\nendpoint = "judge"\nmodel = "judge"\n')
        async with podium(tmp_path, "--pool", str(pool)) as app:
            body = {"query": "Where?", "reference": "The seat of the government", "policy": "fixed:answer-1"}
            run = (await app.http.post("/runs", json=body)).json()["id"]
            await until(lambda: any(asked.model == "judge" for asked in server.asked), WITHIN_S)
            assert await app.stopped(signal.SIGTERM, within_s=5) == 0
        assert "Traceback" not in "".join(app.said)
        async with podium(tmp_path, "--pool", str(pool)) as app:
            (found,) = (await app.http.get(f"/runs/{run}")).json()["trajectories"]
            assert (found["state"], found["stop_reason"]) == ("interrupted", None)
            (ended,) = (await app.http.post(f"/runs/{run}/cancel")).json()["trajectories"]
            assert (ended["stop_reason"], ended["answer"]) == ("answered", "Canberra")
            assert ended["outcome"]["verdict"] == "ungraded"


async def test_ctrl_c_at_podium_ask_while_a_model_writes_ends_it_in_one_line(tmp_path: Path) -> None:
    slow = asyncio.Event()
    slow.set()
    server = Conformance(thinking(slow))
    async with conforming(server) as there:
        (tmp_path / "pool.toml").write_text(pool_toml(there.url))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "webapp", "ask", "6 times 7?", "--pool", str(tmp_path / "pool.toml")),
            cwd=ROOT,
            env={**os.environ, "PODIUM_DATA_DIR": str(tmp_path / "data")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        await until(lambda: server.requests >= 2 and server.at_work > 0, WITHIN_S)
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            out, error = await process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert error.decode().splitlines()[-1] == "podium: stopped"
    assert b"Traceback" not in error


def test_small_replies_are_sent_at_once() -> None:
    """Asyncio turns Nagle's algorithm off only on sockets that say that they are TCP: 44 ms a reply otherwise."""
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
