"""Building an index: every file read once, every passage written once, in one transaction."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from orchestrator.documents.reading import Found, Progress, Skipped, read_file
from orchestrator.trajectory import Document

FORMAT: Final = 6
"""Raised whenever reading, cutting or the schema changes, so that kept indexes are built anew."""
_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA cache_size = -64000;
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE passage (id INTEGER PRIMARY KEY, key TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    source TEXT NOT NULL);
CREATE VIRTUAL TABLE found USING fts5(title, text, content='passage', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO found (found, rank) VALUES ('rank', 'bm25(4.0, 1.0)');
"""


@dataclass(frozen=True, slots=True)
class State:
    """What an index is built from."""

    corpus: tuple[Document, ...]
    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]
    digest: str
    """Changes when the corpus or a file does."""
    strict: bool = False
    """Whether a malformed line is an error instead of a file passed over."""


def build(database: sqlite3.Connection, state: State, on_progress: Progress | None = None) -> None:
    """Fill an empty database; raises MalformedLine where the state is strict."""
    database.executescript(_SCHEMA)
    skipped = list(state.skipped)
    with database:
        database.executemany(
            "INSERT INTO passage (key, title, text, source) VALUES (?, ?, ?, ?)",
            _rows(state, skipped, on_progress),
        )
        database.execute("INSERT INTO found (found) VALUES ('rebuild')")
        read = len(state.files) - (len(skipped) - len(state.skipped))
        told = json.dumps([asdict(s) for s in skipped])
        database.executemany(
            "INSERT INTO fact VALUES (?, ?)", [("state", state.digest), ("files", str(read)), ("skipped", told)]
        )


def _rows(state: State, skipped: list[Skipped], on_progress: Progress | None) -> Iterator[tuple[str, str, str, str]]:
    yield from ((d.id, d.title, d.text, d.source) for d in state.corpus)
    for number, file in enumerate(state.files, start=1):
        part = read_file(file, strict=state.strict)
        if isinstance(part, Skipped):
            skipped.append(part)
        else:
            yield from ((d.id, d.title, d.text, d.source) for d in part)
        if on_progress is not None:
            on_progress(number, len(state.files))
