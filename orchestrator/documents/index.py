"""The index: passages in SQLite FTS5, built once for each state of the files and found again at the next start."""

import hashlib
import json
import math
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final, Self

from orchestrator.documents.building import FORMAT, State, build
from orchestrator.documents.ranking import Sought, expression, introducing, of_options, ranked, sought
from orchestrator.documents.reading import Progress, Skipped, find, fingerprint
from orchestrator.trajectory import Document

MODEL: Final = "SQLite FTS5"
"""What stands as the model in a retrieval's model call."""
_CANDIDATES: Final = 100
_CANDIDATES_OF_SHORT_QUERY: Final = 300
_COUNT_UP_TO: Final = 20_000
_FIND: Final = """
SELECT passage.key, passage.title, passage.text, passage.source, -best.rank
FROM (SELECT rowid, rank FROM found WHERE found MATCH ? ORDER BY rank LIMIT ?) AS best
JOIN passage ON passage.id = best.rowid
"""


class Index:
    """Passages that can be searched. Searching is safe from any thread; searches wait for each other."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.passages: int = database.execute("SELECT coalesce(max(id), 0) FROM passage").fetchone()[0]
        """How many there are."""
        stated = dict(database.execute("SELECT name, value FROM fact"))
        self.files: int = int(stated["files"])
        """Files read, beside the bundled corpus."""
        self.skipped: tuple[Skipped, ...] = tuple(Skipped(**s) for s in json.loads(stated["skipped"]))
        """Files passed over, and why."""

    @classmethod
    def open(
        cls,
        corpus: Sequence[Document] = (),
        paths: Sequence[Path] = (),
        *,
        cache: Path | None = None,
        on_progress: Progress | None = None,
    ) -> Self:
        """The index of `corpus` and of all files below `paths`, taken from the folder `cache` where it is up to date.

        Without `cache` it lives in memory. `on_progress(done, total)` counts files. Raises NoDocuments for a path that
        does not exist and MalformedLine for a JSONL file that was named itself.
        """
        state = _state(corpus, paths)
        if cache is None:
            database = sqlite3.connect(":memory:", check_same_thread=False)
            build(database, state, on_progress)
            return cls(database)
        kept = cache / f"documents-{_digest([str(p.resolve()) for p in paths])[:16]}.sqlite"
        if not _current(kept, state):
            _replace(kept, state, on_progress)
        return cls(sqlite3.connect(f"{kept.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False))

    def search(self, query: str, limit: int = 8) -> tuple[Document, ...]:
        """The passages that fit best, best first, with their score; none where no word of the query occurs."""
        wanted = sought(query)
        if wanted.empty or limit < 1:
            return ()
        with self._lock:
            counts = {term: self._count(expression([term], [])) for term in wanted.terms}
            found = self._candidates(wanted, counts)
        rarity = {t: math.log(1 + self.passages / (n + 0.5)) for t, n in counts.items()}
        return ranked(wanted, found, rarity, limit)

    def _count(self, match: str) -> int:
        counting = "SELECT count(*) FROM (SELECT 1 FROM found WHERE found MATCH ? LIMIT ?)"
        return int(self._database.execute(counting, (match, _COUNT_UP_TO)).fetchone()[0])

    def _candidates(self, wanted: Sought, counts: Mapping[str, int]) -> list[tuple[Document, float]]:
        """Passages with any of the words, the commonest left out where rarer ones are enough, and with any phrase."""
        known = sorted((term for term in wanted.terms if counts[term]), key=lambda term: counts[term])
        rare = [t for n, t in enumerate(known) if n < 2 or counts[t] < self.passages / 5]
        found: dict[str, tuple[Document, float]] = {}
        for match, most in (
            (expression([], wanted.phrases), _CANDIDATES),
            (introducing(wanted.question), _CANDIDATES // 4),
            (of_options(wanted.question), _CANDIDATES_OF_SHORT_QUERY),
            (expression(rare, wanted.phrases), _CANDIDATES if len(known) > 1 else _CANDIDATES_OF_SHORT_QUERY),
        ):
            if not match:
                continue
            for key, title, text, source, bm25 in self._database.execute(_FIND, (match, most)):
                found[key] = (Document(key, title, text, source), max(bm25, found[key][1] if key in found else bm25))
        return list(found.values())

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._database.close()


def _state(corpus: Sequence[Document], paths: Sequence[Path]) -> State:
    files, skipped = [], []
    for path in paths:
        some, others = find(path)
        files += some
        skipped += others
    documents = [asdict(document) for document in corpus]
    return State(
        tuple(corpus), tuple(files), tuple(skipped), _digest([FORMAT, documents, fingerprint(files)]),
        strict=len(files) == 1 and any(path.is_file() for path in paths),
    )  # fmt: skip


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode("ascii")).hexdigest()


def _current(kept: Path, state: State) -> bool:
    if not kept.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{kept.resolve().as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT value FROM fact WHERE name = 'state'").fetchone()
    except sqlite3.DatabaseError:
        return False
    return row is not None and row[0] == state.digest


def _replace(kept: Path, state: State, on_progress: Progress | None) -> None:
    """Build beside the old file and put the new one in its place at once, so that a kill leaves no half index."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_name(f"{kept.name}.{threading.get_native_id()}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as database:
            build(database, state, on_progress)
        unfinished.replace(kept)
    finally:
        unfinished.unlink(missing_ok=True)
