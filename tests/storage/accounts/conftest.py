"""What tests of accounts share: hashes that cost nearly nothing, and a clock that is moved by hand."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.accounts.accounts import Accounts
from storage.accounts.passwords import Cost, set_cost
from storage.database import open_engine, writing
from storage.store import Store
from storage.tables import Row
from tests.accounts import CHEAP, Clock
from tests.storage.conftest import new_database


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    set_cost(CHEAP)
    yield
    set_cost(Cost())


@pytest.fixture(scope="session")
def emptied(postgres: str, migrated: str) -> str:
    """A database for all of these tests: to delete a few rows is quicker than to copy a database."""
    return new_database(postgres, template=migrated)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with Podium's tables, to copy."""
    found = tmp_path_factory.mktemp("migrated") / "podium.db"
    Store.open(f"sqlite:///{found}").close()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database with Podium's tables; each test that asks for it runs on both."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), request.getfixturevalue("file"))
        return str(request.getfixturevalue("sqlite_url"))
    found = str(request.getfixturevalue("emptied"))
    engine = open_engine(found)
    with writing(engine).begin() as connection:
        for table in reversed(Row.metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: Store, clock: Clock) -> Accounts:
    return Accounts(store, clock)
