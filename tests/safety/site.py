"""A whole server with its page, as `podium serve` makes it, on a socket of this machine, with two faults planted."""

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import uvicorn
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

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
    told: queue.SimpleQueue[tuple[uvicorn.Server, Site] | BaseException] = queue.SimpleQueue()

    async def serve() -> None:
        async with open_services(settings) as services:
            app = create_app(services)
            app.user_middleware.append(Middleware(Faulty))
            options = listening() | {"http": QuickConnection}
            server = uvicorn.Server(
                uvicorn.Config(app, log_config=None, port=0, timeout_graceful_shutdown=1, **options)
            )
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            told.put((server, Site(f"http://127.0.0.1:{port}")))
            await serving

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the start
            told.put(error)

    thread = threading.Thread(target=run, name="site")
    thread.start()
    began = told.get(timeout=120)
    if isinstance(began, BaseException):
        raise began
    server, found = began
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join(timeout=30)
