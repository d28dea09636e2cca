"""A run with four alternatives, an audience for it, and phones that reach only the second listener."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.webapp.audience.room import Client, ended, keep
from webapp.phone_app import create_phone_app
from webapp.services import Services


@pytest.fixture
async def run(services: Services) -> str:
    """A run with four alternatives that have ended."""
    await keep(services, *map(ended, range(4)))
    return "r1"


@pytest.fixture
async def phones(services: Services) -> AsyncIterator[Client]:
    """Phones, each with cookies of its own, that reach only the second listener."""
    app, opened = create_phone_app(services), []

    def phone() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("192.168.1.7", 40_000))
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://192.168.1.23:8080"))
        return opened[-1]

    yield phone
    for one in opened:
        await one.aclose()


@pytest.fixture
async def audience(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    response = await http.post("/api/v1/audiences", json={"run": run})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found
