"""Model servers on this machine are offered in words and never used."""

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from orchestrator.trajectory import StopReason
from tests.servers.conformance import Conformance, conforming
from tests.servers.orchestra import pool_toml
from tests.servers.patience import until
from tests.servers.reply import Reply
from webapp import discovery, offers
from webapp.asking import Asking
from webapp.services import open_services
from webapp.settings import Settings


@pytest.fixture
def server() -> Conformance:
    return Conformance(Reply("hi"))


def looked_for(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    monkeypatch.setattr(offers, "found", partial(discovery.found, ports))


async def test_a_server_that_listens_is_offered_at_the_page_and_not_used(
    server: Conformance, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with conforming(server) as there:
        looked_for(monkeypatch, there.port)
        async with open_services(replace(settings, discover=True)) as services:
            await until(lambda: bool((services.serving.notices)()))
            (words,) = (await services.serving.now()).notices
            assert f"{there.url}/v1" in words
            assert "not used" in words
            assert "podium pool discover" in words
            live = await services.ask(Asking("What is 17% of 2,340?"))
            async for snapshot in services.runs.follow(live.run.id, every_s=0.0):
                last = snapshot
            assert last.trajectories[0].simulated
        assert server.requests == 0


@pytest.mark.parametrize("why", ["a pool file", "not wanted", "nobody there", "its own port"])
async def test_nothing_is_offered_where_there_is_nothing_to_offer(
    why: str, server: Conformance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pool = tmp_path / "pool.toml"
    async with conforming(server) as there:
        pool.write_text(pool_toml(there.url))
        looked_for(monkeypatch, 9 if why == "nobody there" else there.port)
        settings = Settings(
            data_dir=tmp_path / "data",
            port=there.port if why == "its own port" else 8000,
            pool=pool if why == "a pool file" else None,
            discover=why != "not wanted",
        )
        clock = time.monotonic()
        async with open_services(settings) as services:
            assert time.monotonic() - clock < 5
            await asyncio.sleep(0.3)
            assert list(services.serving.notices()) == []
        assert server.requests == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_look_that_breaks_is_told_in_the_log_and_keeps_nothing_from_being_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(**_: object) -> tuple[discovery.Found, ...]:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(offers, "found", broken)
    async with open_services(replace(settings, discover=True)) as services:
        live = await services.ask(Asking("What is 17% of 2,340?"))
        async for snapshot in services.runs.follow(live.run.id, every_s=0.0):
            last = snapshot
        assert last.trajectories[0].stop_reason is StopReason.ANSWERED or last.ended
    assert "no such luck" in caplog.text


async def test_a_server_that_accepts_and_says_nothing_delays_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    looked_for(monkeypatch, listener.sockets[0].getsockname()[1])
    clock = time.monotonic()
    async with open_services(replace(settings, discover=True)) as services:
        opened = time.monotonic() - clock
        assert list(services.serving.notices()) == []
    assert time.monotonic() - clock - opened < 2
    listener.close()
    await listener.wait_closed()


@pytest.mark.parametrize("said", ["0", "no", "off", "FALSE", " 0 "])
def test_the_environment_can_turn_the_search_off(said: str) -> None:
    assert not Settings.from_environment({"PODIUM_DISCOVER": said}).discover
    assert Settings.from_environment({}).discover
    assert Settings.from_environment({"PODIUM_DISCOVER": "1"}).discover
