"""Cutting what was read into passages: sections by their headings, long sections into pieces of about a paragraph."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from orchestrator.trajectory import Document

AIM_CHARACTERS: Final = 1000
"""A passage is closed once it has this many characters."""
MOST_CHARACTERS: Final = 1200
"""A single block longer than this is cut, at the end of a sentence where there is one."""
CONTINUED: Final = " (continued)"
"""Ends the title of a passage that is not the first of its section."""
_TITLE_CHARACTERS: Final = 160
_NEWS = re.compile(r"what['’]s new|change ?log|release notes", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[.!?;])\s+|\n")


@dataclass(slots=True)
class Section:
    """A heading and the blocks (paragraphs, code, table rows) below it, up to the next heading."""

    heading: str = ""
    anchor: str | None = None
    """Where a browser jumps to, without `#`."""
    blocks: list[str] = field(default_factory=list)
    under: str = ""
    """The heading above it, where it is a term in a list."""
    resumed: bool = False
    """Whether the section goes on after something that stood in between."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds: a title and its sections in order."""

    title: str
    sections: tuple[Section, ...]


class Unreadable(Exception):
    """The file cannot be read as what it claims to be; the message says why."""


def passages(reading: Reading, source: str) -> Iterator[Document]:
    """Its passages, each titled `document > section` and with `source#anchor` where there is an anchor."""
    number = 0
    for section in reading.sections:
        title = _title(reading.title, section.under, section.heading)
        place = f"{source}#{section.anchor}" if section.anchor else source
        for part, text in enumerate(packed(section.blocks)):
            yield Document(f"{source}:{number}", title + CONTINUED if part or section.resumed else title, text, place)
            number += 1


def continues(document: Document) -> bool:
    """Whether it is not the first passage of its section."""
    return document.title.endswith(CONTINUED)


def is_news(document: Document) -> bool:
    """Whether it tells what changed in a release, which mentions many things and explains few."""
    return _NEWS.match(document.title) is not None


def packed(blocks: Iterable[str]) -> Iterator[str]:
    """Blocks put together into texts of about AIM_CHARACTERS, never more than MOST_CHARACTERS."""
    held: list[str] = []
    length = 0
    for block in (piece for whole in blocks for piece in _pieces(whole.strip())):
        if held and length + len(block) > MOST_CHARACTERS:
            yield "\n\n".join(held)
            held, length = [], 0
        held.append(block)
        length += len(block) + 2
        if length >= AIM_CHARACTERS:
            yield "\n\n".join(held)
            held, length = [], 0
    if held:
        yield "\n\n".join(held)


def _pieces(block: str) -> Iterator[str]:
    while len(block) > MOST_CHARACTERS:
        ends = [match.end() for match in _ENDS.finditer(block, AIM_CHARACTERS // 2, MOST_CHARACTERS)]
        cut = ends[-1] if ends else block.rfind(" ", AIM_CHARACTERS // 2, MOST_CHARACTERS) + 1 or MOST_CHARACTERS
        yield block[:cut].rstrip()
        block = block[cut:].lstrip()
    if block:
        yield block


def _title(*levels: str) -> str:
    """`document > section > term`, without those that are empty or repeat the one before."""
    kept: list[str] = []
    for level in (" ".join(level.split()) for level in levels):
        if level and level not in kept[-1:]:
            kept.append(level)
    return " > ".join(map(_short, kept))


def _short(text: str) -> str:
    return text if len(text) <= _TITLE_CHARACTERS else text[: _TITLE_CHARACTERS - 1].rstrip() + "…"
