"""Files of one JSON record per line, in and out. A bad line is named by its number, and nothing of its file is kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.trajectory import Trajectory
from storage.queries import SavedQuery
from storage.records import dump_line, load_trajectory

LONGEST_LINE = 50_000_000
"""Bytes that one record may have."""


class BadLine(ValueError):
    """A line that cannot be read; the message names file and line."""

    def __init__(self, path: Path, number: int, what: object) -> None:
        super().__init__(f"{path}, line {number}: {what}")


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """The trajectory records of a file, in order; raises BadLine."""
    for number, record in _records(path):
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


def read_queries(path: Path) -> Iterator[SavedQuery]:
    """Queries: each line a JSON string, or an object with `query` and perhaps `reference`; raises BadLine."""
    for number, record in _records(path):
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


def _records(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
            if len(line) > LONGEST_LINE:
                raise BadLine(path, number, f"longer than {LONGEST_LINE:,} bytes")
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadLine(path, number, f"not JSON: {error}") from error


def lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each record as one line of JSON."""
    for record in records:
        yield dump_line(record) + "\n"
