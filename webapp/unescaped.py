"""A text as whoever reads its escapes sees it: JSON's and Python's, percent signs of addresses, entities of HTML.

What is found in that view is told as a place in the text itself.
"""

import html
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, Self

_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_ESCAPE: Final = re.compile(
    r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})|\\+([nrtbf\"'/])|%([0-7][0-9a-fA-F])|(&#?\w{1,8};)|([" + _UNSEEN + "])"
)
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_SIGNS: Final = ("\\", "%", "&", *_UNSEEN)


@dataclass(frozen=True, slots=True)
class Unescaped:
    """The view, and where its parts come from."""

    text: str
    _begins: list[int] = field(default_factory=list[int])
    """Of each part, in the view."""
    _parts: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])
    """Of each part: begin and end in the text itself, and whether it is one escape."""

    @classmethod
    def of(cls, text: str) -> Self | None:
        """The view of a text; `None` where it is the text itself."""
        if not any(sign in text for sign in _SIGNS):
            return None
        said: list[str] = []
        begins: list[int] = []
        parts: list[tuple[int, int, bool]] = []
        at = length = 0

        def add(part: str, begin: int, end: int, escape: bool) -> None:
            nonlocal length
            if part:
                begins.append(length)
                parts.append((begin, end, escape))
                said.append(part)
                length += len(part)

        for found in _ESCAPE.finditer(text):
            add(text[at : found.start()], at, found.start(), False)
            add(_character(found), found.start(), found.end(), True)
            at = found.end()
        if not parts and at == 0:
            return None
        add(text[at:], at, len(text), False)
        return cls("".join(said), begins, parts)

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Where a piece of the view, of one character at least, stands in the text itself."""
        return self._place(begin)[0], self._place(end - 1)[1]

    def _place(self, character: int) -> tuple[int, int]:
        number = bisect_right(self._begins, character) - 1
        begin, end, escape = self._parts[number]
        if escape:
            return begin, end
        own = begin + character - self._begins[number]
        return own, own + 1


def _character(found: re.Match[str]) -> str:
    four, two, letter, percent, entity, _ = found.groups()
    if four or two or percent:
        return chr(int(four or two or percent, 16))
    if letter:
        return _LETTERS.get(letter, letter)
    return html.unescape(entity) if entity else ""
