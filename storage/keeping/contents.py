"""All that a database holds, table by table, whatever version its schema has."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, DateTime, MetaData, Table, exists, func, inspect, select

CHUNK_ROWS: Final = 200
"""Rows in memory at once."""
VERSION_TABLE: Final = "alembic_version"
_DIGESTS: Final = 1 << 256


@dataclass(frozen=True, slots=True)
class Contents:
    """The tables that a database has, those first that others refer to."""

    tables: tuple[Table, ...]
    late: tuple[tuple[str, str], ...]
    """Tables with references, by name, to rows that may come after the row itself."""

    @classmethod
    def of(cls, connection: Connection) -> "Contents":
        """Read from the database itself, so that it is right for any version."""
        found = MetaData()
        found.reflect(connection, only=lambda name, _: name != VERSION_TABLE)
        inspector = inspect(connection)
        references = {name: inspector.get_foreign_keys(name) for name in sorted(found.tables)}
        order = _in_order({name: {key["referred_table"] for key in keys} for name, keys in references.items()})
        late = tuple(
            (name, str(key["name"]))
            for place, name in enumerate(order)
            for key in references[name]
            if key["referred_table"] not in order[:place]
        )
        return cls(tuple(found.tables[name] for name in order), late)

    def empty(self, connection: Connection) -> bool:
        """Whether no table has a row."""
        return not any(connection.execute(select(exists().select_from(table))).scalar() for table in self.tables)


@dataclass(slots=True)
class Tally:
    """How many rows a table has and a digest of them in which their order counts for nothing."""

    rows: int = 0
    _sum: int = field(default=0)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row."""
        content = json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True)
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(content.encode()).digest())) % _DIGESTS

    @property
    def digest(self) -> str:
        """Hexadecimal."""
        return f"{self._sum:064x}"


def chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Every row of a table, CHUNK_ROWS in memory at once; times are of UTC."""
    times = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    found = connection.execute(select(table).execution_options(yield_per=CHUNK_ROWS))
    with found:
        for part in found.mappings().partitions():
            rows = [dict(row) for row in part]
            for row in rows:
                row |= {name: _utc(row[name]) for name in times}
            yield rows


def tally(connection: Connection, table: Table) -> Tally:
    """The whole table, read from end to end."""
    found = Tally()
    for rows in chunks(connection, table):
        for row in rows:
            found.add(row)
    return found


def count(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _in_order(references: Mapping[str, set[str]]) -> list[str]:
    """Every name behind those that it refers to, as far as there is no circle."""
    order: list[str] = []
    left = list(references)
    while left:
        free = [name for name in left if not _waits(references[name], name, left)] or left[:1]
        order += free
        left = [name for name in left if name not in free]
    return order


def _waits(on: Iterable[str], name: str, left: Iterable[str]) -> bool:
    return bool((set(on) - {name}) & set(left))


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _plain(value: Any) -> Any:
    """The same for the same value, whichever database told it."""
    match value:
        case bytes() | bytearray() | memoryview():
            return hashlib.sha256(bytes(value)).hexdigest()
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return value
