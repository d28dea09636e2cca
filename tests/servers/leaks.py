"""Looks for a secret in whatever something kept or said, in any form in which it can be read again."""

import html
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

BLOCK = 6
"""Characters. Twelve of the secret in a row, wherever they begin, hold one of its blocks of six."""
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
_ESCAPE = re.compile(r"\\+(?:u00([0-9a-fA-F]{2})|([/\"\\']))")


def blocks(secret: str) -> list[str]:
    """The secret cut up, its familiar beginning aside."""
    return [secret[start : start + BLOCK] for start in range(len("sk-"), len(secret) - BLOCK + 1, BLOCK)]


def leaked(said: str | bytes, *secrets: str) -> str | None:
    """Where one of the secrets, or a block of it, stands in a text; `None` where none does."""
    text = said if isinstance(said, str) else said.decode("utf-8", "replace")
    parts = [part for secret in secrets for part in blocks(secret)]
    for form in _forms(text):
        for part in parts:
            if (place := form.find(part)) >= 0:
                return form[max(0, place - 120) : place + 80]
    return None


def _forms(text: str) -> Iterator[str]:
    """The text as it is, and as it reads without escapes."""
    yield text
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
        yield text
    if "%" in text:
        text = _PERCENT.sub(lambda found: chr(int(found[1], 16)), text)
        yield text
    if "&" in text:
        yield html.unescape(text)


def texts_of_database(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """Every value of an SQLite file with its column, unpacked where it was packed; and the bytes of all files there."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            rows = database.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    yield from ((f"{name}.{column}", said) for said in _said(value))
    for file in sorted(path.parent.rglob("*")):
        if file.is_file():
            yield file.name, file.read_bytes()


def _said(value: object) -> Iterator[str | bytes]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value
        try:
            yield zlib.decompress(value)
        except zlib.error:
            return
