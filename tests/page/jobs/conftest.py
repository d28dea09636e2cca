"""Servers with something in them, one for each file of tests that asks."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bench.stored import fill, rank
from storage.store import Store
from tests.page.conftest import serving
from tests.page.jobs.runs_page import QUERIES

PEOPLE = [("ann", 2.0, 0.5), ("bo", 0.4, 2.0)]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with forty queries of four alternatives, twelve of them ranked by two people."""
    folder = tmp_path_factory.mktemp("stocked")

    async def filled() -> None:
        async with Store.open(f"sqlite:///{folder / 'podium.sqlite3'}") as store:
            await fill(store, 40)
            await rank(store, 12, PEOPLE)

    with ThreadPoolExecutor(1) as beside:  # this thread has the loop of the browser
        beside.submit(asyncio.run, filled()).result()
    with serving(folder) as address:
        yield address


@pytest.fixture(scope="module")
def runs_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two ended runs of four alternatives each."""
    with serving(tmp_path_factory.mktemp("runs"), pace="0.05") as address:
        for seed, query in enumerate(QUERIES):
            ended_run(address, query, seed)
        yield address


@pytest.fixture(scope="module")
def run(base_url: str) -> str:
    """A run of this server with four alternatives that has ended."""
    return ended_run(base_url, "Which city is the capital of Australia?", 3)


def ended_run(address: str, query: str, seed: int) -> str:
    """The id of a run with four alternatives, once they have all ended."""
    body = {"query": query, "alternatives": 4, "vary": True, "seed": seed}
    id = str(httpx.post(f"{address}/api/v1/runs", json=body, timeout=60).json()["id"])
    with httpx.stream("GET", f"{address}/api/v1/runs/{id}/events", timeout=120) as events:
        assert "event: ended" in events.read().decode()
    return id
