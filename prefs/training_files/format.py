"""The noun of a training file's format."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions

Rows = Callable[[Iterable[Judged], FileOptions, Tally], Iterator[Row]]
"""Reads rankings one by one, yields rows one by one and counts both in the tally."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of training file."""

    name: str
    summary: str
    """One sentence for people who choose."""
    row: str
    """What one row is."""
    consumer: str
    """Who reads the file, and with what."""
    rows: Rows
    extension: str
    """`jsonl` or `parquet`: what the consumer reads. Every format can be written as JSON lines."""
    options: tuple[str, ...]
    """Names of the fields of FileOptions that it reads."""
    texts: bool = False
    """Whether it tells what was sent, so that trajectories should come with their long texts."""
