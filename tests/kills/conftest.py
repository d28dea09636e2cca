"""Databases that outlive a kill: PostgreSQL keeps its care for crashes as it is shipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Server, serving

pytest.register_assert_rewrite("tests.kills.record")


@pytest.fixture
def postgres() -> Iterator[Server]:
    """A server of the test's own, which it may kill."""
    with serving(durable=True) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    return f"{request.getfixturevalue('postgres').url}/postgres"
