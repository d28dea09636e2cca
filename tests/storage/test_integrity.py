"""`check` finds whatever is wrong, and nothing where all is well."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from prefs.ranking import Ranking
from storage.database import check, newest_version
from storage.errors import StoreUnreachable
from storage.store import Store
from tests.kept import edit, ended, going, keep_ballot, keep_whole, run


@pytest.fixture
def url(sqlite_url: str) -> str:
    """These tests are about SQLite files."""
    return sqlite_url


def test_database_without_schema_is_reported(url: str, file: Path) -> None:
    file.touch()
    assert check(url) == [f"its schema is empty, this version needs {newest_version()}: run `podium db upgrade`"]


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


async def test_second_first_ranking_is_impossible_even_for_sql(url: str, file: Path, b_then_a_and_c: Ranking) -> None:
    with Store.open(url) as store:
        await keep_ballot(store)
        await store.keep_ranking(b_then_a_and_c)
        await store.keep_ranking(replace(b_then_a_and_c, id="k2", reason="better"))
    with pytest.raises(sqlite3.IntegrityError):
        edit(file, "UPDATE ranking SET supersedes = NULL")
