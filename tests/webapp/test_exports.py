"""Exports: streamed, pseudonymous, told in full; a file that was begun is never taken for a whole one."""

import io
import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

import orchestrator
from prefs.training_files import FORMATS, Tally
from storage.store import Store
from tests.webapp.exported import fill, written
from webapp.cli import main
from webapp.exports import kinds, parquet
from webapp.exports.kinds import UnknownExport, Wishes, open_export, rows
from webapp.exports.pseudonyms import KEY_FILE, Pseudonyms, pseudonyms
from webapp.services import Services

API = "/api/v1"
Podium = Callable[..., tuple[int, str, str]]
"""Runs `podium`; gives exit code, stdout and stderr."""
ANON = Wishes(pseudonyms=Pseudonyms(b"a key"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/one.db") as opened:
        yield opened


@pytest.fixture
def podium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], store: Store) -> Podium:
    """Runs `podium` on the store; gives exit code, stdout and stderr."""
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PODIUM_DATABASE_URL", f"sqlite:///{tmp_path}/one.db")
    monkeypatch.delenv("PODIUM_SECRET", raising=False)
    monkeypatch.delenv("PODIUM_POOL", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def records(text: str | bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_ranking_leaves_with_all_of_its_ballot(store: Store) -> None:
    await fill(store, 1)
    (ballot,) = {store.ballot("b0")}
    assert ballot is not None
    first = records(written(store, "rankings"))[0]
    assert first["groups"] == [["A"], ["B", "C"]]
    assert first["trajectories"] == {one.label: one.trajectory for one in ballot.alternatives}
    assert first["shown"] == {
        "run": None,
        "alternatives": [{"label": one.label, "trajectory": one.trajectory} for one in ballot.alternatives],
        "seed": 0,
        "made_at": "2026-05-04T12:00:00Z",
        "hidden": [],
        "draw": None,
        "version": ballot.version,
    }


async def test_names_leave_only_when_asked_for(podium: Podium, store: Store, tmp_path: Path) -> None:
    await fill(store)
    _, out, err = podium("export", "rankings")
    assert "Ann" not in out
    assert err == "4 rankings exported\n"
    named = records(podium("export", "rankings", "--names")[1])
    assert {one["annotator"] for one in named} == {"Ann Lee", "bob"}
    hidden = records(out)
    assert len({one["annotator"] for one in hidden}) == 2
    assert [one | {"annotator": ""} for one in hidden] == [one | {"annotator": ""} for one in named]
    assert podium("export", "rankings")[1] == out
    key = tmp_path / "data" / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    assert podium("export", "rankings")[1] != out
    for kind in FORMATS:
        assert "Ann" not in podium("export", kind, "--format", "jsonl")[1], kind


def test_pseudonym_is_stable_under_a_key_and_unknown_without_it(tmp_path: Path) -> None:
    one, other = Pseudonyms(b"one"), Pseudonyms(b"other")
    names = [f"person {number}" for number in range(1000)]
    assert [one.of(name) for name in names] == [Pseudonyms(b"one").of(name) for name in names]
    assert len({pseudonyms.of(name) for name in names for pseudonyms in (one, other)}) == 2000
    assert one.of("ann").startswith("anon-")
    assert other.of(one.of("ann")) == one.of("ann")
    secret = pseudonyms(tmp_path, {"PODIUM_SECRET": "s"})
    assert secret.of("ann") == pseudonyms(tmp_path / "elsewhere", {"PODIUM_SECRET": "s"}).of("ann")
    assert not (tmp_path / KEY_FILE).exists()
    kept = pseudonyms(tmp_path, {})
    assert kept.of("ann") == pseudonyms(tmp_path, {}).of("ann") != secret.of("ann")
    (tmp_path / KEY_FILE).write_text("short")
    with pytest.raises(ValueError, match="holds no key"):
        pseudonyms(tmp_path, {})


async def test_rankings_as_parquet_hold_what_the_lines_hold(store: Store, tmp_path: Path) -> None:
    await fill(store)
    (tmp_path / "r.parquet").write_bytes(written(store, "rankings", Wishes(format="parquet")))
    table = pq.read_table(tmp_path / "r.parquet")
    lines = records(written(store, "rankings"))
    assert table.column("groups").to_pylist() == [one["groups"] for one in lines]
    assert table.column("id").to_pylist() == [one["id"] for one in lines]
    assert dict(table.column("trajectories").to_pylist()[0]) == lines[0]["trajectories"]
    assert table.column("made_at").to_pylist()[0].tzinfo is not None


async def test_trajectories_as_parquet_hold_the_whole_record(store: Store, tmp_path: Path) -> None:
    await fill(store, 1)
    (tmp_path / "t.parquet").write_bytes(written(store, "trajectories", Wishes(format="parquet")))
    table = pq.read_table(tmp_path / "t.parquet")
    assert [json.loads(one) for one in table.column("record").to_pylist()] == records(written(store, "trajectories"))
    assert table.column("steps").to_pylist() == [1, 2, 3]
    assert set(table.column("verdict").to_pylist()) == {"solved"}


@pytest.mark.parametrize("kind", list(FORMATS))
async def test_every_training_format_is_a_kind(store: Store, kind: str) -> None:
    await fill(store)
    made = open_export(store, kind, ANON)
    sent = b"".join(made.chunks)
    assert made.file_name == f"podium-{kind}.{FORMATS[kind].extension}"
    assert made.tally.rankings == 4
    assert made.tally.rows or made.tally.skipped
    whole = records(sent) if FORMATS[kind].extension == "jsonl" else pq.read_table(io.BytesIO(sent)).to_pylist()
    assert len(whole) == made.tally.rows


async def test_what_was_left_out_is_told(podium: Podium, store: Store) -> None:
    await fill(store, 1)
    code, out, err = podium("export", "kto")
    assert (code, out) == (0, "")
    assert "0 rows from 2 rankings" in err
    assert "left out: " in err
    code, out, err = podium("export", "trl-implicit")
    assert len(records(out)) == 4
    assert "a tie is no preference" in err
    assert "estimate" in err
    code, out, _ = podium("export", "trl-implicit", "--margin", "rank", "--cost", "withheld", "--ties")
    assert {one["margin"] for one in records(out)} >= {1.0}
    assert "$" not in json.dumps([one["chosen"] for one in records(out)])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("kto", "--margin", "rank"), "margin changes nothing in kto, which reads cost, latency"),
        (("rankings", "--cost", "shown"), "cost changes nothing in rankings"),
        (("trl-implicit", "--margin", "wide"), "margin must be one of none, rank, reward"),
        (("rankings", "--texts"), "--texts belongs to `podium export trajectories`"),
        (("rankings", "--licence", "MIT"), "--licence belongs to `podium export card`"),
        (("rankings", "--format", "parquet"), "name it with --out FILE"),
        (("kto", "--format", "parquet"), "kto is written as JSON lines"),
        (("kto", "--tokenizer", "nowhere"), "there is no nowhere"),
        (("rankings", "--tokenizer", "nowhere"), "not rankings"),
        (("card", "--format", "jsonl"), "written in Markdown"),
    ],
)
def test_wish_that_a_kind_cannot_grant_is_refused(podium: Podium, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = podium("export", *arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_help_lists_every_kind_in_a_line(podium: Podium) -> None:
    code, out, _ = podium("export", "--help")
    assert code == 0
    for kind in ("rankings", "trajectories", *FORMATS, "card"):
        assert any(line.startswith(f"  {kind} ") for line in out.splitlines()), kind


async def test_interrupted_export_leaves_neither_a_file_nor_its_beginning(
    podium: Podium, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store)
    out = tmp_path / "out" / "r.jsonl"
    out.parent.mkdir()
    out.write_text("an older export")
    seen = []

    def stopped(*_: object) -> Iterator[bytes]:
        yield b"begun"
        seen.extend(out.parent.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(kinds, "_chunks", stopped)
    assert podium("export", "rankings", "--out", str(out))[0] == 130
    assert out.with_name("r.jsonl.partial") in seen
    assert [(one, one.read_text()) for one in out.parent.iterdir()] == [(out, "an older export")]


async def test_rows_are_read_as_they_are_wanted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rankings there are, the first row costs one page, and nothing is read ahead of the reader."""
    await fill(store, 30)
    reads = []
    read = store.read
    monkeypatch.setattr(store, "read", lambda query: reads.append(query) or read(query))
    monkeypatch.setitem(sys.modules["storage.pages"].pages.__kwdefaults__, "size", 10)
    stream = rows(store, "rankings", Wishes(), Tally())
    assert reads == []
    for wanted, count in ((1, 1), (9, 1), (1, 2), (39, 5)):
        for _ in range(wanted):
            next(stream)
        assert len(reads) == count
    monkeypatch.setattr(parquet, "ROWS_IN_GROUP", 20)
    reads.clear()
    pieces = open_export(store, "rankings", Wishes(format="parquet")).chunks
    next(pieces)
    assert len(reads) == 2


async def test_pieces_are_neither_lines_nor_the_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(store, 20)
    monkeypatch.setattr(kinds, "_CHUNK", 3_000)
    pieces = list(open_export(store, "rankings", Wishes()).chunks)
    assert len(pieces) > 3
    assert all(len(piece) < 5_000 and piece.endswith(b"\n") for piece in pieces)


async def test_http_sends_each_kind_under_its_name(http: httpx.AsyncClient, services: Services) -> None:
    await fill(services.store)
    for kind, given, media_type, name in (
        ("rankings", {}, "application/x-ndjson", "podium-rankings.jsonl"),
        ("rankings", {"format": "parquet"}, "application/vnd.apache.parquet", "podium-rankings.parquet"),
        ("trl-implicit", {"margin": "rank", "cost": "withheld"}, "application/x-ndjson", "podium-trl-implicit.jsonl"),
        ("card", {}, "text/markdown; charset=utf-8", "podium-card.md"),
    ):
        response = await http.get(f"{API}/export/{kind}", params=given)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == media_type
        assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert b"Ann Lee" not in response.content
    margin = {"margin": "rank"}
    assert (await http.get(f"{API}/export/kto", params=margin)).status_code == 422
    assert (await http.get(f"{API}/export/rankings", params={"format": "csv"})).status_code == 422
    assert (await http.get(f"{API}/export/rankings", params={"names": "true"})).text.count("anon-") == 4


async def test_parquet_without_pyarrow_says_what_to_install(
    http: httpx.AsyncClient,
    podium: Podium,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for kind in ("rankings", "trajectories", "verl"):
        response = await http.get(f"{API}/export/{kind}", params={"format": "parquet"})
        assert response.status_code == 422
        assert "pip install 'podium[parquet]'" in response.json()["detail"]
    code, _, err = podium("export", "verl", "--out", str(tmp_path / "v.parquet"))
    assert code == 2
    assert "pip install 'podium[parquet]'" in err
    assert podium("export", "verl", "--format", "jsonl")[0] == 0


def test_half_a_character_is_replaced_in_parquet_and_told(tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    schema, tally = pa.schema([("a", pa.string()), ("b", pa.list_(pa.string()))]), Tally()
    pieces = parquet.parquet(iter([{"a": "\ud83d", "b": ["x\udc00"]}, {"a": "😀", "b": []}]), schema, tally)
    (tmp_path / "h.parquet").write_bytes(b"".join(pieces))
    assert pq.read_table(tmp_path / "h.parquet").to_pylist() == [{"a": "�", "b": ["x�"]}, {"a": "😀", "b": []}]
    assert tally.skipped == {parquet.HALF: 1}


async def test_empty_store_exports_empty_files(store: Store) -> None:
    assert written(store, "rankings") == b""
    assert pq.read_table(io.BytesIO(written(store, "rankings", Wishes(format="parquet")))).num_rows == 0
    with pytest.raises(UnknownExport, match="there is no export 'wat'; choose rankings, trajectories"):
        open_export(store, "wat", Wishes())


async def test_length_report_counts_with_the_tokenizer_that_is_named(podium: Podium, store: Store) -> None:
    await fill(store, 1)
    folder = str(Path(orchestrator.__file__).parent / "embedded" / "checkpoint")
    for path in (folder, f"{folder}/tokenizer.json"):
        _, _, err = podium("export", "trl-implicit", "--tokenizer", path, "--max-length", "10")
        assert "4 rows of trl-implicit, counted by" in err
        assert "estimate (" not in err
        assert "4 would be dropped without a word at a length of 10 tokens" in err
    assert "0 would be dropped" in podium("export", "trl-implicit", "--max-length", "100000")[2]
    assert "must be one token or more" in podium("export", "trl-implicit", "--max-length", "0")[2]
    assert "rows of" not in podium("export", "rankings")[2]


async def test_parquet_has_a_column_for_every_field_of_the_record(store: Store) -> None:
    """A field that a ballot or a ranking gets later must not be lost on the way."""
    await fill(store, 1)
    record = records(written(store, "rankings"))[0]
    schema = pq.read_schema(io.BytesIO(written(store, "rankings", Wishes(format="parquet"))))
    assert set(schema.names) == set(record)
    assert {field.name for field in schema.field("shown").type} == set(record["shown"])  # type: ignore[call-overload]
