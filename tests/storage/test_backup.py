"""Backups: sound, complete at one moment, and never over something else."""

import asyncio
from pathlib import Path

import pytest

from storage.database import check, upgrade
from storage.errors import StoreCorrupt, StoreError, StoreUnreachable
from storage.keeping.backup import backup
from storage.store import Store
from tests.kept import going, run, step

GARBAGE = b"not a database at all " * 500


@pytest.fixture
def url(sqlite_url: str) -> str:
    """These tests are about SQLite files."""
    return sqlite_url


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
