"""Cutting text into sentences without being misled by abbreviations, initials and version numbers."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.documents.words import STOP_WORDS

_END = re.compile(r"[.!?]+[\"')\]”’]*(?=\s+[\"'(\[“‘]?[A-Z0-9`])")
_ABBREVIATIONS: Final = frozenset(
    (
        "e.g",
        "i.e",
        "etc",
        "cf",
        "vs",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "st",
        "no",
        "fig",
        "sec",
        "eq",
        "approx",
        "al",
        "ed",
        "eds",
        "inc",
        "corp",
        "ltd",
        "jr",
        "plc",
    )
)
_LAST_WORD = re.compile(r"[\w.]+$")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text. Paragraphs and the lines of tables and code end sentences, too."""
    for block in text.split("\n"):
        yield from _of_line(block.strip())


def _of_line(line: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(line):
        word = _LAST_WORD.search(line, start, match.start())
        last = word[0].lower() if word else ""
        if line[match.start()] == "." and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha())):
            continue
        yield line[start : match.end()].strip()
        start = match.end()
    if line[start:].strip():
        yield line[start:].strip()


def is_prose(sentence: str, tokens: Sequence[str]) -> bool:
    """Whether it reads as a sentence, not as code, a table row or a heading."""
    if len(tokens) < 4 or sentence.startswith((">>>", "...", "#", "|", "$")):
        return False
    if sum(token in STOP_WORDS for token in tokens) < 1 + (len(tokens) > 12):
        return False
    letters = sum(c.isalpha() or c.isspace() for c in sentence)
    if letters < 0.72 * len(sentence) and not sentence.endswith("."):
        return False
    return sentence.rstrip("\"'”’)]")[-1:] in (".", "!", "?", ":", ";") or len(tokens) >= 8
