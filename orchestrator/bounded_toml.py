"""TOML of strangers: refused where reading it would take minutes."""

import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

LONGEST: Final = 1_000_000
"""Characters of a text that is read."""
_DOTTED: Final = re.compile(r"(?<![\w\"'.-])(?:[\w\"'-]+[ \t]*\.[ \t]*){32}")
"""A key of many parts takes the parser a time that grows with their square."""


def bounded_toml(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables. Raises ValueError where it is no TOML or too much of it, and RecursionError where it is too deep."""
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text):,} characters; {LONGEST:,} are the most")
    if _DOTTED.search(text):
        raise ValueError("a key in it has too many dots")
    return tomllib.loads(text, parse_float=parse_float)
