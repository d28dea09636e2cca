"""The database as a whole: settings, schema, damage, copies, and what goes wrong in the world outside.

The tests may run as root, whom file permissions do not stop. So read-only databases are opened with SQLite's own
`mode=ro`.
"""

import asyncio
import errno
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event

from prefs.ranking import Ranking
from storage import sqlite
from storage.database import backup, check, open_engine, upgrade, upgrade_engine, writing
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
from tests.kept import ended, going, keep_ballot, keep_whole, run, step

GARBAGE = b"not a database at all " * 500


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "podium.db"


def edit(file: Path, statement: str) -> None:
    """Change the database behind the store's back."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()


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


def test_database_without_schema_is_reported(url: str, file: Path) -> None:
    file.touch()
    assert check(url) == ["its schema is empty, this version needs 0001: run `podium db upgrade`"]


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


def test_damaged_page_is_found(url: str, file: Path) -> None:
    with Store.open(url) as store:
        asyncio.run(store.add(ended(going(), 500)))
    content = bytearray(file.read_bytes())
    content[60 * 4096 : 62 * 4096] = b"\xaa" * 8192
    file.write_bytes(content)
    assert check(url)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE trajectory SET cost_usd = '5' WHERE id = 't9'", "its totals are kept as $5, 0 unpriced"),
        ("UPDATE trajectory SET latency_s = 0 WHERE id = 't9'", "its totals are kept as"),
        ("UPDATE trajectory SET verdict = 'unsolved' WHERE id = 't9'", "its row says answered, unsolved"),
        ("UPDATE trajectory SET state = 'finished' WHERE id = 'r1-t1'", "finished without a stop reason"),
        ('DELETE FROM step WHERE "index" = 1', "steps must be numbered"),
        ('DELETE FROM step WHERE "index" = 2', "its totals are kept as"),
        ("UPDATE step SET record = '{' WHERE \"index\" = 1", "the step record is not valid JSON"),
        ("UPDATE trajectory SET header = replace(header, 't9', 't8')", "its record has the id t8"),
        ("DELETE FROM trajectory WHERE id = 't9'", "refers to a trajectory that is not there"),
        ("DELETE FROM trajectory WHERE id = 'r1-t2'", "trajectory r1-t2, its alternative"),
        ("UPDATE run SET record = '{}'", "this is no run record"),
        ("UPDATE ballot SET record = '[]'", "a ballot record is a JSON object"),
        ("UPDATE ranking SET record = replace(record, '\"B\"', '\"Z\"')", "not on the ballot, or named twice: Z"),
        ("DROP INDEX uq_ranking_first", None),
    ],
)
async def test_check_finds_what_is_wrong(
    url: str, file: Path, b_then_a_and_c: Ranking, statement: str, says: str | None
) -> None:
    with Store.open(url) as store:
        await keep_ballot(store)
        await store.keep_ranking(b_then_a_and_c)
        await keep_whole(store, ended(going(9), 3), run())
    assert check(url) == []
    edit(file, statement)
    found = check(url)
    assert (says is None and found == []) or any(says is not None and says in problem for problem in found), found


def test_check_of_no_database_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="there is no database"):
        check(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


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
            store.mark_interrupted(),
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
    await store._writer.do(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 60"))
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
    assert results[1] is None


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


async def test_backup_while_writing_is_a_sound_database(store: Store, url: str, tmp_path: Path) -> None:
    await store.begin(run(), [going(number) for number in range(20)])

    async def write(id: str) -> None:
        for index in range(40):
            await store.keep_step(id, step(index))

    async def copy(number: int) -> int:
        target = tmp_path / f"copy-{number}.db"
        await asyncio.to_thread(backup, url, target)
        copied = f"sqlite:///{target}"
        assert check(copied) == []
        with Store.open(copied) as there:
            found = list(there.iter_trajectories())
            assert len(found) == 20
            await there.keep_step("t0", step(len(found[0].steps)))
        return sum(len(one.steps) for one in found)

    writing_all = asyncio.gather(*(write(f"t{number}") for number in range(20)))
    copied = [await copy(number) for number in range(3)]
    await writing_all
    assert copied == sorted(copied)
    assert await copy(3) == 800


def test_backup_overwrites_nothing(url: str, tmp_path: Path) -> None:
    upgrade(url)
    target = tmp_path / "there.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already: give the backup a new name"):
        backup(url, target)
    with pytest.raises(StoreUnreachable, match="there is no folder"):
        backup(url, tmp_path / "none" / "x.db")
    with pytest.raises(StoreUnreachable, match="there is no database"):
        backup(f"sqlite:///{tmp_path}/none.db", tmp_path / "x.db")
    assert target.read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["podium.db", "there.db"]


def test_failed_backup_leaves_nothing_behind(url: str, file: Path, tmp_path: Path) -> None:
    file.write_bytes(GARBAGE)
    with pytest.raises(StoreCorrupt):
        backup(url, tmp_path / "copy.db")
    assert [p.name for p in tmp_path.iterdir()] == ["podium.db"]


async def test_second_first_ranking_is_impossible_even_for_sql(url: str, file: Path, b_then_a_and_c: Ranking) -> None:
    with Store.open(url) as store:
        await keep_ballot(store)
        await store.keep_ranking(b_then_a_and_c)
        await store.keep_ranking(replace(b_then_a_and_c, id="k2", reason="better"))
    with pytest.raises(sqlite3.IntegrityError):
        edit(file, "UPDATE ranking SET supersedes = NULL")
