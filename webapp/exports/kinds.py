"""The kinds of exports, and one of them as a stream of bytes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from orchestrator.pool import Pool
from prefs.training_files import FORMATS, FileOptions, Format, Judged, Row, Tally
from prefs.training_files.parquet_schema import schema
from storage.ranked import ranked_json
from storage.records import dump_line, trajectory_json
from storage.store import Store
from webapp.exports.columns import ranking_row, ranking_schema, trajectory_row, trajectory_schema
from webapp.exports.parquet import arrow, parquet
from webapp.exports.pseudonyms import Pseudonyms
from webapp.redacted import Striking
from webapp.redaction import Redaction

JSONL: Final = "application/x-ndjson"
MARKDOWN: Final = "text/markdown; charset=utf-8"
PARQUET: Final = "application/vnd.apache.parquet"
FILE_FORMATS: Final = ("jsonl", "parquet")
_CHUNK: Final = 64_000
"""Characters that are written or sent at once."""
RAW: Final[Mapping[str, str]] = {
    "rankings": "What people said, corrections too, each ranking with its ballot; read back by podium import rankings.",
    "trajectories": "Every run with all its steps; read back by podium import trajectories.",
}
CARD: Final = "card"
SHARED: Final = (CARD, "rewardbench2")
"""Kinds that people publish: what looks like a secret is struck out of them unless somebody says otherwise."""
CARD_SUMMARY: Final = "A data card in Markdown: who ranked what, and how far they agree."


class UnknownExport(LookupError):
    """There is no export of that kind."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an export is wanted."""

    format: str | None = None
    """`jsonl` or `parquet`; `None` is what the kind's reader expects."""
    texts: bool = False
    """Trajectories with their long texts in place of addresses."""
    pseudonyms: Pseudonyms | None = None
    """`None` keeps the annotators' names."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of FileOptions that were asked for."""
    pool: Pool | None = None
    """The pool that training files describe where a trajectory does not hold what was sent."""
    licence: str | None = None
    """What the data card says of the licence."""
    redaction: Redaction | None = None
    """Strikes keys, tokens, addresses and patterns of one's own out of every text; `None` leaves texts as they are."""

    def name(self, annotator: str) -> str:
        """What the file calls an annotator."""
        return annotator if self.pseudonyms is None else self.pseudonyms.of(annotator)


@dataclass(frozen=True, slots=True)
class Export:
    """A file on its way out."""

    file_name: str
    media_type: str
    chunks: Iterator[bytes]
    tally: Tally
    """Counts as the chunks are taken."""
    kind: str
    striking: Striking | None = None
    """Counts what was struck out."""

    def told(self) -> tuple[str, ...]:
        """What was written, left out and struck out, one fact a line; true once all chunks are taken."""
        return (*self._counted(), *(() if self.striking is None else (struck_words(self.striking.places),)))

    def _counted(self) -> tuple[str, ...]:
        if self.kind == CARD:
            return ()
        if self.kind not in RAW:
            return (*self.tally.lines(), *(() if self.tally.rows else ("the file is empty",)))
        return (f"{self.tally.rows:,} {self.kind} exported", *self.tally.lines()[1:])


@dataclass(frozen=True, slots=True)
class _Columns:
    """How a kind is written as Parquet."""

    schema: Callable[[], Any]
    row: Callable[[Row], Row]


def summaries() -> dict[str, str]:
    """Every kind with a line that says what it is."""
    training = {
        name: f"{format.summary.rstrip('.')}, for {format.consumer}{'; Parquet' * (format.extension == 'parquet')}."
        for name, format in FORMATS.items()
    }
    return {**RAW, **training, CARD: CARD_SUMMARY}


def open_export(store: Store, kind: str, wishes: Wishes, watch: Callable[[Row], None] | None = None) -> Export:
    """A file as a stream: nothing is read before its chunks are, and one page or row group is in memory at a time.

    `watch` sees every row. Raises UnknownExport, and ValueError for wishes that the kind cannot grant.
    """
    check(kind, wishes)
    striking = None if wishes.redaction is None else Striking(wishes.redaction)
    if kind == CARD:
        return Export("podium-card.md", MARKDOWN, _card(store, wishes, striking), Tally(), kind, striking)
    extension = wishes.format or (FORMATS[kind].extension if kind in FORMATS else "jsonl")
    tally = Tally()
    written = rows(store, kind, wishes, tally, striking)
    if watch is not None:
        written = _watched(written, watch)
    if extension == "jsonl":
        return Export(f"podium-{kind}.jsonl", JSONL, _chunks(written), tally, kind, striking)
    columns = _columns(kind)
    shaped = map(columns.row, written)
    return Export(f"podium-{kind}.parquet", PARQUET, parquet(shaped, columns.schema(), tally), tally, kind, striking)


