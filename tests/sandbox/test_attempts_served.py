"""Ten of the worst programs at once in a real `podium serve`, through the real tool: everybody else is still served."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.sandbox.attempts import CANARY, VARIABLE, Attempt, attempts, canary_file
from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import policy, pool_toml, routed
from tests.servers.reply import Reply
from tests.webapp.test_served_process import Podium, podium

AT_ONCE = 10
MOST_WAIT_S = 120.0
MOST_SERVER_BYTES = 1_500 * 2**20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for the server's memory")


def hostile(tried: list[Attempt], secret: Path) -> Plan:
    """A model that writes the program whose number the query names; then the answer is asked for."""

    asked_for: set[int] = set()

    def reply(asked: Asked) -> Reply:
        number = int(asked.prompt.partition("attempt number ")[2].partition(".")[0])
        if asked.model == MODEL:
            return routed("answer-1" if number in asked_for else "reasoner-1")
        if asked.model == "model-of-reasoner-1":
            asked_for.add(number)
            return Reply(f"```python\n{tried[number].at(secret)}\n```")
        return Reply("<answer>Done</answer>")

    return reply


async def answered_s(http: httpx.AsyncClient, over: asyncio.Event) -> list[float]:
    """How long the server took to answer small requests until then."""
    taken = []
    while not over.is_set():
        for path in ("/healthz", "/api/v1/ballots/next?annotator=ann", "/ui/"):
            began = time.perf_counter()
            found = await http.get(path)
            taken.append(time.perf_counter() - began)
            assert found.status_code < 500
            await asyncio.sleep(0.05)
    return taken


async def ended(server: Podium, number: int) -> str:
    """The record of a run of that attempt once it is over."""
    query = f"Try attempt number {number}."
    asked = await server.http.post("runs", json={"query": query, "alternatives": 1, "limits": {"turns": 2}})
    assert asked.status_code < 300, asked.text
    run = asked.json()["id"]
    async with asyncio.timeout(MOST_WAIT_S):
        while not (done := (await server.http.get(f"runs/{run}")).json())["ended"]:  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.2)
    return (await server.http.get(f"trajectories/{done['trajectories'][0]['id']}")).text


def most_bytes(server: Podium) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


async def test_ten_of_the_worst_at_once_leave_the_server_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.webapp.test_served_process.WITHIN_S", MOST_WAIT_S)
    secret = canary_file(tmp_path)
    tried = [one for one in attempts() if one.worst][:AT_ONCE]
    async with conforming(Conformance(hostile(tried, secret))) as models:
        pool = tmp_path / "pool.toml"
        pool.write_text(pool_toml(models.url, aliases=("reasoner-1", "answer-1")))
        flags = ("--pool", str(pool), "--policy", policy(models.url))
        async with (
            podium(tmp_path, *flags, **{VARIABLE: CANARY}) as server,
            httpx.AsyncClient(base_url=str(server.http.base_url).removesuffix("/api/v1/"), timeout=30) as http,
        ):
            over = asyncio.Event()
            watch = asyncio.create_task(answered_s(http, over))
            records = await asyncio.gather(*(ended(server, number) for number in range(AT_ONCE)))
            over.set()
            taken = await watch
            print(f"{len(taken)} requests, median {statistics.median(taken):.3f} s, longest {max(taken):.3f} s")
            print(f"the server used {most_bytes(server) / 2**20:.0f} MiB at most")
            assert statistics.median(taken) < 0.5
            assert max(taken) < 5
            assert most_bytes(server) < MOST_SERVER_BYTES
    assert len(records) == AT_ONCE
    assert not any(CANARY in record for record in records)
    assert sum('"sandbox"' in record for record in records) == AT_ONCE
