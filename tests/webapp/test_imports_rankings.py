"""Imports of rankings: what was exported comes back as it was, or nothing of the file does."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefs.ballot import Ballot, Draw, ballot
from prefs.ranking import Ranking
from storage.database import check
from storage.ranked import NotAdded, Ranked
from storage.store import Store
from tests.examples import NOON
from tests.strategies import ballots, rankings
from tests.webapp.exported import fill, keep, keep_trajectories, written
from webapp.cli import main
from webapp.exports.kinds import Wishes
from webapp.exports.pseudonyms import Pseudonyms
from webapp.jsonl import BadLine, RankingFile

Lines = list[dict[str, Any]]
Podium = Callable[..., tuple[int, str]]


@st.composite
def said_of(draw: st.DrawFn, shown: Ballot) -> tuple[Ranking, ...]:
    """Rankings of a few people, who correct themselves."""
    found = draw(st.lists(rankings(shown), max_size=5))
    people = st.sampled_from(["ann", "Zoë", "anon-0123456789abcdef"])
    return tuple(replace(one, id=f"k{number}", annotator=draw(people)) for number, one in enumerate(found))


CASES = ballots().flatmap(lambda shown: st.tuples(st.just(shown), said_of(shown)))

SHARES = st.floats(0, 1)
DRAWS = st.none() | st.builds(Draw, st.sampled_from(["chosen", "random"]), SHARES, SHARES)


@settings(max_examples=15, deadline=None)
@given(CASES, DRAWS, st.sampled_from(["jsonl", "parquet"]), st.booleans())
def test_any_rankings_are_the_same_after_export_and_import(
    case: tuple[Ballot, tuple[Ranking, ...]], draw: Draw | None, format: str, hidden: bool
) -> None:
    shown, said = case
    shown = replace(shown, draw=draw)
    wishes = Wishes(pseudonyms=Pseudonyms(b"key") if hidden else None)
    if format == "parquet":
        shown = replace(shown, query=shown.query.encode("utf-8", "replace").decode())

    async def there_and_back(folder: Path) -> None:
        file = folder / "moved"
        with Store.open(f"sqlite:///{folder}/one.db") as one, Store.open(f"sqlite:///{folder}/two.db") as two:
            await keep(one, shown, said)
            before = written(one, "rankings", wishes)
            file.write_bytes(written(one, "rankings", replace(wishes, format=format)))
            await keep_trajectories(two, shown)
            kept = len(list(one.iter_rankings()))
            assert await two.add_rankings(RankingFile(file)) == kept
            assert await two.add_rankings(RankingFile(file)) == 0
            assert written(two, "rankings", wishes) == before
            if not hidden:
                assert list(two.iter_ranked()) == list(one.iter_ranked())
        assert check(f"sqlite:///{folder}/two.db") == []

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(there_and_back(Path(folder)))


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Podium:
    """Runs `podium` on the database `two`; gives exit code and stderr."""
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PODIUM_DATABASE_URL", f"sqlite:///{tmp_path}/two.db")

    def run(*arguments: str) -> tuple[int, str]:
        return main(arguments), capsys.readouterr().err

    return run


async def exported(folder: Path) -> Lines:
    """Four rankings of two ballots; their trajectories are in both databases, their ballots only in `one`."""
    with Store.open(f"sqlite:///{folder}/one.db") as one, Store.open(f"sqlite:///{folder}/two.db") as two:
        await fill(one)
        await two.add_all(list(one.iter_trajectories()))
        return [json.loads(line) for line in written(one, "rankings").splitlines()]


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    return asyncio.run(exported(tmp_path))


@pytest.fixture
def refused(podium: Podium, tmp_path: Path) -> Callable[[Lines], str]:
    """Imports these records, which must fail and keep nothing; gives what was said."""

    def run(records: Lines) -> str:
        file = tmp_path / "r.jsonl"
        file.write_text("\n".join(json.dumps(one) for one in records))
        code, err = podium("import", "rankings", str(file))
        assert code == 2
        with Store.open(f"sqlite:///{tmp_path}/two.db") as two:
            assert list(two.iter_rankings()) == []
            assert two.ballot("b0") is None
        assert podium("db", "check")[0] == 0
        return err

    return run


def test_import_tells_how_many_were_new(podium: Podium, lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text("\n\n".join(json.dumps(one) for one in lines))
    assert podium("import", "rankings", str(file)) == (0, "4 rankings imported, 0 were here already\n")
    assert podium("import", "rankings", str(file)) == (0, "0 rankings imported, 4 were here already\n")
    assert podium("db", "check")[0] == 0


@pytest.mark.parametrize(
    ("line", "changes", "says"),
    [
        (2, {"groups": [["A"], ["B"]]}, "line 3: missing from the ranking: C"),
        (2, {"format": 9}, "line 3: written by a newer Podium"),
        (0, {"made_at": "yesterday"}, "line 1: made_at"),
        (3, {"supersedes": "k7"}, "line 4: it corrects ranking k7, which is neither here nor in the file"),
        (3, {"supersedes": "k0-0"}, "line 4: it corrects ranking k0-0, which is somebody else's or of another ballot"),
        (3, {"annotator": "Ann Lee"}, "line 4: annotator Ann Lee has a first ranking of ballot b1 already"),
        (3, {"id": "k0-0"}, "line 4: there is already a ranking k0-0 with other content"),
        (3, {"annotator": ""}, "line 4: the id of an annotator"),
        (3, {"trajectories": {"A": "t9"}}, "line 4: `trajectories` and `shown.alternatives` name different"),
        (3, {"shown": []}, "line 4: `shown` must be the ballot as an object"),
        (3, {"shown": {}}, "line 4: run: Field required; alternatives"),
    ],
)
def test_bad_line_is_named_and_nothing_is_kept(
    refused: Callable[[Lines], str], lines: Lines, line: int, changes: dict[str, Any], says: str
) -> None:
    lines[line] |= changes
    assert says in refused(lines)


def test_ballot_of_unknown_trajectories_is_refused(refused: Callable[[Lines], str], lines: Lines) -> None:
    for one in lines[2:]:
        del one["trajectories"], one["shown"]["version"]
        one["shown"]["alternatives"][1]["trajectory"] = "t9"
    said = refused(lines)
    assert "line 3: trajectory t9, alternative B of its ballot, is not here: import the trajectories first" in said


def test_record_without_its_ballot_needs_it_here(refused: Callable[[Lines], str], lines: Lines) -> None:
    """Such as the ones that were exported before ballots came along."""
    for one in lines:
        del one["shown"]
    assert "line 1: ballot b0 is not here, and the record does not hold it" in refused(lines)


def test_contradicting_ballots_and_versions_are_refused(refused: Callable[[Lines], str], lines: Lines) -> None:
    lines[1]["shown"]["seed"] = 99
    assert "line 2: there is already a ballot b0 with other content" in refused(lines)
    lines[1]["shown"]["version"] = "000000000000"
    assert "line 2: `shown.version` says 000000000000" in refused(lines)


def test_file_that_is_no_file_of_rankings_is_named(podium: Podium, lines: Lines, tmp_path: Path) -> None:
    for name, content in (("a", b'{"x": 1}\n'), ("b", b"PAR1 nonsense"), ("c", b"[]"), ("d", b"\xff\n")):
        (tmp_path / name).write_bytes(content)
        code, err = podium("import", "rankings", str(tmp_path / name))
        assert code == 2, err
        assert str(tmp_path / name) in err


async def test_corrections_may_come_before_what_they_correct(tmp_path: Path) -> None:
    """Two clocks need not agree, so a file in the order of time may hold the later word first."""
    shown = ballot("b1", ["t1", "t2"], query="q", run=None, seed=1, made_at=NOON)
    said = [Ranking(f"k{n:04}", "b1", (("A",), ("B",)), NOON - timedelta(seconds=n), reason=f"{n}") for n in range(600)]
    chain = [replace(one, supersedes=f"k{n - 1:04}" if n else None) for n, one in enumerate(said)]
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        await keep_trajectories(store, shown)
        backwards = [Ranked(place, one, shown) for place, one in enumerate(reversed(chain), 1)]
        with pytest.raises(NotAdded, match="it corrects ranking k0000, which is neither here nor in the file") as end:
            await store.add_rankings(backwards[:-1])
        assert end.value.place == 599
        assert list(store.iter_rankings()) == []
        assert await store.add_rankings(backwards) == 600
        assert [one.id for one in store.iter_rankings(superseded=False)] == ["k0599"]
    assert check(f"sqlite:///{tmp_path}/one.db") == []


async def test_corrections_in_a_circle_are_refused(tmp_path: Path) -> None:
    shown = ballot("b1", ["t1", "t2"], query="q", run=None, seed=1, made_at=NOON)
    first = Ranking("k1", "b1", (("A",), ("B",)), NOON, supersedes="k2")
    file = [Ranked(1, first, shown), Ranked(2, replace(first, id="k2", supersedes="k1"), shown)]
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        await keep_trajectories(store, shown)
        with pytest.raises(NotAdded, match="in a circle"):
            await store.add_rankings(file)


async def test_correction_of_what_was_corrected_is_refused(tmp_path: Path) -> None:
    shown = ballot("b1", ["t1", "t2"], query="q", run=None, seed=1, made_at=NOON)
    first = Ranking("k1", "b1", (("A",), ("B",)), NOON)
    others = [replace(first, id=id, reason=id, supersedes="k1") for id in ("k2", "k3")]
    with Store.open(f"sqlite:///{tmp_path}/one.db") as store:
        await keep_trajectories(store, shown)
        file = [Ranked(place, one, shown) for place, one in enumerate([first, *others], 1)]
        with pytest.raises(NotAdded, match="ranking k1 was corrected already") as end:
            await store.add_rankings(file)
        assert end.value.place == 3
        assert store.ballot("b1") is None


def test_missing_file_and_line_of_another_kind_are_named(podium: Podium, lines: Lines, tmp_path: Path) -> None:
    code, err = podium("import", "rankings", str(tmp_path / "nowhere.jsonl"))
    assert code == 2
    assert "nowhere.jsonl" in err
    (tmp_path / "n").write_text("7")
    with pytest.raises(BadLine, match="line 1: a ranking record is a JSON object, not int"):
        list(RankingFile(tmp_path / "n"))