def redacts(kind: str, asked: bool | None) -> bool:
    """Whether secrets are struck out of a file of that kind: as asked, else of kinds that people publish."""
    return kind in SHARED if asked is None else asked


def struck_words(places: int) -> str:
    """How much was struck out, in words."""
    return f"{places:,} {'place' if places == 1 else 'places'} struck out"


def _card(store: Store, wishes: Wishes, striking: Striking | None) -> Iterator[bytes]:
    from webapp.exports.card import written_card  # noqa: PLC0415 - the statistics take a part of a second to import

    card = written_card(store, wishes.licence)
    yield (card if striking is None else striking.text(card)).encode()


def rows(store: Store, kind: str, wishes: Wishes, tally: Tally, striking: Striking | None = None) -> Iterator[Row]:
    """The records of a kind, one by one."""
    if kind == "rankings":
        return _counted(_rankings(store, wishes, tally, striking), tally)
    if kind == "trajectories":
        return _counted(_trajectories(store, wishes, striking), tally)
    format = FORMATS[kind]
    asked: dict[str, Any] = dict(wishes.options)
    if "pool" in format.options:
        asked["pool"] = wishes.pool
    options = FileOptions(**asked)
    return format.rows(_judged(store, format, wishes, striking), options, tally)


def check(kind: str, wishes: Wishes) -> None:
    """Raises UnknownExport, or ValueError for wishes that the kind cannot grant."""
    if kind not in summaries():
        raise UnknownExport(f"there is no export {kind!r}; choose {', '.join(summaries())}")
    if wishes.format not in (None, *FILE_FORMATS):
        raise ValueError(f"format must be {' or '.join(FILE_FORMATS)}, not {wishes.format!r}")
    if wishes.licence is not None and kind != CARD:
        raise ValueError(f"--licence belongs to `podium export card`; {kind} say nothing of a licence")
    if wishes.format is not None and kind == CARD:
        raise ValueError("the data card is written in Markdown; leave --format out")
    if wishes.texts and kind != "trajectories":
        raise ValueError(f"--texts belongs to `podium export trajectories`; {kind} have no texts beside them")


def _columns(kind: str) -> _Columns:
    if kind == "rankings":
        return _Columns(ranking_schema, ranking_row)
    if kind == "trajectories":
        return _Columns(trajectory_schema, trajectory_row)
    arrow()
    return _Columns(lambda: schema(kind), lambda row: row)


def _rankings(store: Store, wishes: Wishes, tally: Tally, striking: Striking | None) -> Iterator[Row]:
    for ranking, ballot in store.iter_ranked():
        tally.rankings += 1
        name = wishes.name(ranking.annotator)
        if striking is None:
            yield ranked_json(ranking, ballot) | {"annotator": name}
        else:
            yield ranked_json(striking.ranking(ranking, name), striking.ballot(ballot))


def _trajectories(store: Store, wishes: Wishes, striking: Striking | None) -> Iterator[Row]:
    for found in store.iter_trajectories():
        whole = store.with_texts(found) if wishes.texts else found
        yield trajectory_json(whole if striking is None else striking.trajectory(whole, texts=wishes.texts))


def _judged(store: Store, format: Format, wishes: Wishes, striking: Striking | None) -> Iterator[Judged]:
    for judgement, trajectories in store.iter_judged(texts=format.texts):
        named = replace(judgement, annotator=wishes.name(judgement.annotator))
        if striking is None:
            yield Judged(named, trajectories)
        else:
            yield Judged(striking.judgement(named), tuple(striking.trajectory(one, texts=True) for one in trajectories))


def _counted(written: Iterable[Row], tally: Tally) -> Iterator[Row]:
    for row in written:
        tally.rows += 1
        yield row


def _watched(written: Iterable[Row], watch: Callable[[Row], None]) -> Iterator[Row]:
    for row in written:
        watch(row)
        yield row


def _chunks(written: Iterable[Row]) -> Iterator[bytes]:
    """The records as lines, many in a piece: each piece costs a server a change of threads."""
    waiting: list[str] = []
    length = 0
    for row in written:
        line = dump_line(row) + "\n"
        waiting.append(line)
        length += len(line)
        if length >= _CHUNK:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting).encode()
