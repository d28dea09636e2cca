"""`deploy/nginx.conf`, run: two real `podium serve` on one PostgreSQL behind a real nginx."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.store import Store
from tests.postgres import _free_port
from tests.processes.conftest import Models, Server, listening
from tests.served import ROOT
from tests.servers.conformance import Conformance
from tests.servers.orchestra import pool_toml
from tests.skips import skip
from webapp.access.people import COOKIE

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.fixture(autouse=True)
def _nginx() -> None:
    if NGINX is None:
        skip("nginx is not installed: the proxy's settings were not tried")


def settings(folder: Path, port: int, servers: tuple[Server, ...]) -> Path:
    """The file of `deploy/`, with the addresses of this test and nothing outside its folder."""
    folder.mkdir()
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for known, server in zip(("127.0.0.1:8001", "127.0.0.1:8002"), servers, strict=True):
        assert known in text
        text = text.replace(known, server.url.removeprefix("http://"))
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log {folder}/access.log; {temporary}\n{text}\n}}\n"
    )
    return file


@asynccontextmanager
async def proxied(folder: Path, servers: tuple[Server, ...]) -> AsyncIterator[httpx.AsyncClient]:
    """nginx in front of them, once it listens."""
    port = _free_port()
    file = settings(folder, port, servers)
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(NGINX, "-c", str(file), "-p", str(folder))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            async with asyncio.timeout(20):
                while True:
                    try:
                        await http.get("/healthz")
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.05)
            yield http
    finally:
        process.terminate()
        await process.wait()


PASSWORD = "a long enough secret 1"


async def test_pages_streams_and_logins_pass_a_proxy_before_two_processes(
    database: str, played: tuple[Conformance, str], models: Models, tmp_path: Path
) -> None:
    pool = tmp_path / "pool.toml"
    pool.write_text(pool_toml(played[1], timeout_s=300))
    with Store.open(database) as store:
        await Accounts(store).add("ada", Role.ADMIN, PASSWORD, Actor.at_console("tests"))
    flags = ("-m", "webapp", "serve", "--port", "0", "--db", database, "--pool", str(pool))
    async with AsyncExitStack() as stack:
        each = (listening(*flags, PODIUM_DATA_DIR=str(tmp_path / name)) for name in ("a", "b"))
        servers = tuple(await asyncio.gather(*(stack.enter_async_context(one) for one in each)))
        http = await stack.enter_async_context(proxied(tmp_path / "nginx", servers))
        await _login(http)
        await _pages(http)
        await _stream(http, models)
        await _survives(http, servers)


async def _login(http: httpx.AsyncClient) -> None:
    """Nobody passes without an account, and a session comes through the proxy."""
    assert (await http.get("/api/v1/processes")).status_code == 401
    form = {"name": "ada", "password": PASSWORD}
    entered = await http.post("/login", data=form, headers={"Origin": str(http.base_url).rstrip("/")})
    assert entered.status_code == 303, entered.text
    assert COOKIE in http.cookies
    assert (await http.get("/api/v1/me")).json()["name"] == "ada"


async def _pages(http: httpx.AsyncClient) -> None:
    for path in ("/ui/", "/rank", "/stage", "/runs", "/tune", "/readyz"):
        answered = await http.get(path)
        assert answered.status_code == 200, path
    config = (await http.get("/ui/config")).json()
    assert config["components"]


async def _stream(http: httpx.AsyncClient, models: Models) -> None:
    """Events pass one by one: the proxy keeps none back."""
    models.held = True
    body = {"query": "What is the capital?", "policy": "fixed:search-1,reasoner-1,answer-1"}
    run = (await http.post("/api/v1/runs", json=body)).json()["id"]
    async with http.stream("GET", f"/api/v1/runs/{run}/events", timeout=60) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: step"):
                break
    state = (await http.get(f"/api/v1/runs/{run}")).json()["trajectories"][0]["state"]
    assert state == "running", "the step came while the run went on"
    assert (await http.post(f"/api/v1/runs/{run}/cancel")).status_code == 200


async def _survives(http: httpx.AsyncClient, servers: tuple[Server, ...]) -> None:
    """A process that is gone is passed over."""
    known = (await http.get("/api/v1/processes")).json()["processes"]
    here = next(one["address"] for one in known if one["here"])
    serving, other = sorted(servers, key=lambda server: server.url != here)
    assert serving.url == here
    serving.process.kill()
    await serving.process.wait()
    since = time.monotonic()
    known = (await http.get("/api/v1/processes")).json()["processes"]
    assert time.monotonic() - since < 10
    assert next(one["address"] for one in known if one["here"]) == other.url, "the session counts there, too"
