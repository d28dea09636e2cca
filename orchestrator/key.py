"""An endpoint's key: read from the environment when it is sent, and struck out of whatever comes back."""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

STRUCK: Final = "[key]"
"""What stands where a key stood."""


class BadKey(ValueError):
    """The environment holds no key that could be sent; the message names the variable."""


Given = dict[str, re.Pattern[str]]
"""Keys that were sent, each with what finds it."""


class Key:
    """Knows every value that was given out, so that none is repeated. `variable` is `None` where none is sent.

    Keys that share what was `given` strike out each other's values, too.
    """

    def __init__(self, variable: str | None, given: Given | None = None) -> None:
        self._variable = variable
        self._given: Given = {} if given is None else given

    def value(self) -> str | None:
        """The key as the environment holds it now; raises BadKey."""
        if self._variable is None:
            return None
        key = os.environ.get(self._variable, "").strip()
        if key not in self._given:
            if not key:
                raise BadKey(f"needs a key: set the environment variable {self._variable}")
            if not key.isascii() or not key.isprintable():
                raise BadKey(f"needs a key: the environment variable {self._variable} holds characters that no key has")
            self._given[key] = _pattern(key)
        return key

    @property
    def sent(self) -> bool:
        """Whether any key was given out."""
        return bool(self._given)

    def struck(self, text: str) -> str:
        """The text without the key, also where it is escaped for JSON or a URL."""
        for key, pattern in self._given.items():
            text = pattern.sub(STRUCK, text) if "%" in text or "\\" in text else text.replace(key, STRUCK)
        return text

    def sure(self, text: str) -> int:
        """Characters of a growing text, struck already, before what may be the beginning of a key."""
        return min((_sure(text, key) for key in self._given), default=len(text))

    def struck_json(self, value: Any) -> Any:
        """The same for every text inside a JSON value."""
        return self._walked(value) if self._given else value

    def _walked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.struck(value)
        if isinstance(value, Mapping):
            return {self.struck(name): self._walked(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._walked(inner) for inner in value]
        return value


_WIDEST: Final = 8
"""Characters that one character of a key takes in its longest form that is waited for."""
_CUT: Final = re.compile(r"%(?:25)*(?:2|[0-9A-Fa-f])?|\\+(?:u0?0?[0-9A-Fa-f]?)?")
"""An encoded character whose end is missing."""


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile("".join(_form(character) for character in key))


@cache
def _form(character: str) -> str:
    """A character as it is, percent-encoded, or escaped for JSON once or within another text."""
    code = f"{ord(character):02x}"
    digits = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in code)
    plain = re.escape(character)
    return rf"(?:{plain}|%(?:25)*{digits}|\\\\*(?:u00{digits}|{plain}))"


def _sure(text: str, key: str) -> int:
    for start in range(max(0, len(text) - _WIDEST * len(key)), len(text)):
        if text[start] in (key[0], "%", "\\") and _may_go_on(text, start, key):
            return start
    return len(text)


def _may_go_on(text: str, start: int, key: str) -> bool:
    """Whether all that follows may be the beginning of the key. An encoded character can be read in several ways."""
    places = {start}
    for character in key:
        if any(place == len(text) or _CUT.fullmatch(text, place) for place in places):
            return True
        places = {end for place in places for end in _ends(text, place, character)}
    return False


def _ends(text: str, start: int, character: str) -> Iterator[int]:
    """Where the character ends in each of its forms."""
    code = f"{ord(character):02x}"
    if text.startswith(character, start):
        yield start + 1
    place = start + 1
    while text.startswith("%", start):
        if text[place : place + 2].lower() == code:
            yield place + 2
        if not text.startswith("25", place):
            break
        place += 2
    place = start
    while text.startswith("\\", place):
        place += 1
        if text.startswith("u00", place) and text[place + 3 : place + 5].lower() == code:
            yield place + 5
        if text.startswith(character, place):
            yield place + 1
