"""Stores on real SQLite files and on a real PostgreSQL server."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking
from storage.database import open_engine
from storage.store import Store
from tests.examples import NOON
from tests.postgres import address, serving


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "podium.db"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server, without a database."""
    if named := address():
        yield named
        return
    with serving() as server:
        yield server.url


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """A database of that server with Podium's tables, to copy."""
    url = new_database(postgres)
    Store.open(url).close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database, made for one test; each test that asks for it runs on both."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    if "store" not in request.fixturenames:
        return new_database(request.getfixturevalue("postgres"))
    return new_database(request.getfixturevalue("postgres"), template=request.getfixturevalue("migrated"))


def new_database(server: str, *, template: str = "template1") -> str:
    name = f"podium_test_{uuid.uuid4().hex[:12]}"
    engine = open_engine(f"{server}/postgres")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def abc() -> Ballot:
    """A ballot of three alternatives."""
    return ballot("b1", ["t1", "t2", "t3"], query="What is 17% of 2,340?", run="r1", seed=1, made_at=NOON)


@pytest.fixture
def b_then_a_and_c() -> Ranking:
    """B before A and C, which are tied; only B is acceptable."""
    return Ranking("k1", "b1", (("B",), ("A", "C")), NOON, acceptable=1, reason="B is right", annotator="ann")
