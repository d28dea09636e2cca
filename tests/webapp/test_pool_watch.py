import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.pool import Pool
from orchestrator.pool_file import read_pool
from tests.servers.patience import until
from webapp.pool_watch import PoolWatch

TEXT = """
name = "one"
[alias.answer-1]
stand_in = true
model = "m"
description = "d"
latency_s = 1
"""
OTHER = TEXT.replace('"one"', '"two"')


class Told:
    """What a watch told."""

    def __init__(self) -> None:
        self.pools: list[str] = []
        self.problems: list[str | None] = []
        self.refused: str | None = None
        """The name of a pool that cannot be used, for a reason that the file does not show."""
        self.refusal: Exception = ValueError("the pool lacks what the policy needs")

    def pool(self, pool: Pool) -> None:
        if pool.name == self.refused:
            raise self.refusal
        self.pools.append(pool.name)


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Told]:
    told = Told()
    watch = PoolWatch(path, told.pool, told.problems.append, in_use=read_pool(path), every_s=0.02)
    task = asyncio.create_task(watch.run())
    try:
        await asyncio.sleep(0.2)  # so that it has looked once
        yield told
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def written(path: Path, text: str = TEXT) -> Path:
    path.write_text(text)
    return path


async def test_a_changed_file_is_handed_over_once(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        written(path, OTHER)
        await until(lambda: bool(told.pools))
        await asyncio.sleep(0.3)
    assert told.pools == ["two"]
    assert told.problems == []


async def test_a_file_that_says_the_same_as_before_is_not_handed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        written(path, TEXT + "# a remark\n")
        await asyncio.sleep(0.3)
    assert told.pools == []


async def test_a_change_before_the_first_look_is_not_missed(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    told = Told()
    watch = PoolWatch(path, told.pool, told.problems.append, in_use=read_pool(path), every_s=0.02)
    written(path, OTHER)
    task = asyncio.create_task(watch.run())
    await until(lambda: told.pools == ["two"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_editor_that_replaces_the_file_is_noticed_even_with_an_old_time(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    before = path.stat()
    async with watched(path) as told:
        new = written(tmp_path / "pool.toml.new", OTHER)
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        new.replace(path)
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        await until(lambda: told.pools == ["two"])
        written(path, TEXT)
        await until(lambda: told.pools == ["two", "one"])
    assert told.problems == []


async def test_a_mounted_config_map_whose_link_is_turned_is_noticed(tmp_path: Path) -> None:
    for name, text in (("a", TEXT), ("b", OTHER)):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "pool.toml", text)
    (tmp_path / "..data").symlink_to("a")
    path = tmp_path / "pool.toml"
    path.symlink_to("..data/pool.toml")
    async with watched(path) as told:
        (tmp_path / "..new").symlink_to("b")
        (tmp_path / "..new").replace(tmp_path / "..data")
        await until(lambda: told.pools == ["two"])
    assert told.problems == []


async def test_a_faulty_file_keeps_the_pool_in_use_and_says_once_what_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        written(path, TEXT.replace("latency_s", "latency"))
        await until(lambda: bool(told.problems))
        await asyncio.sleep(0.2)
        assert told.pools == []
        written(path, OTHER)
        await until(lambda: told.pools == ["two"])
    first, last = told.problems
    assert "pool.toml, line 7, [alias.answer-1]" in str(first)
    assert last is None


async def test_a_file_that_is_repaired_to_what_is_in_use_ends_the_problem_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        written(path, "name = ")
        await until(lambda: bool(told.problems))
        written(path, TEXT)
        await until(lambda: told.problems[-1] is None)
    assert told.pools == []


async def test_a_file_that_is_deleted_is_a_problem_until_it_is_back(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        path.unlink()
        await until(lambda: bool(told.problems))
        assert "is gone" in str(told.problems[0])
        written(path, OTHER)
        await until(lambda: told.pools == ["two"])
        assert told.problems[-1] is None


async def test_a_file_that_is_written_bit_by_bit_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    told = Told()
    watch = PoolWatch(path, told.pool, told.problems.append, in_use=read_pool(path), every_s=0.5)
    task = asyncio.create_task(watch.run())
    with path.open("w") as file:
        for line in OTHER.splitlines(keepends=True):
            file.write(line)
            file.flush()
            await asyncio.sleep(0.02)
    await until(lambda: told.pools == ["two"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told.problems == []


@pytest.mark.parametrize("refusal", [ValueError("it lacks what the policy needs"), RuntimeError("it lacks something")])
async def test_a_pool_that_the_app_cannot_use_is_a_problem_and_is_tried_again_with_the_next_change(
    tmp_path: Path, refusal: Exception
) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        told.refused, told.refusal = "two", refusal
        written(path, OTHER)
        await until(lambda: bool(told.problems))
        assert str(refusal) in str(told.problems[0])
        told.refused = None
        written(path, OTHER + "\n")
        await until(lambda: told.pools == ["two"])
    assert told.problems[-1] is None


async def test_a_folder_in_place_of_the_file_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path / "pool.toml")
    async with watched(path) as told:
        path.unlink()
        path.mkdir()
        await until(lambda: "cannot be read" in str(told.problems[-1:]))
