"""The database as a whole: settings, schema, damage, copies, and what goes wrong in the world outside.

The tests may run as root, whom file permissions do not stop. So read-only databases are opened with SQLite's own
`mode=ro`.
"""

import asyncio
import errno
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event

from prefs.ranking import Ranking
from storage import sqlite
from storage.database import check, named, open_engine, upgrade, upgrade_engine, writing
from storage.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnreachable,
    StoreVersion,
    translated,
)
from storage.store import Store
from storage.tables import Row
from tests.kept import edit, going, keep_ballot, run, step

GARBAGE = b"not a database at all " * 500


@pytest.fixture
def url(sqlite_url: str) -> str:
    """These tests are about SQLite files."""
    return sqlite_url


def test_every_connection_syncs_fully_writes_ahead_and_checks_references(url: str) -> None:
    upgrade(url)
    engine = open_engine(url)
    with engine.connect() as one, engine.connect() as two, writing(engine).connect() as three:
        for connection in (one, two, three):
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
            assert found == ["wal", 2, 1, 5000]
    engine.dispose()


async def test_the_writer_itself_syncs_fully(store: Store) -> None:
    def settings(connection: object) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous")]  # type: ignore[attr-defined]

    assert await store._writer.do(settings) == ["wal", 2]


@pytest.mark.parametrize("memory", [False, True])
def test_migrated_schema_is_that_of_the_tables(url: str, memory: bool) -> None:
    engine = open_engine("sqlite://" if memory else url)
    upgrade_engine(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()


def test_upgrade_does_nothing_the_second_time(url: str, file: Path) -> None:
    upgrade(url)
    before = file.read_bytes()
    upgrade(url)
    assert file.read_bytes() == before


def test_two_upgrades_at_once_make_one_schema(url: str) -> None:
    upgrade_errors: list[Exception] = []

    def one() -> None:
        try:
            upgrade(url)
        except Exception as error:  # noqa: BLE001
            upgrade_errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upgrade_errors == []
    assert check(url) == []


def test_database_of_a_newer_version_is_left_alone(url: str, file: Path) -> None:
    upgrade(url)
    edit(file, "UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    for use in (upgrade, Store.open):
        with pytest.raises(StoreVersion, match=r"made by a newer Podium .*9999.*: update Podium"):
            use(url)
    assert check(url)[0].startswith("the database was made by a newer Podium")
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all " * 500, b"\0" * 10, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_file_that_is_no_database_is_refused_and_left_alone(url: str, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for use in (upgrade, Store.open):
        with pytest.raises(StoreCorrupt, match="not a sound Podium database"):
            use(url)
    assert len(check(url)) == 1
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////no/such/folder/x.db", "there is no folder /no/such/folder: create it"),
        ("sqlite:////tmp", "/tmp is a folder: give the name of a database file"),
        ("what is this", "is not a database URL: write sqlite:///FILE"),
        ("mysql://a@b/c", "keeps its data in SQLite or PostgreSQL, not in mysql"),
        ("sqlite:///file:/no/such/x.db?mode=rw&uri=true", "the database cannot be opened"),
    ],
)
def test_place_without_a_database_is_explained(url: str, says: str) -> None:
    for use in (upgrade, Store.open, check):
        with pytest.raises(StoreUnreachable, match=says):
            use(url)


async def test_read_only_database_is_read_but_not_written(url: str, file: Path, b_then_a_and_c: Ranking) -> None:
    with Store.open(url) as store:
        assert not store.read_only
        shown = await keep_ballot(store)
    with Store.open(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert store.read_only
        assert store.ballot("b1") == shown
        assert len(store.runs()) == 1
        for write in (
            store.keep_ranking(b_then_a_and_c),
            store.keep_step("r1-t1", step(0)),
            store.begin(run(id="r2"), []),
            store.come(),
        ):
            with pytest.raises(StoreReadOnly, match="read-only: make its file and its folder writable"):
                await write
    assert check(f"sqlite:///file:{file}?mode=ro&uri=true") == []


def test_schema_of_a_read_only_database_cannot_be_brought_up_to_date(file: Path) -> None:
    sqlite3.connect(file).close()
    file.touch()
    with pytest.raises(StoreReadOnly, match="schema must be brought up to date first"):
        Store.open(f"sqlite:///file:{file}?mode=ro&uri=true")


async def test_database_that_turns_read_only_says_so(store: Store) -> None:
    await store.begin(run(), [going()])
    await store._writer.do(lambda connection: connection.exec_driver_sql("PRAGMA query_only = 1"))
    with pytest.raises(StoreReadOnly):
        await store.keep_step("t1", step(0))
    await store.keep_step("t1", step(0))  # on a fresh connection


async def test_full_disk_loses_nothing_that_was_acknowledged(store: Store, url: str) -> None:
    await store.begin(run(), [going()])
    taken = store.read(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    await store._writer.do(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {taken + 30}"))
    kept = 0
    with pytest.raises(StoreFull, match="the disk is full: free some space"):  # noqa: PT012
        for index in range(1000):
            await store.keep_step("t1", step(index, "x" * 2000))
            kept += 1
    found = store.trajectory("t1")
    assert found is not None
    assert 10 < kept == len(found.steps)
    await store.keep_step("t1", step(kept))  # on a fresh connection, whose limit is not set
    assert check(url) == []


async def test_small_write_succeeds_beside_one_that_does_not_fit(store: Store) -> None:
    await store.begin(run(), [going(1), going(2)])
    engine = store._engine
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("PRAGMA max_page_count = 60"))
    store._writer._let_go()
    big, small = store.keep_step("t1", step(0, "x" * 500_000)), store.keep_step("t2", step(0))
    results = await asyncio.gather(big, small, return_exceptions=True)
    assert isinstance(results[0], StoreFull)
    assert results[1] == step(0)


async def test_database_locked_by_another_process_says_so(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.2)
    with Store.open(url) as store:
        await store.begin(run(), [going()])
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="another process keeps the database locked"):
            await store.keep_step("t1", step(0))
        assert store.trajectory("t1") == going()
        other.execute("COMMIT")
        other.close()
        await store.keep_step("t1", step(0))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoreFull),
        (OSError(errno.EROFS, "Read-only file system"), StoreReadOnly),
        (OSError(errno.ENOENT, "No such file"), StoreUnreachable),
        (sqlite3.ProgrammingError("a bug"), StoreError),
    ],
)
def test_errors_of_the_system_are_translated(error: Exception, kind: type[StoreError]) -> None:
    told = translated(error, "podium.db")
    assert type(told) is kind
    assert str(told).startswith("podium.db: ")


@pytest.mark.parametrize("place", ["podium:hush@db.example.org/podium", "podium@db.example.org/podium?password=hush"])
def test_a_database_is_named_without_its_password(place: str) -> None:
    said = named(open_engine(f"postgresql://{place}"))
    assert "db.example.org/podium" in said
    assert "hush" not in said
