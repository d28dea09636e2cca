"""JSON of strangers: read only where its values would not fill the memory, however few bytes they are written in."""

import json
import re
from typing import Any, Final

MOST_PARTS: Final = 500_000
"""Commas, colons and opening brackets outside of strings; a record of fifty turns has some thousands."""
_ALWAYS: Final = 100_000
"""Characters of a text that cannot have too many."""
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_STRING_BYTES: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def bounded(written: str | bytes, most_parts: int = MOST_PARTS) -> Any:
    """The value. Raises ValueError where there is no JSON or too much of it, and RecursionError where it is too deep.

    A list of empty lists takes thirty times as much memory as its text, and a thousand times as much where each is
    complained about.
    """
    if len(written) > _ALWAYS and (found := parts(written)) > most_parts:
        raise ValueError(f"it has {found:,} values and names; {most_parts:,} are the most of one record")
    return json.loads(written)


def parts(written: str | bytes) -> int:
    """How many commas, colons and opening brackets stand outside of strings."""
    if isinstance(written, str):
        bare = _STRING.sub("", written)
        return sum(bare.count(sign) for sign in ",:[{")
    plain = _STRING_BYTES.sub(b"", written)
    return sum(plain.count(sign) for sign in (b",", b":", b"[", b"{"))
