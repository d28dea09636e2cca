"""Accounts of every role over one app, reached as from outside; see conftest for what their passwords cost."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from storage.accounts.account import Account, Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.sessions import Sessions
from storage.accounts.tokens import Tokens
from webapp.access.people import COOKIE
from webapp.app import create_app
from webapp.oidc.provider import Provider
from webapp.services import Services, open_services
from webapp.settings import Settings

PASSWORD = "correct horse battery"
CONSOLE = Actor.at_console("tests")
NAMES: Mapping[str, Role] = {
    "vic": Role.VIEWER,
    "ann": Role.ANNOTATOR,
    "art": Role.AUTHOR,
    "ada": Role.ADMIN,
}


@dataclass(slots=True)
class Town:
    """An app in which somebody of each role has an account."""

    services: Services
    app: FastAPI
    accounts: dict[str, Account]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def client(self, headers: Mapping[str, str] | None = None, address: str | None = None) -> httpx.AsyncClient:
        """Somebody elsewhere, logged in nowhere; at an address of his or her own where none is given."""
        number = next(self.numbers)
        transport = httpx.ASGITransport(self.app, client=(address or f"10.0.{number // 256}.{number % 256}", 4711))
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=30)

    async def secret(self, name: str) -> str:
        """The secret of a new session of that account."""
        return (await Sessions(self.services.store).begin(self.accounts[name], "198.51.100.7", "tests"))[0]

    async def session(self, name: str) -> httpx.AsyncClient:
        """A browser of that account."""
        client = self.client()
        client.cookies.set(COOKIE, await self.secret(name), domain="127.0.0.1")
        return client

    async def token(self, name: str, *scopes: str) -> httpx.AsyncClient:
        """A program of that account."""
        secret, _ = await Tokens(self.services.store).make(self.accounts[name], "tests", scopes, CONSOLE)
        return self.client({"Authorization": f"Bearer {secret}"})

    async def newcomer(self, role: Role) -> str:
        """The name of a new account, for a test that changes it."""
        name = f"{role} {next(self.numbers)}"
        self.accounts[name] = await Accounts(self.services.store).add(name, role, PASSWORD, CONSOLE)
        return name

    def forget(self) -> None:
        """Believe nothing that was found out before, as a moment later."""
        self.app.state.people.forget()


@asynccontextmanager
async def town(
    folder: Path, *, page: bool = False, host: str = "127.0.0.1", oidc: Provider | None = None
) -> AsyncIterator[Town]:
    """An app with an account of each role."""
    settings = Settings(data_dir=folder, pace=0.0, policy="random", host=host, oidc=oidc)
    async with open_services(settings) as services:
        accounts = Accounts(services.store)
        made = {}
        for name in ("ada", *(name for name in NAMES if name != "ada")):
            made[name] = await accounts.add(name, NAMES[name], PASSWORD, CONSOLE)
        yield Town(services, create_app(services, page=page), made)


async def streaming(
    people: Town, path: str, secret: str, query: bytes = b""
) -> tuple[asyncio.Task[None], list[dict[str, Any]]]:
    """A stream that has begun, opened with the secret of a session, and what it has sent and goes on to send."""
    began, sent = asyncio.Event(), list[dict[str, Any]]()

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body"):
            began.set()

    headers = [(b"host", b"127.0.0.1"), (b"cookie", f"{COOKIE}={secret}".encode())]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": "", "scheme": "http",
        "query_string": query, "headers": headers, "client": ("198.51.100.7", 1), "server": ("127.0.0.1", 80),
        "http_version": "1.1", "asgi": {"version": "3.0", "spec_version": "2.4"},
    }  # fmt: skip
    stream = asyncio.create_task(people.app(scope, receive, send))
    await asyncio.wait_for(began.wait(), 10)
    return stream, sent


async def ran(client: httpx.AsyncClient, alternatives: int = 3) -> str:
    """The id of a run that has ended."""
    asked = {"query": "What is 17% of 2,340?", "alternatives": alternatives, "seed": 1}
    run = (await client.post("/api/v1/runs", json=asked)).raise_for_status().json()["id"]
    while not (await client.get(f"/api/v1/runs/{run}")).json()["ended"]:  # noqa: ASYNC110 - from outside
        await asyncio.sleep(0.02)
    return str(run)
