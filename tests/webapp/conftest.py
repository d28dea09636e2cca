"""Services over a database of their own, without any waiting, whose routes no training changes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from webapp.app import create_app
from webapp.services import Services, open_services
from webapp.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", pace=0.0, policy="random")


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with open_services(settings) as opened:
        yield opened


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services, page=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client
