"""Tables read from end to end in pages, each in a short transaction that holds nobody up."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, select, tuple_

PAGE: Final = 200
"""Rows that a stream reads at once."""
Read = Callable[[Select[Any]], list[tuple[Any, ...]]]
"""Runs a query in a transaction of its own."""


def rows(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """What a query finds."""
    return [tuple(row) for row in connection.execute(query)]


def in_order_of_time(
    read: Read, table: Table, time: str, column: str, wanted: ColumnElement[bool] | None = None
) -> Iterator[tuple[str, str]]:
    """The id and one column of every row, oldest first."""
    order = tuple_(table.c[time], table.c.id)
    query = select(table.c.id, table.c[column].label("wanted"), table.c[time]).order_by(*order).limit(PAGE)
    if wanted is not None:
        query = query.where(wanted)
    page = read(query)
    while page:
        for row in page:
            yield row[0], row[1]
        page = read(query.where(order > tuple_(page[-1][2], page[-1][0])))
