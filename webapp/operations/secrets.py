"""Secrets that this process was given, struck out of what it writes to standard error: logs, errors and crash reports.

A traceback ends with the message of an exception, and a library may put an address with its password into that.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from orchestrator.key import STRUCK

SHORTEST: Final = 8
"""Characters of a value below which it may be a word of any sentence."""
_NAMES: Final = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
"""What names of environment variables with secrets have in them."""
_PASSWORD: Final = re.compile(r"(?<=://)([^\s/@:'\"]*):[^\s/'\"]+(?=@)")
_IN_QUERY: Final = re.compile(r"(?<=[?&])((?:ssl)?password)=[^\s&'\"]+", re.IGNORECASE)
"""In an address: `scheme://user:password@host`. A wrongly written one may have an @ in its password."""


_MOST_BYTES: Final = 65_536
"""Of a file with a secret."""


class Secrets:
    """Finds them in a text."""

    def __init__(self, values: frozenset[str]) -> None:
        longest_first = sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Those of variables whose names say so, such as OPENAI_API_KEY, and in files that such ones name."""
        named = {name: value.strip() for name, value in environment.items() if _NAMES.search(name)}
        return cls(
            frozenset(_read(value) if name.upper().endswith("_FILE") else value for name, value in named.items())
        )

    def struck(self, text: str) -> str:
        """The text without them, and without the password of any address in it."""
        if self._found is not None:
            text = self._found.sub(STRUCK, text)
        if "://" not in text:
            return text
        return _IN_QUERY.sub(rf"\1={STRUCK}", _PASSWORD.sub(rf"\1:{STRUCK}", text) if "@" in text else text)


def _read(name: str) -> str:
    """What a file holds; empty where it cannot be read."""
    file = Path(name)
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as there:
            return there.read(_MOST_BYTES).decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""
