"""Backups of either database, restored into either, and copies from one to the other: all of it or nothing."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from prefs.ranking import Ranking
from storage import database
from storage.database import check, migrate, newest_version, open_engine
from storage.errors import StoreConflict, StoreCorrupt, StoreError, StoreLocked, StoreVersion
from storage.keeping.backup import backup
from storage.keeping.contents import Contents
from storage.keeping.copy import copy
from storage.keeping.restoration import restore
from storage.queries import SavedQuery
from storage.store import Store
from storage.tables import Row
from tests.examples import NOON
from tests.kept import edit, ended, going, keep_ballot, keep_whole, run, step
from tests.storage.conftest import new_database


async def fill(url: str) -> None:
    """Something of every kind, texts, corrections and numbers that are counted up among it."""
    with Store.open(url) as store:
        long = replace(step(1), calls=(replace(step(1).calls[0], prompt="p" * 5000),))
        await store.begin(run(), [going(1), going(2)])
        await store.keep_step("t2", step(0))
        await store.keep_step("t2", long)
        for one in ended(going(1), 3).steps:
            await store.keep_step("t1", one)
        await store.finish(ended(going(1), 3))
        shown = await keep_ballot(store, of=run(id="r2"))
        first = Ranking("z-first", shown.id, (("A", "B", "C"),), NOON, annotator="ann")
        await store.keep_ranking(first)
        await store.keep_ranking(replace(first, id="a-corrected", reason="better", made_at=NOON + timedelta(minutes=1)))
        await store.add_queries([SavedQuery(f"What is {n}?") for n in range(3)])


def told(url: str) -> tuple[object, ...]:
    """All that the store tells."""
    with Store.open(url) as store:
        return (
            list(store.iter_trajectories()),
            [store.state(one.id) for one in store.iter_trajectories()],
            list(store.iter_rankings()),
            store.queries(),
            [store.with_texts(one) for one in store.iter_trajectories()],
            store.runs(),
        )


def named(folder: Path, part: str) -> list[str]:
    return [file.name for file in folder.iterdir() if part in file.name]


@pytest.fixture
def other(url: str, tmp_path: Path, postgres: str) -> str:
    """An empty database of the other kind."""
    return new_database(postgres) if url.startswith("sqlite") else f"sqlite:///{tmp_path / 'other.db'}"


async def test_everything_is_copied_to_the_other_kind_of_database_and_back(
    url: str, other: str, tmp_path: Path, postgres: str
) -> None:
    await fill(url)
    progress: list[tuple[str, int, int]] = []
    copied = copy(url, other, lambda *one: progress.append(one))
    assert check(other) == []
    assert told(other) == told(url)
    back = new_database(postgres) if url.startswith("postgres") else f"sqlite:///{tmp_path / 'back.db'}"
    again = copy(other, back)
    assert (again.rows, again.digest) == (copied.rows, copied.digest)
    assert told(back) == told(url)
    assert set(copied.rows) == set(Row.metadata.tables)
    assert ("step", copied.rows["step"], copied.rows["step"]) in progress
    with Store.open(other) as store:  # numbers are counted on behind the copied ones
        await store.keep_step("t2", step(2))
        await store.add_queries([SavedQuery("What is 9?")])


async def test_a_copy_that_fails_leaves_nothing(url: str, other: str, tmp_path: Path) -> None:
    await fill(url)

    def stop(table: str, *_: int) -> None:
        if table == "ranking":
            raise RuntimeError("the cable was pulled")

    with pytest.raises(RuntimeError):
        copy(url, other, stop)
    if other.startswith("sqlite"):
        assert named(tmp_path, "other") == []
    else:
        engine = open_engine(other)
        assert inspect(engine).get_table_names() == []
        engine.dispose()
    copy(url, other)
    assert told(other) == told(url)


async def test_nothing_is_copied_over_what_is_there(url: str, other: str) -> None:
    await fill(url)
    await fill(other)
    before = told(other)
    with pytest.raises(StoreError, match=r"exists already|holds rows already"):
        copy(url, other)
    assert told(other) == before


async def test_a_copy_sees_one_moment_while_others_write(url: str, other: str) -> None:
    await fill(url)
    with Store.open(url) as store:
        loop = asyncio.get_running_loop()

        def meanwhile(table: str, *_: int) -> None:
            if table == "run":
                asyncio.run_coroutine_threadsafe(keep_whole(store, ended(going(7), 2), run()), loop).result(10)

        await asyncio.to_thread(copy, url, other, meanwhile)
        assert store.trajectory("t7") is not None
    with Store.open(other) as store:
        assert store.trajectory("t7") is None
    assert check(other) == []


async def test_an_older_version_is_copied_as_it_is_and_brought_up_to_date_where_it_arrives(
    url: str, other: str
) -> None:
    await fill(url)
    before = told(url)
    migrate(url, "0009")
    assert copy(url, other).version == "0009"
    assert told(other) == before


async def test_a_backup_is_restored_and_what_was_there_stays_beside(url: str, tmp_path: Path) -> None:
    await fill(url)
    file = tmp_path / "backup.sqlite3"
    backup(url, file)
    before, bytes_before = told(url), file.read_bytes()
    with Store.open(url) as store:
        await keep_whole(store, ended(going(8), 1), run())
    after = told(url)
    with pytest.raises(StoreConflict, match="--replace keeps"):
        restore(file, url)
    assert told(url) == after
    done = restore(file, url, replace=True)
    assert done.version == newest_version()
    assert done.replaced is not None
    assert told(url) == before
    assert check(url) == []
    assert file.read_bytes() == bytes_before
    if url.startswith("sqlite"):
        assert told(f"sqlite:///{done.replaced}") == after
        return
    engine = open_engine(url)
    with engine.connect() as connection:
        kept = connection.execute(text(f"SELECT count(*) FROM {done.replaced.removeprefix('schema ')}.trajectory"))
        assert kept.scalar() == len(after[0])  # type: ignore[arg-type]
    engine.dispose()


async def test_a_backup_of_one_kind_is_restored_into_the_other(url: str, other: str, tmp_path: Path) -> None:
    await fill(url)
    backup(url, tmp_path / "backup.sqlite3")
    assert restore(tmp_path / "backup.sqlite3", other).replaced is None
    assert told(other) == told(url)


async def test_nothing_is_restored_while_a_server_uses_the_database(url: str, tmp_path: Path) -> None:
    await fill(url)
    backup(url, tmp_path / "backup.sqlite3")
    with Store.open(url) as store:
        await store.come()
        store.runs()
        with pytest.raises(StoreLocked, match=r"a server uses|others are connected"):
            restore(tmp_path / "backup.sqlite3", url, replace=True)
        await store.add_queries([SavedQuery("What is 9?")])
    assert named(tmp_path, "replaced") == named(tmp_path, "restoring") == []
    restore(tmp_path / "backup.sqlite3", url, replace=True)


def damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xaa" * 8192
    file.write_bytes(content)


async def test_a_damaged_foreign_or_newer_backup_changes_nothing(url: str, tmp_path: Path) -> None:
    await fill(url)
    before = told(url)
    backup(url, tmp_path / "damaged.db")
    await asyncio.to_thread(damaged, tmp_path / "damaged.db")
    backup(url, tmp_path / "newer.db")
    edit(tmp_path / "newer.db", "UPDATE alembic_version SET version_num = '9999'")
    sqlite3.connect(tmp_path / "foreign.db").execute("CREATE TABLE x (y)").connection.close()
    (tmp_path / "text.db").write_text("dump " * 2000)
    for name, error, says in (
        ("damaged.db", StoreCorrupt, "damaged and was not restored|not a sound"),
        ("newer.db", StoreVersion, "made by a newer Podium"),
        ("foreign.db", StoreCorrupt, "no backup of Podium"),
        ("text.db", StoreCorrupt, "not a sound Podium database"),
        ("none.db", StoreError, "there is no backup"),
    ):
        with pytest.raises(error, match=says):
            restore(tmp_path / name, url, replace=True)
    assert told(url) == before


async def test_a_backup_of_an_older_version_is_brought_up_to_date(url: str, tmp_path: Path) -> None:
    await fill(url)
    before = told(url)
    migrate(url, "0009")
    backup(url, tmp_path / "old.db")
    assert restore(tmp_path / "old.db", url, replace=True).version == "0009"
    assert told(url) == before


def test_tables_come_behind_those_that_they_refer_to(url: str) -> None:
    with Store.open(url):
        engine = open_engine(url)
        with engine.connect() as connection:
            found = Contents.of(connection)
        engine.dispose()
    order = [table.name for table in found.tables]
    assert set(order) == set(Row.metadata.tables)
    assert order.index("trajectory") < order.index("step")
    assert order.index("ballot") < order.index("ranking")
    assert "ranking" in {table for table, _ in found.late}


async def test_the_database_at_fault_is_named(url: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(url)

    def breaks(*_: object) -> None:
        raise OperationalError("it broke", None, Exception("the wire"))

    source, target = open_engine(url), open_engine(other)
    with monkeypatch.context() as broken:
        broken.setattr("storage.keeping.copy.tally", breaks)  # What arrived is read again.
        with pytest.raises(StoreError) as raised:
            copy(url, other)
    assert database.named(source) not in str(raised.value)
    assert Path(database.named(target)).name in str(raised.value)
    monkeypatch.setattr("storage.keeping.copy.chunks", breaks)
    with pytest.raises(StoreError) as raised:
        copy(url, other)
    assert str(raised.value).startswith(database.named(source))


async def test_a_backup_of_a_damaged_database_names_the_database(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    await fill(sqlite_url)
    await asyncio.to_thread(damaged, file)
    with pytest.raises(StoreCorrupt) as raised:
        backup(sqlite_url, tmp_path / "backup.sqlite3")
    assert str(raised.value).startswith(str(file))
    assert not (tmp_path / "backup.sqlite3").exists()
