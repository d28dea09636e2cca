"""Reading foreign JSON: values of the right kind, or an error that says where."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from orchestrator.bounded_json import bounded

Read = TypeVar("Read")


class BadRow(ValueError):
    """A row that cannot be read; the message says which line or field, and why."""


def read_lines(lines: Iterable[str], read: Callable[[Mapping[str, Any]], Read]) -> Iterator[Read]:
    """What `read` makes of each line of JSON; empty lines are passed over. Raises BadRow with the line's number."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield read(json_object(line))
        except BadRow as error:
            raise BadRow(f"line {number}: {error}") from error


def json_object(text: str) -> Mapping[str, Any]:
    """The JSON object of a text; raises BadRow with line and column."""
    try:
        found = bounded(text)
    except json.JSONDecodeError as error:
        raise BadRow(f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BadRow(f"not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRow(f"a JSON object is wanted, not {type(found).__name__}")
    return found


def field(row: Mapping[str, Any], name: str, read: Callable[[Any], Read]) -> Read:
    """What `read` makes of a field; raises BadRow where it is missing or of another kind."""
    if name not in row:
        raise BadRow(f"`{name}` is missing")
    try:
        return read(row[name])
    except (ValueError, TypeError, KeyError) as error:
        raise BadRow(f"`{name}` cannot be read: {error}") from error


def optional(row: Mapping[str, Any], name: str, read: Callable[[Any], Read]) -> Read | None:
    """The same, and `None` where the field is missing or null."""
    return None if row.get(name) is None else field(row, name, read)


def text(value: Any) -> str:
    """The text; raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"a text is wanted, not {value!r:.80}")
    return value


def sequence(value: Any) -> list[Any]:
    """The list; raises TypeError."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"a list is wanted, not {value!r:.80}")
    return list(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """The object; raises TypeError."""
    if not isinstance(value, Mapping):
        raise TypeError(f"an object is wanted, not {value!r:.80}")
    return value
