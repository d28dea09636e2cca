"""Tables read from end to end in pages, each in a short transaction that holds nobody up."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, select, tuple_

PAGE: Final = 200
"""Rows that a stream reads at once."""
Row = tuple[Any, ...]
Read = Callable[[Select[Any]], list[Row]]
"""Runs a query in a transaction of its own."""
T = TypeVar("T")


def rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """What a query finds."""
    return [tuple(row) for row in connection.execute(query)]


def pages(
    read: Read, query: Select[Any], keys: Sequence[ColumnElement[Any]], *, size: int = PAGE
) -> Iterator[list[Row]]:
    """The rows of a query in the order of `keys`, which no two rows share; the keys stand at the end of each row."""
    order = tuple_(*keys)
    query = query.add_columns(*(key.label(f"key_{number}") for number, key in enumerate(keys)))
    query = query.order_by(*keys).limit(size)
    page = read(query)
    while page:
        yield page
        if len(page) < size:
            return
        page = read(query.where(order > tuple_(*page[-1][-len(keys) :])))


def in_order_of_time(
    read: Read, table: Table, time: str, column: str, wanted: ColumnElement[bool] | None = None
) -> Iterator[tuple[str, str]]:
    """The id and one column of every row, oldest first."""
    query = select(table.c.id, table.c[column].label("wanted"))
    if wanted is not None:
        query = query.where(wanted)
    for page in pages(read, query, (table.c[time], table.c.id)):
        for row in page:
            yield row[0], row[1]


def batches(all_of_them: Iterator[T], size: int) -> Iterator[list[T]]:
    """The same in lists of at most `size`."""
    while batch := list(islice(all_of_them, size)):
        yield batch
