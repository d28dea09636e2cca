"""The image, built once for all tests of it."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.image import parts
from tests.deploy.image.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if why := parts.missing():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="podium-image-"))  # Short: sockets have their names in it.
    engine = Engine(folder)
    try:
        engine.build()
        yield engine
    finally:
        engine.clear()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def check(engine: Engine) -> list[str]:
    """The image's health check."""
    how, *command = engine.config()["Healthcheck"]["Test"]
    assert how == "CMD"
    return list(command)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
