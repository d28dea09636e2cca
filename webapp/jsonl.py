"""Files of one JSON record per line, in and out. A bad line is named by its number, and nothing of its file is kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.bounded_json import bounded
from orchestrator.trajectory import Trajectory
from prefs.training_files.hle_trace import read_trace, read_traces
from prefs.training_files.reading import BadRow
from storage.queries import SavedQuery
from storage.ranked import Ranked, load_ranked
from storage.records import dump_line, load_trajectory

LONGEST_LINE = 50_000_000
"""Bytes that one record may have."""


class BadLine(ValueError):
    """A line that cannot be read; the message names file and line."""

    def __init__(self, path: Path, number: int, what: object) -> None:
        super().__init__(f"{path}, line {number}: {what}")


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """The trajectory records of a file, in order; raises BadLine."""
    for number, record in records(path):
        try:
            if not isinstance(record, dict):
                raise ValueError(f"a trajectory record is a JSON object, not {type(record).__name__}")
            yield load_trajectory(record)
        except ValueError as error:
            raise BadLine(path, number, error) from error


@dataclass(frozen=True, slots=True)
class TrajectoryFile:
    """A file of trajectory records, read anew each time it is gone through: one record in memory at a time."""

    path: Path

    def __iter__(self) -> Iterator[Trajectory]:
        """The trajectories in order; raises BadLine."""
        return read_trajectories(self.path)


@dataclass(frozen=True, slots=True)
class TraceFile:
    """ToolOrchestra's HLE traces: a file with one on each line, a file that is one, or a folder of such files."""

    path: Path

    def __iter__(self) -> Iterator[Trajectory]:
        """The traces as trajectories, which start when their file was written; raises ValueError with file and line."""
        paths = sorted(self.path.glob("*.json*")) if self.path.is_dir() else [self.path]
        if not paths:
            raise FileNotFoundError(f"there is no .json or .jsonl file in {self.path}")
        for path in paths:
            try:
                yield from _traces(path)
            except BadRow as error:
                raise ValueError(f"{path}, {error}") from error
            except UnicodeDecodeError as error:
                raise ValueError(f"{path} is not text in UTF-8: {error}") from error


def _traces(path: Path) -> Iterator[Trajectory]:
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with path.open("rb") as file:
        whole_first_line = file.readline(LONGEST_LINE).strip().endswith(b"}")
    if whole_first_line:
        yield from read_traces(_lines(path), written_at)
    elif path.stat().st_size > LONGEST_LINE:
        raise ValueError(f"{path} has more than {LONGEST_LINE:,} bytes, which are the most of one trace")
    else:
        yield read_trace(path.read_text(encoding="utf-8-sig"), written_at)


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
            if len(line) > LONGEST_LINE:
                raise BadLine(path, number, f"longer than {LONGEST_LINE:,} bytes")
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")


@dataclass(frozen=True, slots=True)
class QueryFile:
    """A file of queries, read anew each time it is gone through."""

    path: Path

    def __iter__(self) -> Iterator[SavedQuery]:
        """The queries in order; raises BadLine."""
        return read_queries(self.path)


@dataclass(frozen=True, slots=True)
class RankingFile:
    """A file of exported rankings, JSON lines or Parquet, read anew each time it is gone through."""

    path: Path

    def __iter__(self) -> Iterator[Ranked]:
        """The rankings with their ballots, in order; `place` is the line, or the row of Parquet. Raises BadLine."""
        found = _rows(self.path) if _is_parquet(self.path) else records(self.path)
        for number, record in found:
            try:
                if not isinstance(record, dict):
                    raise ValueError(f"a ranking record is a JSON object, not {type(record).__name__}")
                ranking, ballot = load_ranked(record)
            except ValueError as error:
                raise BadLine(self.path, number, error) from error
            yield Ranked(number, ranking, ballot)


def read_queries(path: Path) -> Iterator[SavedQuery]:
    """Queries: each line a JSON string, or an object with `query` and perhaps `reference`; raises BadLine."""
    for number, record in records(path):
        try:
            yield _query(record)
        except ValueError as error:
            raise BadLine(path, number, error) from error


def _query(record: Any) -> SavedQuery:
    if isinstance(record, str):
        record = {"query": record}
    if not isinstance(record, dict) or not isinstance(record.get("query"), str):
        raise ValueError('expected an object with a text "query", such as {"query": "…", "reference": "…"}')
    unknown = sorted(set(record) - {"query", "reference"})
    if unknown:
        raise ValueError(f'unknown key {unknown[0]!r}; "query" and "reference" are read')
    reference = record.get("reference")
    if reference is not None and not isinstance(reference, str):
        raise ValueError('"reference" must be text')
    return SavedQuery(record["query"], reference)


def records(path: Path) -> Iterator[tuple[int, Any]]:
    """The JSON values of a file with the numbers of their lines; raises BadLine."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
            if len(line) > LONGEST_LINE:
                raise BadLine(path, number, f"longer than {LONGEST_LINE:,} bytes")
            if not line.strip():
                continue
            try:
                yield number, bounded(line)
            except (ValueError, RecursionError) as error:
                raise BadLine(path, number, f"not JSON: {error}") from error


def _is_parquet(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """The records of a Parquet file of rankings, with the numbers of their rows from 1."""
    from webapp.exports.columns import RANKING, ranking_record  # noqa: PLC0415 - an extra
    from webapp.exports.parquet import read_rows  # noqa: PLC0415

    for number, row in enumerate(read_rows(path, RANKING), 1):
        try:
            yield number, ranking_record(row)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise BadLine(path, number, f"not a row of exported rankings: {error!r}") from error


def lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each record as one line of JSON."""
    for record in records:
        yield dump_line(record) + "\n"
