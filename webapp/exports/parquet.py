"""Rows as a Parquet file in pieces: a row group in memory at a time. The one place that knows pyarrow."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from prefs.training_files import Row, Tally

ROWS_IN_GROUP: Final = 5_000
CHARACTERS_IN_GROUP: Final = 8_000_000
"""Of the texts on the rows' first level; a row group ends at whichever is reached first."""
LARGEST_GROUP: Final = 256 * 2**20
"""Bytes of a row group that is read, unpacked."""
MOST_ROWS: Final = 1_000_000
"""Of a row group that is read."""
HALF: Final = "half a character, which Parquet cannot hold (\N{REPLACEMENT CHARACTER} stands in its place)"


class MissingPyarrow(ValueError):
    """Parquet was asked for, and the package that writes it is not installed."""


def arrow() -> Any:
    """pyarrow; raises MissingPyarrow."""
    try:
        from pyarrow import parquet  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingPyarrow("Parquet needs pyarrow: pip install 'podium[parquet]', or use --format jsonl") from error
    return parquet


def parquet(rows: Iterator[Row], schema: Any, tally: Tally) -> Iterator[bytes]:
    """The file in pieces; a caller who joins them has it. Halves of characters are replaced, and told in the tally."""
    sink = _Sink()
    with arrow().ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_batch(_batch(group, schema, tally))
            yield sink.taken()
    yield sink.taken()


def read_rows(path: Path, names: Iterable[str]) -> Iterator[Row]:
    """The rows of a file, a batch in memory at a time; raises ValueError where it is no such file."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    try:
        with arrow().ParquetFile(path, read_dictionary=_texts(path, names)) as file:
            for batch in file.iter_batches(ROWS_IN_GROUP):
                columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                for place in range(batch.num_rows):
                    yield {name: column[place].as_py() for name, column in columns.items()}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{path} is not a sound Parquet file: {error}") from error


def _texts(path: Path, names: Iterable[str]) -> list[str]:
    """The columns of texts of a file that has these columns, at whatever depth.

    A text that stands in a million rows is stored once; read as a dictionary, it is in memory once, too.
    """
    with arrow().ParquetFile(path) as file:
        missing = sorted(set(names) - set(file.schema_arrow.names))
        if missing:
            raise ValueError(f"{path} has no column {missing[0]!r}; is it one that `podium export` wrote?")
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        if any(group.total_byte_size > LARGEST_GROUP or group.num_rows > MOST_ROWS for group in groups):
            raise ValueError(f"{path} holds a group of rows that is too large; export it with a newer Podium")
        columns = (file.schema.column(number) for number in range(len(file.schema)))
        return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


class _Sink(io.RawIOBase):
    """Takes what a writer writes until somebody fetches it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _groups(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while group := list(islice(rows, 1)):
        characters = _characters(group[0])
        for row in islice(rows, ROWS_IN_GROUP - 1):
            group.append(row)
            characters += _characters(row)
            if characters > CHARACTERS_IN_GROUP:
                break
        yield group


def _characters(row: Row) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, str))


def _batch(rows: list[Row], schema: Any, tally: Tally) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    try:
        return pa.RecordBatch.from_pylist(rows, schema=schema)
    except UnicodeEncodeError:
        whole = [_whole(row) for row in rows]
        tally.skip(HALF, sum(new != old for new, old in zip(whole, rows, strict=True)))
        return pa.RecordBatch.from_pylist(whole, schema=schema)


def _whole(value: Any) -> Any:
    """The value with every half of a surrogate pair replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(name): _whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_whole(one) for one in value)
    return value
