"""PostgreSQL that stops, crashes and comes back while people work."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.database import check
from storage.store import Store
from tests.faults.asked import SOLO, ask, ended, readiness_is
from tests.faults.conftest import See
from tests.postgres import Server, serving
from tests.webapp.test_served_process import Podium, podium

PASSWORD = "canary-81c6d0f2"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(durable=True) as started:
        yield started


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_runs_and_writes_wait_for_a_database_that_is_started_again(
    server: Server, tmp_path: Path, mode: str, seen: See
) -> None:
    url = f"{server.url}/postgres"
    async with podium(tmp_path, "--db", url, PODIUM_PACE="0.3") as app:
        going = {(await ask(app))["id"] for _ in range(5)}
        asking = [asyncio.create_task(insisted(app)) for _ in range(5)]
        await asyncio.to_thread(server.stop, mode)
        asking += [asyncio.create_task(insisted(app)) for _ in range(5)]
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.start)
        begun = going | {await task for task in asking}
        assert len(begun) == 15
        whole = [await ended(app, id) for id in begun]
        assert [one["state"] for one in whole] == ["finished"] * 15
        assert all([step["index"] for step in one["steps"]] == list(range(len(one["steps"]))) for one in whole)
        await readiness_is(app, 200)
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert check(url) == []
    with Store.open(url) as store:
        assert {run.id for run in store.runs(limit=100)} == begun, "a run that was refused is there, or one is lost"
    happened = "what ran waited and went on; new work got 503 or waited; nothing was lost or doubled"
    seen("PostgreSQL stopped and started again", f"({mode}) {happened}", "nothing, but a pause; or to try again")


async def insisted(app: Podium) -> str:
    """The id of a run that was asked for until it began: what must be looked up first is refused meanwhile."""
    while (reply := await app.http.post("/runs", json=SOLO)).status_code == 503:
        assert "cannot be" in reply.json()["detail"]
        await asyncio.sleep(0.1)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


@pytest.mark.parametrize("form", ["postgresql://app:{}@{}/postgres", "postgresql://app@{1}/postgres?password={0}"])
async def test_people_are_told_within_seconds_when_the_database_stays_away(
    server: Server, tmp_path: Path, form: str, seen: See
) -> None:
    url = form.format(PASSWORD, f"127.0.0.1:{server.port}")
    async with podium(tmp_path, PODIUM_DATABASE_URL=url) as app:
        run = (await ask(app))["id"]
        await ended(app, run)
        await asyncio.to_thread(server.stop, "fast")
        async with asyncio.timeout(40):
            problem = await ask(app, 503)
        assert "cannot be opened" in problem["detail"]
        assert f"127.0.0.1:{server.port}" in problem["detail"]
        assert (await app.http.get(f"/runs/{run}")).status_code == 503
        await readiness_is(app, 503)
        health = await app.http.get(str(app.http.base_url).removesuffix("/api/v1/") + "/healthz")
        assert health.status_code == 200
        await asyncio.to_thread(server.start)
        await readiness_is(app, 200)
        await ended(app, (await ask(app))["id"])
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert PASSWORD not in f"{problem}{app.said}"
    seen(
        "PostgreSQL stays away",
        "new work and reading got 503; it went on by itself when it was back",
        problem["detail"],
    )


async def test_a_database_that_takes_connections_and_says_nothing_is_told_in_time(
    server: Server, tmp_path: Path, seen: See
) -> None:
    async with podium(tmp_path, "--db", f"{server.url}/postgres") as app:
        await ended(app, (await ask(app))["id"])
        await readiness_is(app, 200)
        with frozen(server):
            took_s = []
            for _ in range(3):
                began = time.monotonic()
                assert (await readiness_is(app, 503))["status"] == "not ready"
                took_s.append(time.monotonic() - began)
            health = await app.http.get(str(app.http.base_url).removesuffix("/api/v1/") + "/healthz")
            assert health.status_code == 200
        assert max(took_s) < 15
        await readiness_is(app, 200)
        await ended(app, (await ask(app))["id"])
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    seen(
        "PostgreSQL does not answer", "`/readyz` said 503 within seconds; it went on by itself", "nothing, but a pause"
    )


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Every process of this server stands still."""
    first = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    stopped = [first]
    os.kill(first, signal.SIGSTOP)  # First, so that it begins no others.
    stopped += [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if parent_of(stat) == first]
    try:
        for process in stopped[1:]:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
