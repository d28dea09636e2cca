"""A whole server with its page, as `podium serve` makes it, on a socket of this machine, with two faults planted."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from tests.webapp.outside_server import in_a_thread
from webapp.app import create_app
from webapp.connection import Connection, listening
from webapp.front_desk import FrontDesk
from webapp.services import open_services
from webapp.settings import Settings

FAULT: Final = "fault-7c1e postgresql://podium:pa55-w0rd@db/podium"
"""What the planted faults say; nobody outside may read it."""
HEAD_S: Final = 0.6
"""Seconds that a head may take here."""


class QuickConnection(Connection):
    """As served, only with less patience."""

    head_s = HEAD_S


@dataclass(frozen=True, slots=True)
class Site:
    """Where the server is."""

    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def event_of(self, target: str, trigger: str) -> int:
        """The number of the page's event on the component with that elem_id."""
        with self.client() as http:
            config = http.get("/ui/config").json()
        ids = {part["id"] for part in config["components"] if part["props"].get("elem_id") == target}
        return next(
            int(one["id"])
            for one in config["dependencies"]
            for on in one["targets"]
            if on[0] in ids and on[1] == trigger
        )

    def event(self, number: int, data: list[Any], session: str = "safety1234") -> list[dict[str, Any]]:
        """What the page is told of an event that goes through the queue, to its end."""
        told: list[dict[str, Any]] = []
        with self.client() as http:
            body = {"data": data, "fn_index": number, "session_hash": session, "event_data": None, "trigger_id": None}
            joined = http.post("/ui/gradio_api/queue/join", json=body)
            assert joined.status_code == 200, joined.text
            with http.stream("GET", "/ui/gradio_api/queue/data", params={"session_hash": session}) as stream:
                for line in stream.iter_lines():
                    if line.startswith("data: "):
                        told.append(json.loads(line.removeprefix("data: ")))
                    if told and told[-1]["msg"] in ("process_completed", "close_stream"):
                        return told
        return told


class FaultyDesk(FrontDesk):
    """Breaks where somebody searches for a fault."""

    async def history(self, search: str) -> Any:
        if search == "fault":
            raise RuntimeError(FAULT)
        return await super().history(search)


class Faulty:
    """Breaks behind the doors where a request asks for it: before the reply begins, or in its midst."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope.get("query_string", b"")
        if asked == b"midway":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        if asked in (b"broken", b"midway"):
            raise RuntimeError(FAULT)
        await self._app(scope, receive, send)


@contextmanager
def site(settings: Settings) -> Iterator[Site]:
    """Serve until the block ends."""

    @asynccontextmanager
    async def made() -> AsyncIterator[tuple[FastAPI, None]]:
        async with open_services(settings) as services:
            app = create_app(services)
            app.user_middleware.append(Middleware(Faulty))
            yield app, None

    with in_a_thread(made(), **listening() | {"http": QuickConnection}) as (url, _, _):
        yield Site(url)
