"""Before there is an account: one user on this machine, nobody from elsewhere."""

import asyncio
import time

import httpx

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from tests.webapp.access.people import CONSOLE, PASSWORD
from webapp.access.people import People
from webapp.app import create_app
from webapp.services import Services


async def test_without_an_account_whoever_is_on_this_machine_is_the_one_user(services: Services) -> None:
    transport = httpx.ASGITransport(create_app(services, page=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as local:
        assert (await local.get("/api/v1/me")).json()["single"] is True
        forwarded = await local.get("/api/v1/me", headers={"X-Forwarded-For": "203.0.113.9"})
        assert forwarded.status_code == 401
        assert "single user, no login" in (await local.get("/account")).text


async def test_the_first_account_ends_the_time_of_the_one_user_and_is_never_made_over_http(services: Services) -> None:
    transport = httpx.ASGITransport(create_app(services, page=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as local:
        invited = await local.post("/api/v1/accounts/invitations", json={"role": "admin"})
        assert invited.status_code == 403
        await Accounts(services.store).add("ada", Role.ADMIN, PASSWORD, CONSOLE)
        until = time.monotonic() + 5
        while (await local.get("/api/v1/me")).status_code != 401:
            assert time.monotonic() < until
            await asyncio.sleep(0.1)


async def test_elsewhere_nobody_is_the_one_user_unless_anyone_may(services: Services) -> None:
    scope = {"type": "http", "headers": []}
    assert await People(services.store, alone=False).who(scope) is None
    assert (await People(services.store, alone=False, anyone=True).who(scope)) is not None


async def test_requests_that_come_while_accounts_are_first_looked_for_are_strangers_too(services: Services) -> None:
    await Accounts(services.store).add("ada", Role.ADMIN, PASSWORD, CONSOLE)
    found = People(services.store, alone=True)
    scope = {"type": "http", "headers": []}
    assert await asyncio.gather(*(found.who(scope) for _ in range(5))) == [None] * 5
