"""A table of a pool file: typed values, and errors that point at the line of the key."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from orchestrator.toml_lines import KeyPath

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_Choice = TypeVar("_Choice", bound=StrEnum)


class BadPoolFile(ValueError):
    """A pool file cannot be used; the message names file, line, table and key and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that is being read."""

    name: str
    """As errors call it: its path."""
    lines: Mapping[KeyPath, int]
    """Where each key stands."""

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return Path(self.name).parent

    @property
    def said(self) -> str:
        """The source of a price that names none."""
        return f"pool file {Path(self.name).name}"


@dataclass(frozen=True, slots=True)
class PoolTable:
    """One table and its place in the file. Whatever is read from it is checked; a missing value is `None`."""

    source: Source
    path: KeyPath
    values: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def bad(self, message: str, key: str | None = None) -> BadPoolFile:
        """An error at the line of the key, or of the table where there is no such key."""
        lines = self.source.lines
        line = lines.get((*self.path, key)) if key is not None else None
        line = line or lines.get(self.path)
        table = ".".join(self.path)
        place = f"{f', line {line}' if line else ''}{f', [{table}]' if table else ''}"
        return BadPoolFile(f"{self.source.name}{place}: {message}")

    def know(self, allowed: Iterable[str], advice: Mapping[str, str] | None = None) -> None:
        """Refuse any key that is not allowed; `advice` is said of keys that belong elsewhere."""
        allowed = tuple(allowed)
        for key in self.values:
            if key not in allowed:
                said = (advice or {}).get(key)
                guess = f"; {said}" if said else guessed(key, allowed)
                raise self.bad(f"there is no key {key!r} here{guess}; allowed are {', '.join(allowed)}", key)

    def table(self, key: str) -> "PoolTable | None":
        """The table under a key."""
        values = self.values.get(key)
        if values is None:
            return None
        if not isinstance(values, dict):
            raise self.bad(f"{key!r} must be a table: write [{'.'.join((*self.path, key))}]", key)
        return PoolTable(self.source, (*self.path, key), values)

    def tables(self, kind: str) -> Iterator[tuple[str, "PoolTable"]]:
        """The tables of a kind, such as those named `[alias.NAME]`, by their names."""
        if (group := self.table(kind)) is None:
            return
        for name in group.values:
            table = group.table(name)
            assert table is not None  # noqa: S101 - TOML has no null
            yield name, table

    def text(self, key: str) -> str | None:
        """A text on one line."""
        value = self.paragraphs(key)
        return None if value is None else " ".join(value.split())

    def needed_text(self, key: str) -> str:
        """A text on one line that must be there."""
        value = self.text(key)
        if value is None:
            raise self.bad(f"{key!r} is missing: a text")
        return value

    def paragraphs(self, key: str) -> str | None:
        """A text of any number of lines."""
        value = self.values.get(key)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self.bad(f"{key!r} must be a text, not {value!r}", key)
        return None if value is None else value.strip()

    def flag(self, key: str) -> bool | None:
        """`true` or `false`."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.bad(f"{key!r} must be true or false, not {value!r}", key)
        return value

    def number(self, key: str, least: Decimal | str | int, most: Decimal | str | int) -> Decimal | None:
        """A number in that range, both ends included."""
        value = self.values.get(key)
        if value is None:
            return None
        number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
        if number is None or not number.is_finite() or not Decimal(least) <= number <= Decimal(most):
            raise self.bad(f"{key!r} must be a number from {least} to {most}, not {value!s:.60}", key)
        return number

    def seconds(self, key: str, most: int = 86_400) -> float | None:
        """A while of more than nothing."""
        value = self.number(key, "0.001", most)
        return None if value is None else float(value)

    def whole(self, key: str, least: int, most: int) -> int | None:
        """A whole number in that range, both ends included."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most):
            raise self.bad(f"{key!r} must be a whole number from {least} to {most}, not {value!s:.60}", key)
        return value

    def day(self, key: str) -> date | None:
        """A day without a time."""
        value = self.values.get(key)
        if value is not None and type(value) is not date:
            raise self.bad(f"{key!r} must be a day such as {key} = 2026-01-31, not {value!s:.60}", key)
        return value

    def choice(self, key: str, kind: type[_Choice]) -> _Choice | None:
        """One of an enumeration's values."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or value not in list(kind):
            known = [str(each) for each in kind]
            raise self.bad(f"{key!r} has no {value!r}{guessed(value, known)}; allowed are {', '.join(known)}", key)
        return kind(value)

    def variable(self, key: str) -> str | None:
        """The name of an environment variable. A key written here by mistake is not repeated in the error."""
        value = self.values.get(key)
        if value is not None and not (isinstance(value, str) and _VARIABLE.match(value)):
            raise self.bad(f"{key!r} must be the name of an environment variable, not a key itself", key)
        return value


def guessed(word: object, known: Iterable[str]) -> str:
    """What was probably meant, in brackets; empty where nothing comes near."""
    close = difflib.get_close_matches(str(word).lower(), list(known), 1, 0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
