"""Stores on real SQLite files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prefs.ballot import Ballot, ballot
from prefs.ranking import Ranking
from storage.store import Store
from tests.examples import NOON


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'podium.db'}"


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
