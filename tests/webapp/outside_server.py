"""A whole server in a thread, reached over a socket as from outside, with something of everything kept."""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI

from webapp.app import create_app
from webapp.services import Services, open_services
from webapp.settings import Settings

T = TypeVar("T")
QUERY = "What is 17% of 2,340?"


@dataclass(frozen=True, slots=True)
class Outside:
    """A server that listens, and its description."""

    url: str
    openapi: dict[str, Any]
    services: Services

    def client(self, **changes: Any) -> httpx.Client:
        """A browser-like client of it."""
        return httpx.Client(base_url=self.url, timeout=30, **changes)


@contextmanager
def outside(settings: Settings) -> Iterator[Outside]:
    """Serve without the page until the block ends; what goes wrong at the start is raised here."""

    @asynccontextmanager
    async def made() -> AsyncIterator[tuple[FastAPI, Services]]:
        async with open_services(settings) as services:
            yield create_app(services, page=False), services

    with in_a_thread(made()) as (url, app, services):
        yield Outside(url, app.openapi(), services)


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The URL of any application until the block ends."""

    @asynccontextmanager
    async def made() -> AsyncIterator[tuple[FastAPI, None]]:
        yield app, None

    with in_a_thread(made()) as (url, _, _):
        yield url


@contextmanager
def in_a_thread(
    made: AbstractAsyncContextManager[tuple[FastAPI, T]], **options: Any
) -> Iterator[tuple[str, FastAPI, T]]:
    """URL of a server with these options of uvicorn, what it serves, and what stands beside it."""
    told: queue.SimpleQueue[tuple[uvicorn.Server, str, FastAPI, T] | BaseException] = queue.SimpleQueue()

    async def serve() -> None:
        async with made as (app, beside):
            config = uvicorn.Config(app, log_config=None, port=0, timeout_graceful_shutdown=1, **options)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            told.put((server, f"http://127.0.0.1:{port}", app, beside))
            await serving

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the start
            told.put(error)

    thread = threading.Thread(target=run, name="outside")
    thread.start()
    began = told.get(timeout=120)
    if isinstance(began, BaseException):
        raise began
    server, url, app, beside = began
    try:
        yield url, app, beside
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def keep_something(http: httpx.Client) -> dict[str, list[str]]:
    """A run that ended, its ballot with a ranking, a study, an audience and a profile: names in addresses to ids."""
    run = _sent(http, "/api/v1/runs", {"query": QUERY, "alternatives": 3, "seed": 1})
    until = time.monotonic() + 60
    while not (look := http.get(f"/api/v1/runs/{run['id']}").json())["ended"]:
        assert time.monotonic() < until, look
        time.sleep(0.05)
    ballot = http.get(f"/api/v1/runs/{run['id']}/ballot").json()
    groups = [[one["label"]] for one in ballot["alternatives"]]
    _sent(http, f"/api/v1/ballots/{ballot['id']}/rankings", {"groups": groups})
    study = _sent(http, "/api/v1/studies", {"name": "All", "runs": [run["id"]], "alternatives": 3, "overlap": 2})
    given = http.get(f"/api/v1/studies/{study['id']}/next").json()
    assert given["ballot"]["id"] in study["ballots"]
    audience = _sent(http, "/api/v1/audiences", {"run": run["id"], "minutes": 5})
    closed = http.post(f"/api/v1/audiences/{audience['id']}/close")
    assert closed.status_code == 200, closed.text
    _sent(http, "/api/v1/profiles", {"name": "Thrifty", "preference": {"accuracy": 1.0, "cost": 0.5, "latency": 0.1}})
    return {
        "run_id": [run["id"]],
        "trajectory_id": [one["id"] for one in run["trajectories"]],
        "ballot_id": [ballot["id"], *study["ballots"]],
        "study_id": [study["id"]],
        "audience_id": [audience["id"]],
        "code": [audience["code"]],
        "name": ["Thrifty", "remainder"],
        "kind": ["rankings", "trajectories", "dpo", "queries"],
    }


def _sent(http: httpx.Client, path: str, body: Any) -> Any:
    answer = http.post(path, json=body)
    assert answer.status_code == 201, f"{path}: {answer.text}"
    return answer.json()
