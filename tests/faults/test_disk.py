"""Disks that are full, limited, read-only or damaged; files that are swapped. Seen by HTTP and at the command line."""

import asyncio
import resource
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

from storage.database import check
from tests.faults.asked import ask, ended, readiness_is
from tests.faults.conftest import See
from tests.faults.terminal import podium_says
from tests.webapp.test_served_process import podium


def fill(disk: Path) -> Path:
    """Take all the space that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            return filler


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def size(file: Path) -> int:
    return file.stat().st_size


def file_of(folder: Path) -> Path:
    return folder / "data" / "podium.sqlite3"


async def test_a_full_disk_refuses_writes_in_words_and_is_got_over_by_itself(small_disk: Path, seen: See) -> None:
    async with podium(small_disk, PODIUM_LEAST_FREE_MB="1") as app:
        before = await ended(app, (await ask(app))["id"])
        assert (await readiness_is(app, 200))["parts"]["disk"] == "ok"
        filler = await asyncio.to_thread(fill, small_disk)
        told = ""
        for _ in range(40):  # The log of the database has some space left that it has taken before.
            reply = await app.http.post("/runs", json={"query": "x" * 4000, "policy": "random"})
            if reply.status_code != 201:
                told = reply.json()["detail"]
                break
        problem = await ask(app, 507 if reply.status_code == 507 else 503)
        assert "disk" in problem["detail"]
        found = await readiness_is(app, 503)
        assert found["parts"]["disk"] != "ok"
        assert found["parts"]["writing"] != "ok"
        read = await app.http.get(f"/trajectories/{before['id']}")
        assert (read.status_code, read.json()["answer"]) == (200, before["answer"])
        await asyncio.to_thread(filler.unlink)
        await ended(app, (await ask(app))["id"])
        await readiness_is(app, 200)
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert check(f"sqlite:///{file_of(small_disk)}") == []
    seen(
        "disk full",
        f"new work got {reply.status_code}; reading went on; it went on by itself once space was free",
        told,
    )


async def test_a_file_size_limit_refuses_writes_in_words_and_is_got_over_by_itself(tmp_path: Path, seen: See) -> None:
    async with podium(tmp_path) as app:
        before = await ended(app, (await ask(app))["id"])
        wal = Path(f"{file_of(tmp_path)}-wal")
        soft, hard = resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (size(wal), hard))
        problem = await ask(app, 503)
        assert "the disk fails to read or write" in problem["detail"]
        assert (await app.http.get(f"/trajectories/{before['id']}")).status_code == 200
        assert "writing" in (await readiness_is(app, 503))["detail"]
        resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        await ended(app, (await ask(app))["id"])
        await readiness_is(app, 200)
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert check(f"sqlite:///{file_of(tmp_path)}") == []
    seen("file size limit or quota reached", "as with a full disk", problem["detail"])


async def test_a_read_only_file_system_is_told_at_the_start_and_can_still_be_exported(
    small_disk: Path, tmp_path: Path, seen: See
) -> None:
    async with podium(small_disk) as app:
        await ended(app, (await ask(app))["id"])
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    await asyncio.to_thread(remount, small_disk, "ro")
    said = await podium_says(small_disk, "serve", "--port", "0", code=2)
    assert "read-only" in said
    there = f"sqlite:///{file_of(small_disk)}"
    exported = await podium_says(tmp_path, "export", "trajectories", "--db", there)
    assert '"answer"' in exported
    await asyncio.to_thread(remount, small_disk, "rw")
    seen("read-only file system", "the server did not start (exit code 2); `podium export` still worked", last(said))


async def test_a_corrupted_page_is_found_told_and_cured_by_a_backup(tmp_path: Path, seen: See) -> None:
    file, backup = file_of(tmp_path), tmp_path / "backup.sqlite3"
    async with podium(tmp_path) as app:
        run = (await ask(app))["id"]
        before = await ended(app, run)
        await podium_says(tmp_path, "db", "backup", str(backup))
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    await asyncio.to_thread(damage, file)
    checked = await podium_says(tmp_path, "db", "check", code=1)
    async with podium(tmp_path) as app:
        reply = await app.http.get(f"/runs/{run}")
        assert reply.status_code == 503
        assert "restore a backup" in reply.json()["detail"]
        assert (await app.http.get("/serving")).status_code == 200
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    said = await podium_says(tmp_path, "db", "restore", str(backup), "--replace")
    assert "what was there before is kept in" in said
    async with podium(tmp_path) as app:
        assert (await app.http.get(f"/runs/{run}")).json()["trajectories"] == [before | {"state": "finished"}]
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    assert "malformed" in checked
    seen(
        "corrupted page",
        "what lies on it got 503, the rest went on; `podium db restore` cured it",
        reply.json()["detail"],
    )


def damage(file: Path) -> None:
    """Overwrite the pages in which the steps lie."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'step'").fetchall()
    connection.close()
    with file.open("r+b") as there:
        for (page,) in roots:
            there.seek((page - 1) * size)
            there.write(b"\xaa" * size)


async def test_a_backup_is_not_restored_under_a_running_server(tmp_path: Path, seen: See) -> None:
    backup = tmp_path / "backup.sqlite3"
    async with podium(tmp_path) as app:
        before = await ended(app, (await ask(app))["id"])
        await podium_says(tmp_path, "db", "backup", str(backup))
        said = await podium_says(tmp_path, "db", "restore", str(backup), "--replace", code=2)
        assert "stop it, then try again; nothing was changed" in said
        after = await ended(app, (await ask(app))["id"])
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    await podium_says(tmp_path, "db", "restore", str(backup), "--replace")
    async with podium(tmp_path) as app:
        assert (await app.http.get(f"/trajectories/{before['id']}")).status_code == 200
        assert (await app.http.get(f"/trajectories/{after['id']}")).status_code == 404
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    seen("backup restored while the server runs", "refused (exit code 2), and the server went on", last(said))


async def test_nothing_is_acknowledged_into_a_file_that_was_replaced_by_hand(tmp_path: Path, seen: See) -> None:
    file, backup = file_of(tmp_path), tmp_path / "backup.sqlite3"
    async with podium(tmp_path) as app:
        await ended(app, (await ask(app))["id"])
        await podium_says(tmp_path, "db", "backup", str(backup))
        await asyncio.to_thread(shutil.copy, backup, f"{file}.new")
        await asyncio.to_thread(Path(f"{file}.new").replace, file)
        problem = await ask(app, 503)
        assert "was replaced or taken away while Podium used it" in problem["detail"]
        assert "replaced" in (await readiness_is(app, 503))["parts"]["writing"]
        await app.stopped(signal.SIGTERM, within_s=60)
    for left in ("-wal", "-shm"):
        await asyncio.to_thread(Path(f"{file}{left}").unlink, missing_ok=True)
    async with podium(tmp_path) as app:
        await ended(app, (await ask(app))["id"])
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    seen(
        "database file replaced by hand while the server runs", "every write got 503 until a restart", problem["detail"]
    )


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, seen: See) -> None:
    await podium_says(tmp_path, "db", "upgrade")
    connection = sqlite3.connect(file_of(tmp_path))
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    said = await podium_says(tmp_path, "serve", "--port", "0", code=2)
    assert "made by a newer Podium (its schema is 9999)" in said
    seen("database of a newer version", "the server did not start (exit code 2); nothing was changed", last(said))


def last(said: str) -> str:
    return said.strip().splitlines()[-1]
