"""Stores on real SQLite files, or on the PostgreSQL server that PODIUM_TEST_POSTGRES names."""

import os
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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "podium.db"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """An empty database, made for one test."""
    server = os.environ.get("PODIUM_TEST_POSTGRES")
    return sqlite_url if server is None else _new_database(server)


def _new_database(server: str) -> str:
    name = f"podium_test_{uuid.uuid4().hex[:12]}"
    engine = open_engine(f"{server}/postgres")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
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
