"""A town of accounts, whose passwords cost little."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.accounts import passwords
from tests.webapp.access.people import Town, town


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    passwords.set_cost(passwords.Cost(passes=1, memory_kib=8, lanes=1))
    yield
    passwords.set_cost(passwords.Cost())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One for all tests of a file: those that change an account make one of their own."""
    async with town(Path(tmp_path_factory.mktemp("town"))) as found:
        yield found
