"""A server that is asked to stop: what runs finishes its step and is handed over, and everybody hears of it."""

import asyncio
import signal
import time
from pathlib import Path

from tests.servers.conformance import MODEL, Asked, Conformance, Plan, conforming
from tests.servers.orchestra import EXPERT, pool_toml, routed
from tests.servers.patience import until
from tests.servers.reply import Reply
from tests.webapp.test_served_process import WITHIN_S, podium

STOP_WITHIN_S = 20.0


def plan(takes_s: float, asked_experts: list[Asked]) -> Plan:
    """An orchestrator that asks one expert again and again, each taking that long."""

    def reply(asked: Asked) -> Reply:
        if asked.model == MODEL:
            return routed("reasoner-1")
        asked_experts.append(asked)
        return Reply(EXPERT, waits_s=takes_s)

    return reply


async def test_a_step_under_way_is_finished_kept_and_paid_for_once_before_the_server_ends(tmp_path: Path) -> None:
    asked: list[Asked] = []
    async with conforming(Conformance(plan(6.0, asked))) as there:
        (tmp_path / "pool.toml").write_text(pool_toml(there.url))
        flags = ("--pool", str(tmp_path / "pool.toml"))
        async with podium(tmp_path, *flags, PODIUM_STOP_WITHIN_S=str(STOP_WITHIN_S)) as app:
            run = (await app.http.post("/runs", json={"query": "What is 6 times 7?"})).json()["id"]
            ready = str(app.http.base_url).removesuffix("/api/v1/") + "/readyz"
            assert (await app.http.get(ready)).status_code == 200
            await until(lambda: len(asked) == 1, WITHIN_S)
            began = time.monotonic()
            app.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(WITHIN_S):
                while (told := await app.http.get(ready)).status_code == 200:  # noqa: ASYNC110 - seen from outside
                    await asyncio.sleep(0.05)
            assert (told.status_code, told.json()) == (503, {"status": "stopping"})
            refused = await app.http.post("/runs", json={"query": "One more?"})
            assert refused.status_code == 503
            assert "Podium is stopping" in refused.json()["detail"]
            async with asyncio.timeout(STOP_WITHIN_S):
                assert await app.process.wait() == 0
            assert time.monotonic() - began > 1
        assert "Traceback" not in "".join(app.said)
        assert len(asked) == 1
        async with podium(tmp_path, *flags) as app:
            (found,) = (await app.http.get(f"/runs/{run}")).json()["trajectories"]
            assert (found["state"], len(found["steps"])) == ("interrupted", 1)
            await app.stopped(signal.SIGTERM, within_s=WITHIN_S)


async def test_a_second_signal_ends_the_wait_for_a_step(tmp_path: Path) -> None:
    asked: list[Asked] = []
    async with conforming(Conformance(plan(60.0, asked))) as there:
        (tmp_path / "pool.toml").write_text(pool_toml(there.url))
        flags = ("--pool", str(tmp_path / "pool.toml"))
        async with podium(tmp_path, *flags, PODIUM_STOP_WITHIN_S="60") as app:
            await app.http.post("/runs", json={"query": "What is 6 times 7?"})
            await until(lambda: len(asked) == 1, WITHIN_S)
            app.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert app.process.returncode is None
            assert await app.stopped(signal.SIGTERM, within_s=WITHIN_S) == 0
