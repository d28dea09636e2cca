"""Databases of the third version get studies, and keep what they hold."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from storage.database import migrate, open_engine, upgrade
from storage.errors import StoreConflict
from storage.records import RecordError
from storage.store import Store
from storage.studies import Studies
from storage.study_records import dump_study, load_study, study_json
from storage.tables import Row
from tests.examples import NOON
from tests.studies import ballots, kept, rank, study


async def test_rankings_outlive_studies_that_are_taken_back_and_count_again(url: str) -> None:
    with Store.open(url) as store:
        await kept(store, 2)
        ranking = await rank(store, "b0", "ann", NOON)
    migrate(url, "0003")
    engine = open_engine(url)
    assert {"study", "study_ballot", "assignment"}.isdisjoint(inspect(engine).get_table_names())
    engine.dispose()
    upgrade(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()
    with Store.open(url) as store:
        assert store.rankings_of("b0") == (ranking,)
        studies = Studies(store)
        assert studies.newest() == ()
        await studies.create(study(), ballots(2))
        assert studies.progress("s1", NOON).counted == 1


async def test_a_study_comes_with_all_its_ballots_or_not_at_all(store: Store) -> None:
    await store.keep_ballot(ballots(1)[0])
    other = ballots(1, "c")[0]
    clash = type(other)("b0", other.run, other.query, other.alternatives, other.seed, other.made_at)
    with pytest.raises(StoreConflict, match="already a ballot b0"):
        await Studies(store).create(study(), [*ballots(1, "d"), clash])
    assert Studies(store).find("s1") is None
    assert store.ballot("d0") is None


def test_a_record_gives_the_study_back() -> None:
    made = study(hidden=("cost", "identity"), guidelines="Liest sich gut.", closed_at=NOON)
    assert load_study(dump_study(made)) == made
    assert load_study(study_json(made)) == made


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("[]", "must be a JSON object"),
        ('{"format": 9}', "has format 9"),
        ('{"format": 1}', "is wrong at id"),
        ('{"format": 1, "id": "s", "name": "n", "made_at": "2026-05-04T12:00:00Z", "overlap": 0}', "overlap must be"),
    ],
)
def test_a_damaged_record_is_named(record: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        load_study(record)


async def test_an_id_that_fits_no_address_is_refused(store: Store) -> None:
    with pytest.raises(RecordError, match="id of a study"):
        await Studies(store).create(study(id="two\nlines"), ballots(1))
    studies = await kept(store, 1)
    with pytest.raises(RecordError, match="id of an annotator"):
        await studies.next("s1", "", NOON)
    with pytest.raises(RecordError, match="id of an annotator"):
        studies.progress("s1", NOON, "a\0")
