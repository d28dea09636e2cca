"""The registry of reward models keeps what was registered, and databases of the second version get it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect

from storage import trajectories
from storage.database import migrate, open_engine, upgrade, writing
from storage.errors import StoreConflict, StoreReadOnly
from storage.records import RecordError
from storage.reward_models import RewardModels, load_reward_model
from storage.store import Store
from storage.tables import RUN, STEP, TRAJECTORY, Row
from storage.trajectories import State
from tests.examples import NOON
from tests.kept import ended, going, run
from tests.reward_models import reward_model


@pytest.fixture
def second(url: str) -> str:
    """A database of version 0002 with a finished trajectory."""
    migrate(url, "0002")
    engine = open_engine(url)
    whole = ended(going(1), 2)
    with writing(engine).begin() as connection:
        connection.execute(
            insert(RUN),
            {"id": "r1", "asked_at": run().asked_at, "folded_query": "what", "record": trajectories.dump_run(run())},
        )
        connection.execute(insert(TRAJECTORY), [trajectories._row(whole, State.FINISHED)])
        connection.execute(insert(STEP), [trajectories._step_row("t1", one) for one in whole.steps])
    engine.dispose()
    return url


async def test_a_registered_model_is_found_as_it_was(store: Store, tmp_path: Path) -> None:
    model = reward_model(tmp_path / "model")
    kept = RewardModels(store)
    await kept.register(model)
    await kept.register(model)
    assert kept.find("rm-1") == model
    assert kept.find("rm-2") is None
    assert kept.find("rm-1\x00\ud800") is None


async def test_models_are_listed_newest_first(store: Store, tmp_path: Path) -> None:
    model = reward_model(tmp_path / "model")
    kept = RewardModels(store)
    for number in (2, 3, 1):
        await kept.register(replace(model, id=f"rm-{number}", made_at=NOON + timedelta(hours=number)))
    assert [one.id for one in kept.newest()] == ["rm-3", "rm-2", "rm-1"]
    assert [one.id for one in kept.newest(limit=1)] == ["rm-3"]


async def test_an_id_never_comes_to_mean_another_model(store: Store, tmp_path: Path) -> None:
    model = reward_model(tmp_path / "model")
    kept = RewardModels(store)
    await kept.register(model)
    with pytest.raises(StoreConflict, match="already a reward model rm-1"):
        await kept.register(replace(model, weights_sha256="1" * 64))
    assert kept.find("rm-1") == model


async def test_a_folder_may_be_moved(store: Store, tmp_path: Path) -> None:
    model = reward_model(tmp_path / "model")
    kept = RewardModels(store)
    await kept.register(model)
    moved = replace(model, path=str(tmp_path / "elsewhere"))
    await kept.register(moved)
    assert kept.newest() == (moved,)


async def test_an_id_that_fits_no_address_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="id of a reward model"):
        await RewardModels(store).register(reward_model(tmp_path / "model", id="two\nlines"))


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("[]", "must be a JSON object"),
        ("{}", "must be a JSON object with a format"),
        ('{"format": 9}', "has format 9"),
        ('{"format": 1}', "is wrong at id"),
    ],
)
def test_a_damaged_record_is_named(record: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        load_reward_model(record)


async def test_a_read_only_database_registers_nothing(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    Store.open(sqlite_url).close()
    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert store.read_only
        with pytest.raises(StoreReadOnly):
            await RewardModels(store).register(reward_model(tmp_path / "model"))


async def test_second_version_is_upgraded_with_all_it_holds(second: str, tmp_path: Path) -> None:
    engine = open_engine(second)
    assert "reward_model" not in inspect(engine).get_table_names()
    engine.dispose()
    upgrade(second)
    with Store.open(second) as store:
        assert store.trajectory("t1") == ended(going(1), 2)
        await RewardModels(store).register(reward_model(tmp_path / "model"))
        assert [one.id for one in RewardModels(store).newest()] == ["rm-1"]


def test_upgraded_schema_is_that_of_the_tables(second: str) -> None:
    upgrade(second)
    engine = open_engine(second)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()


def test_the_registry_can_be_taken_back(second: str) -> None:
    upgrade(second)
    migrate(second, "0002")
    engine = open_engine(second)
    assert "reward_model" not in inspect(engine).get_table_names()
    engine.dispose()
    with Store.open(second) as store:
        assert store.trajectory("t1") == ended(going(1), 2)
