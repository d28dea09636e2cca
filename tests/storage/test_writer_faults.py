"""What the writer does when the world fails: the disk, the server, the file itself."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage import outage
from storage.errors import StoreConflict, StoreReplaced
from storage.keeping.backup import backup
from storage.outage import Fate, Receipt
from storage.store import Store
from tests.kept import ended, going, run, step
from tests.lossy_postgres import Loss, Way, lossy
from tests.storage.conftest import new_database


async def test_commits_after_a_refused_step_wait_for_the_disk_as_before(sqlite_url: str) -> None:
    def synced(connection: Connection) -> object:
        return connection.exec_driver_sql("PRAGMA synchronous").scalar()

    with Store.open(sqlite_url) as store:
        await store.begin(run(), [going()])
        for index in range(3):
            await store.keep_step("t1", step(index))
            with pytest.raises(StoreConflict):
                await store.keep_step("t1", step(9))
            assert await store.write(synced) == 2


@pytest.fixture
def way(postgres: str) -> Iterator[tuple[Way, Store]]:
    with lossy(new_database(postgres)) as (there, url), Store.open(url) as store:
        yield there, store


@pytest.mark.parametrize("loss", Loss)
async def test_writes_whose_commit_broke_off_are_kept_once(
    way: tuple[Way, Store], loss: Loss, abc: Ballot, b_then_a_and_c: Ranking
) -> None:
    there, store = way
    calls: list[int] = []

    def count(connection: Connection) -> int:
        calls.append(1)
        connection.execute(text("INSERT INTO query (id, query) VALUES ('q1', 'What?')"))
        return len(calls)

    there.lose = loss
    await store.begin(run(), [going(1), going(2), going(3)])
    there.lose = loss
    assert await store.keep_step("t1", step(0)) == step(0)
    there.lose = loss
    assert (await store.finish(ended(going(1), 1))).answer == "397.8"
    there.lose = loss
    await store.keep_ballot(abc)
    there.lose = loss
    await store.keep_ranking(b_then_a_and_c)
    there.lose = loss
    assert await store.write(count) == (1 if loss is Loss.REPLY else 2)
    assert there.lost == 6
    assert store.trajectory("t1") == ended(going(1), 1)
    assert list(store.iter_rankings()) == [b_then_a_and_c]
    assert [saved.query for saved in store.queries()] == ["What?"]


def move(file: Path, to: Path) -> None:
    file.rename(to)


async def test_nothing_is_written_into_a_file_that_was_taken_away(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        await store.begin(run(), [going()])
        backup(sqlite_url, tmp_path / "backup.db")
        await store.keep_step("t1", step(0))
        move(file, tmp_path / "old.db")
        with pytest.raises(StoreReplaced, match="replaced or taken away"):
            await store.keep_step("t1", step(1))
        move(tmp_path / "backup.db", file)
        for write in (store.keep_step("t1", step(1)), store.begin(run(id="r2"), [])):
            with pytest.raises(StoreReplaced, match="stop Podium, put the right file in its place"):
                await write


async def test_who_wrote_gets_the_result_of_the_attempt_that_was_sent(
    way: tuple[Way, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempts do not connect, one is kept by a server that then starts anew, the next one meets it."""
    there, store = way
    await store.write(lambda connection: connection.execute(text("CREATE TABLE tried (id int PRIMARY KEY)")))
    connected = Receipt.fate
    monkeypatch.setattr(Receipt, "fate", lambda receipt, connection: anew(connected(receipt, connection)))

    def insert(connection: Connection) -> str:
        connection.execute(text("INSERT INTO tried VALUES (1)"))
        return "inserted"

    there.refused, there.lose = 4, Loss.REPLY
    assert await store.write(insert) == "inserted"
    assert (there.refused, there.lost) == (0, 1)


def anew(fate: Fate | None) -> Fate | None:
    return Fate.LIKELY if fate is Fate.KEPT else fate


async def test_the_outage_is_over_once_a_server_says_that_all_was_kept(
    way: tuple[Way, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, store = way
    there.lose = Loss.REPLY
    await store.begin(run(), [going()])
    monkeypatch.setattr(outage, "PATIENCE_S", 0.2)
    await asyncio.sleep(0.3)
    there.lose = Loss.REPLY
    await store.keep_step("t1", step(0))
    assert there.lost == 2
