"""Two processes on one database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from storage.processes import roll
from storage.processes.process import Ending
from storage.store import Store


@pytest.fixture
def other(url: str, store: Store) -> Iterator[Store]:
    """Another process's store, on the same database."""
    with Store.open(url) as opened:
        yield opened


async def declare_dead(by: Store, process: str | None) -> tuple[str, ...]:
    assert process is not None

    def bury(connection: Connection) -> tuple[str, ...]:
        roll.end(connection, [process], Ending.DEAD)
        return roll.interrupt_orphans(connection)

    return await by.write(bury)
