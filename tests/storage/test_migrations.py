"""A database of the first version comes up to date with all it holds."""

from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect

from storage import trajectories
from storage.database import migrate, newest_version, open_engine, upgrade, version_problem, writing
from storage.store import Store
from storage.tables import RUN, STEP, TRAJECTORY, Row
from storage.trajectories import State
from tests.kept import ended, going, run, step


@pytest.fixture
def first(url: str) -> str:
    """A database of version 0001 with a finished and a running trajectory."""
    migrate(url, "0001")
    engine = open_engine(url)
    whole = ended(going(1), 2)
    with writing(engine).begin() as connection:
        connection.execute(
            insert(RUN),
            {"id": "r1", "asked_at": run().asked_at, "folded_query": "what", "record": trajectories.dump_run(run())},
        )
        rows = [trajectories._row(whole, State.FINISHED), trajectories._row(going(2), State.RUNNING)]
        connection.execute(insert(TRAJECTORY), rows)
        connection.execute(insert(STEP), [trajectories._step_row("t1", one) for one in whole.steps])
        connection.execute(insert(STEP), trajectories._step_row("t2", step(0)))
    engine.dispose()
    return url


def test_first_version_has_no_texts(first: str) -> None:
    engine = open_engine(first)
    with engine.connect() as connection:
        assert "text" not in inspect(connection).get_table_names()
        assert (
            version_problem(connection)
            == f"its schema is 0001, this version needs {newest_version()}: run `podium db upgrade`"
        )
    engine.dispose()


async def test_upgrade_from_the_first_version_keeps_everything_and_goes_on(first: str) -> None:
    upgrade(first)
    with Store.open(first) as store:
        assert store.trajectory("t1") == ended(going(1), 2)
        assert store.trajectory("t2") == replace(going(2), steps=(step(0),))
        one = step(1)
        kept = await store.keep_step("t2", replace(one, calls=(replace(one.calls[0], prompt="p" * 1000),)))
        assert store.text(kept.calls[0].prompt or "") == "p" * 1000


def test_migrated_schema_is_that_of_the_tables_on_every_database(first: str) -> None:
    upgrade(first)
    engine = open_engine(first)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()


def test_the_newest_version_can_be_taken_back(first: str) -> None:
    upgrade(first)
    migrate(first, "0001")
    engine = open_engine(first)
    with engine.connect() as connection:
        assert "text" not in inspect(connection).get_table_names()
    engine.dispose()
    upgrade(first)
    with Store.open(first) as store:
        assert store.trajectory("t1") == ended(going(1), 2)
