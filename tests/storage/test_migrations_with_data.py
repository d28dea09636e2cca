"""A database of each earlier version comes up to date with every row that it holds."""

from typing import Any

import pytest

from storage.database import check, open_engine, schema_version, upgrade
from storage.store import Store
from storage.trajectories import State
from tests.examples import NOON
from tests.kept import ended, going, run, step
from tests.storage.recording import VERSIONS, Rows, dumped, restore


def recorded_part(rows: Rows, wanted: Rows) -> Rows:
    """The tables and columns that were there when it was recorded."""
    return {
        name: [{column: row[column] for column in (wanted[name][0] if wanted[name] else {})} for row in rows[name]]
        for name in wanted
    }


def near(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums of seconds may differ in their last digits."""
    return [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_row_of_an_earlier_version_arrives(url: str, version: str) -> None:
    wanted = restore(url, version)
    engine = open_engine(url)
    with engine.connect() as connection:
        assert schema_version(connection) == version
    upgrade(url)
    with engine.connect() as connection:
        found = recorded_part(dumped(connection), wanted)
    engine.dispose()
    for name, rows in wanted.items():
        assert near(found[name]) == near(rows), name
    assert check(url) == []
    with Store.open(url) as store:
        assert store.trajectory("t1") == ended(going(1), 2)
        assert store.state("t2") is State.RUNNING
        assert await store.come() == store.interrupted() != ()
        assert store.state("t2") is State.INTERRUPTED
        assert [one.reason for one in store.iter_rankings()][:1] == ["“quoted”, ’so’"]
        assert {one.query for one in store.queries()} == {"What is 17% of 2,340?", "Who?"}
        await store.begin(run(id="new", asked_at=NOON), [going(99, "new")])
        await store.keep_step("t99", step(0))
