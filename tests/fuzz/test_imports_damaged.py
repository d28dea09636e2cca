"""Importing damaged files: every line is kept or none is, and what was there stays as it was."""

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storage.database import check
from storage.errors import StoreError
from storage.ranked import Ranked
from storage.store import Store
from storage.tables import QUERY, RANKING, TRAJECTORY
from tests.fuzz.campaign import MOST_CPU_S, campaign, mutants, read_or_refused, told
from tests.fuzz.mutation import damaged_bytes, damaged_json
from tests.fuzz.traces import TRACE
from tests.webapp.exported import fill, written
from webapp.exports.kinds import Wishes
from webapp.jsonl import QueryFile, RankingFile, TraceFile, TrajectoryFile

SEEDS = st.integers(0, 2**32)
READERS: dict[str, Callable[[Path], Iterable[Any]]] = {
    "queries": QueryFile,
    "trajectories": TrajectoryFile,
    "traces": TraceFile,
    "rankings": RankingFile,
}
QUERIES = b'"What is 17% of 2,340?"\n{"query": "Who wrote it?", "reference": "Ann"}\n'
BATCH = 10


@pytest.fixture(scope="module", autouse=True)
def _tally() -> Iterator[None]:
    yield
    print(f"\n{told()}")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A valid file of each kind, and a database that has the trajectories."""

    async def exported(folder: str) -> dict[str, bytes]:
        with Store.open(f"sqlite:///{folder}/one.db") as store:
            await fill(store, ballots=1)
            kinds = {kind: written(store, kind, Wishes()) for kind in ("trajectories", "rankings")}
        with Store.open(f"sqlite:///{folder}/two.db") as store:
            await store.add_all(TrajectoryFile(_file(Path(folder, "given.jsonl"), kinds["trajectories"])))
        traces = "".join(json.dumps({**TRACE, "id": id}) + "\n" for id in ("a", "b")).encode()
        return {**kinds, "traces": traces, "queries": QUERIES}

    with tempfile.TemporaryDirectory() as folder:
        kinds = asyncio.run(exported(folder))
        return {**kinds, "database": Path(folder, "two.db").read_bytes()}


def content(database: Path) -> list[str]:
    """Everything that the database holds."""
    with closing(sqlite3.connect(database)) as connection:
        return sorted(connection.iterdump())


def damaged(text: bytes, seed: int, number: int) -> bytes:
    """One line of a file damaged, or its bytes anywhere."""
    chance = mutants(seed, BATCH)[number]
    if chance.random() < 0.3:
        return damaged_bytes(text, chance)
    lines = text.splitlines()
    at = chance.randrange(len(lines))
    lines[at] = damaged_json(json.loads(lines[at]), chance)
    if chance.random() < 0.2:
        lines.insert(0, lines[-1])
    return b"\n".join(lines) + b"\n"


async def keep(store: Store, kind: str, records: Iterable[Any]) -> int:
    """As `podium import` does."""
    sum(1 for _ in records)
    if kind == "queries":
        return await store.add_queries(list(records))
    if kind == "rankings":
        return await store.add_rankings(records)
    return await store.add_all(records)


@campaign(0.1, BATCH)
@given(st.sampled_from(sorted(READERS)), SEEDS)
def test_a_damaged_file_is_imported_whole_or_not_at_all(files: dict[str, bytes], kind: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _file(Path(folder, "podium.db"), files["database"])
        asyncio.run(_imported(Path(folder), files[kind], kind, seed))


async def _imported(folder: Path, valid: bytes, kind: str, seed: int) -> None:
    database, file = folder / "podium.db", folder / "damaged.jsonl"
    with Store.open(f"sqlite:///{database}") as store:
        before = content(database)
        for number in range(BATCH):
            text = damaged(valid, seed, number)
            records, known = READERS[kind](_file(file, text)), _kept(store, kind)
            new = await _kept_or_refused(f"import of {kind}", text, keep(store, kind, records))
            after = content(database)
            if new is None:
                assert after == before, "a refused file left something behind"
            else:
                given = {one.ranking.id if isinstance(one, Ranked) else one.id for one in records}
                assert _kept(store, kind) == known | given, "an accepted file is not kept whole"
                assert new == len(given - known), "it tells another number than it kept"
            before = after
        exported = {kind: written(store, kind) for kind in ("trajectories", "rankings")}
    assert check(f"sqlite:///{database}") == []
    assert all(json.loads(line) for text in exported.values() for line in text.splitlines())


def _kept(store: Store, kind: str) -> set[str]:
    """The ids of all that the store holds of this kind."""
    table = {"queries": QUERY, "rankings": RANKING}.get(kind, TRAJECTORY)
    return {row[0] for row in store.rows(select(table.c.id))}


async def _kept_or_refused(parser: str, text: bytes, trying: Any) -> int | None:
    """How many are new, or `None` where the file is refused in words."""
    began = time.process_time()
    try:
        found: int | BaseException = await trying
    except Exception as error:  # noqa: BLE001 - raised anew below
        found = error
    taken_s = time.process_time() - began
    assert taken_s <= MOST_CPU_S, f"{parser} took {taken_s:.1f} s of {text!r:.2000}"

    def told_again() -> int:
        if isinstance(found, BaseException):
            raise found
        return found

    return read_or_refused(parser, text, told_again, (ValueError, StoreError))


def _file(path: Path, text: bytes) -> Path:
    path.write_bytes(text)
    return path
