"""Where each key of a TOML text stands, which `tomllib` does not tell."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

KeyPath = tuple[str, ...]
"""The names on the way to a value; a place in an array counts as a name, from "0" on."""

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE: Final = re.compile(r"[^,\[\]{}\n#]*")
_STRING: Final = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})'  # its text may end in one or two quotation marks
    r"|'''[\s\S]*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Each key and table of a valid TOML text and the line, from 1, that names it first.

    Of a text that is not valid, only what comes before the fault can be relied on.
    """
    scan = _Scan(text)
    with suppress(RecursionError):
        scan.statements()
    return scan.lines


@dataclass(slots=True)
class _Scan:
    """Goes over the text once, from left to right."""

    text: str
    at: int = 0
    lines: dict[KeyPath, int] = field(default_factory=dict)
    _ends: list[int] = field(default_factory=list)
    _last: dict[KeyPath, int] = field(default_factory=dict)
    """Each array of tables and the number of its last table."""

    def __post_init__(self) -> None:
        self._ends = [place for place, character in enumerate(self.text) if character == "\n"]

    def statements(self) -> None:
        """Headers and pairs until the text ends."""
        table: KeyPath = ()
        while self._next(_SPACE):
            before = self.at
            if self._took("["):
                table = self._header()
            else:
                self._pair(table)
            if self.at == before:
                self.at += 1

    def _header(self) -> KeyPath:
        of_array = self._took("[")
        start, names = self.at, self._names()
        path: KeyPath = ()
        for number, (name, _) in enumerate(names, 1):
            path = (*path, name)
            if of_array and number == len(names):
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                self._note(path, start)
                path = (*path, str(self._last[path]))
            self._note(path, start)
        while self._took("]"):
            pass
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for name, place in self._names():
            path = (*path, name)
            self._note(path, place)
        if self._took("="):
            self._value(path)

    def _names(self) -> list[tuple[str, int]]:
        """The parts of a key, and where each begins."""
        names: list[tuple[str, int]] = []
        while True:
            self._next(_BLANK)
            place = self.at
            quoted = _STRING.match(self.text, place)
            found = quoted or _BARE_KEY.match(self.text, place)
            if found is None:
                return names
            self.at = found.end()
            names.append((_unquoted(found[0]) if quoted else found[0], place))
            self._next(_BLANK)
            if not self._took("."):
                return names

    def _value(self, path: KeyPath) -> None:
        self._next(_SPACE)
        if string := _STRING.match(self.text, self.at):
            self.at = string.end()
        elif self._took("{"):
            self._items("}", path, in_array=False)
        elif self._took("["):
            self._items("]", path, in_array=True)
        else:
            self._next(_BARE_VALUE)

    def _items(self, end: str, path: KeyPath, *, in_array: bool) -> None:
        number = 0
        while self._next(_SPACE) and not self._took(end):
            before = self.at
            if in_array:
                self._value((*path, str(number)))
            else:
                self._pair(path)
            number += 1
            self._next(_SPACE)
            if not self._took(",") and self.at == before:
                return

    def _next(self, pattern: re.Pattern[str]) -> bool:
        """Pass over what the pattern takes; whether anything is left."""
        if found := pattern.match(self.text, self.at):
            self.at = found.end()
        return self.at < len(self.text)

    def _took(self, mark: str) -> bool:
        found = self.text.startswith(mark, self.at)
        self.at += found
        return found

    def _note(self, path: KeyPath, place: int) -> None:
        self.lines.setdefault(path, bisect_right(self._ends, place - 1) + 1)


def _unquoted(name: str) -> str:
    try:
        return str(tomllib.loads(f"name = {name}")["name"])
    except tomllib.TOMLDecodeError:
        return name[1:-1]
