"""Connections that say little, say it slowly, or stay for ever: each ends in time, and the others are served."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from storage.accounts.account import Role
from tests.safety.site import HEAD_S, QuickConnection, Site
from webapp.access.user import KEY, SessionUser
from webapp.connection import MOST_CONNECTIONS, Connection, listening
from webapp.guard import Guard
from webapp.pressure import Pressure
from webapp.server import _serve

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def cut_after_s(served: Site, pieces: list[bytes], gap_s: float) -> tuple[float, bytes]:
    """How long a connection that sends these lived, and what it was told."""
    began = time.perf_counter()
    told = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(gap_s)
            while part := connection.recv(65_536):
                told += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return time.perf_counter() - began, told


SLOW = {
    "silence": ([b""], 0.0),
    "half a head": ([HEAD], 0.0),
    "a byte at a time": ([bytes([one]) for one in HEAD * 3], 0.05),
    "a header at a time": ([HEAD, *(b"X-%d: 1\r\n" % number for number in range(50))], 0.1),
    "half a second head": ([HEAD + b"\r\n" + HEAD], 0.0),
    "a body after its reply": ([CHUNKED, b"1\r\n[\r\n", b""], 0.2),
    "a body after its reply, a byte at a time": ([CHUNKED, *[b"1\r\n[\r\n"] * 50], 0.1),
    "half a head after such a body": ([CHUNKED, b"0\r\n\r\n", HEAD], 0.2),
}
ANSWERED = {"half a second head", "a body after its reply", "half a head after such a body"}
"""Where the reply can still be read: who is cut while sending reads nothing more."""


@pytest.mark.parametrize("name", SLOW)
def test_a_head_that_does_not_come_is_not_waited_for(served: Site, name: str) -> None:
    pieces, gap_s = SLOW[name]
    lived_s, told = cut_after_s(served, pieces, gap_s)
    assert lived_s < HEAD_S + 6
    assert told.count(b"HTTP/1.1 200") == (name in ANSWERED)
    assert httpx.get(f"{served.url}/healthz").status_code == 200


def test_a_body_that_comes_soon_after_its_reply_leaves_the_connection_as_it_was(served: Site) -> None:
    asked = [CHUNKED, b"1\r\n[\r\n", b"0\r\n\r\n", HEAD + b"\r\n", HEAD + b"Connection: close\r\n\r\n"]
    _, told = cut_after_s(served, asked, HEAD_S / 3)
    assert told.count(b"HTTP/1.1 200") == 3


def test_an_endless_head_is_refused(served: Site) -> None:
    lived_s, told = cut_after_s(served, [HEAD + b"X-Long: " + b"x" * 200_000], 0.0)
    assert b"HTTP/1.1 400" in told or told == b""
    assert lived_s < HEAD_S + 6


def test_a_body_that_only_says_that_it_is_long_is_refused_before_it_comes(served: Site) -> None:
    for length in (b"5000000", b"9" * 19):
        head = b"POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        lived_s, told = cut_after_s(served, [head + b"Content-Length: " + length + b"\r\n\r\n"], 0.0)
        assert b"HTTP/1.1 413" in told
        assert lived_s < 2


def test_a_quick_request_after_a_while_is_still_served(served: Site) -> None:
    with httpx.Client(base_url=served.url) as http:
        for _ in range(3):
            assert http.get("/healthz").status_code == 200
            time.sleep(HEAD_S + 0.2)


def test_a_stream_may_last(served: Site) -> None:
    with httpx.Client(base_url=served.url, timeout=10) as http:
        run = http.post("/api/v1/runs", json={"query": "What is 2 + 2?"}).json()["id"]
        with http.stream("GET", f"/api/v1/runs/{run}/events") as stream:
            time.sleep(HEAD_S + 0.3)
            assert "event: ended" in stream.read().decode()


def test_podium_serve_listens_like_that() -> None:
    options = listening()
    assert options["http"] is Connection
    assert issubclass(QuickConnection, Connection)
    assert options["ws"] == "none"
    assert options["limit_concurrency"] == MOST_CONNECTIONS
    assert 5 <= Connection.head_s <= 60
    assert "listening" in _serve.__code__.co_names


@asynccontextmanager
async def listening_app(app: Any, **options: Any) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, port=0, lifespan="off", **listening() | options))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass
    status = 200 if message["type"] == "http.request" else 500
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_a_body_that_does_not_come_is_answered_with_408() -> None:
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with listening_app(Guard(reads_all, body_s=0.4)) as url, httpx.AsyncClient(timeout=10) as http:
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(head + b"1\r\n[\r\n")
        told = await reader.read()
        writer.close()
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in told
        assert time.perf_counter() - began < 3
        assert (await http.post(f"{url}/", content=b"[]")).status_code == 200


async def test_more_connections_than_there_may_be_are_told_to_come_again() -> None:
    async with listening_app(reads_all, limit_concurrency=10) as url:
        port = int(url.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        async with httpx.AsyncClient() as http:
            assert (await http.get(url)).status_code == 503
            for _, writer in held:
                writer.close()
            async with asyncio.timeout(5):
                while (await http.get(url, headers={"Connection": "close"})).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)


class Streaming:
    """An app of streams alone, which end when they are told to."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.open += 1
        try:
            await self.over.wait()
            if "broken" in scope["path"]:
                raise RuntimeError("broken")
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.open -= 1


def asking(app: Any, path: str, session: str | None, address: str = "192.0.2.1", method: str = "GET") -> Awaitable[int]:
    """The status of a request of that session."""
    user = SessionUser("ann", Role.ANNOTATOR, None if session is None else "account", session=session)
    scope = {"type": "http", "method": method, "path": path, "client": (address, 1), KEY: user}
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.set_result(message["status"])

    task = asyncio.create_task(app(scope, None, send))
    KEEP.add(task)
    task.add_done_callback(lambda done: (KEEP.discard(done), done.cancelled() or done.exception()))
    return told


KEEP: set[asyncio.Task[None]] = set()
Ask = Callable[..., Awaitable[int]]


@pytest.mark.parametrize("path", ["/api/v1/runs/1/events", "/ui/gradio_api/queue/data", "/runs/1/broken/events"])
async def test_a_session_holds_so_many_streams_and_no_more(path: str) -> None:
    streams = Streaming()
    app = Pressure(streams, session_streams=3, address_streams=5)
    assert [await asking(app, path, "one") for _ in range(5)] == [200] * 3 + [429] * 2
    assert await asking(app, path, "two") == 200
    assert [await asking(app, path, None) for _ in range(6)] == [200] * 5 + [429]
    assert await asking(app, path, None, "192.0.2.2") == 200
    assert await asking(app, "/api/v1/runs", "one") == 200
    streams.over.set()
    while streams.open:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [await asking(app, path, "one") for _ in range(3)] == [200] * 3


async def test_a_session_posts_so_many_events_a_second_and_no_more() -> None:
    app = Pressure(reads_all_of_nobody, session_events=(3, 0.001), address_events=(5, 0.001))
    join = "/ui/gradio_api/queue/join"
    assert [await asking(app, join, "one", method="POST") for _ in range(4)] == [200] * 3 + [429]
    assert await asking(app, "/ui/gradio_api/component_server", "one", method="POST") == 429
    assert await asking(app, join, "two", method="POST") == 200
    networks = [f"2001:db8::{number:x}" for number in range(6)]
    assert [await asking(app, join, None, one, method="POST") for one in networks] == [200] * 5 + [429]
    assert await asking(app, "/api/v1/runs", "one", method="POST") == 200


async def reads_all_of_nobody(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
