"""Plain text and RFCs: pages undone, paragraphs found, the front of an RFC understood."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.documents.outline import FURNITURE, HEADING_CHARACTERS, outlined, title_of
from orchestrator.documents.passage import Reading, Section

_PAGE_END = re.compile(
    r"\n+[^\n]*\[Page [\divxlc]+\][^\n]*\n*(?:\f\n*(?:[^\n]+\n){1,4}(?=\n)|RFC ?\d+[^\n]*\n)?\n*", re.IGNORECASE
)
_RFC_NUMBER = re.compile(r"(?:Request for Comments?|RFC)\s*:\s*#?\s*(\d{1,5})\b", re.IGNORECASE)
_RFC_FILE = re.compile(r"rfc(\d{1,5})\b", re.IGNORECASE)
_LEADER = re.compile(r"(?:\.{5}|(?:\. ){5}).*\d+\s*$")
_RULED = re.compile(r"\s*[-=~_]{3,}\s*$")
_FRONT: Final = "Authors and date"


def read_text(text: str, name: str) -> Reading:
    """The sections of a plain text; `name` is its title where it does not begin with one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = [lines for lines in _paragraphs(_without_pages(text)) if lines]
    number = _rfc_number(text[:3000], name)
    if number is not None:
        return _rfc(blocks, number)
    title = title_of(blocks[0], blocks[1:]) if blocks else None
    return Reading(title or name, tuple(outlined(blocks)))


def _rfc_number(head: str, name: str) -> str | None:
    stated = _RFC_NUMBER.search(head)
    if stated is not None:
        return stated[1]
    named = _RFC_FILE.match(name)
    return named[1] if named is not None and re.search(rf"\bRFC\W{{0,2}}{named[1]}\b", head) else None


def _rfc(blocks: Sequence[list[str]], number: str) -> Reading:
    """An RFC: its title is the paragraph below the one with its number, which tells the authors and the date."""
    telling = re.compile(rf"(?:Request for Comments?|RFC)[\s:#-]*{number}\b", re.IGNORECASE)
    begin = next((n for n, lines in enumerate(blocks[:8]) if telling.search("\n".join(lines))), -1) + 1
    named = [line for line in blocks[begin] if not _RULED.match(line)] if begin < len(blocks) else []
    title = " ".join(" ".join(named).split())
    if FURNITURE.match(title) or len(title) > 2 * HEADING_CHARACTERS:
        title = ""
    front = Section(_FRONT, blocks=[" ".join(" ".join(lines).split()) for lines in blocks[:begin]])
    sections = (front, *outlined(blocks[begin + bool(title) :]))
    kept = tuple(s for s in sections if not FURNITURE.match(s.heading.strip("0123456789. ")))
    return Reading(f"RFC {number}: {title}" if title else f"RFC {number}", kept)


def _without_pages(text: str) -> str:
    """Page footers, form feeds and running headers go; a paragraph that a page cut in two is whole again."""
    parts: list[str] = []
    position = 0
    for match in _PAGE_END.finditer(text):
        before, after = text[position : match.start()].rstrip(), text[match.end() : match.end() + 200]
        going_on = before[-1:] not in ".:;!?" and after.lstrip()[:1].islower()
        parts += [before, "\n" if going_on else "\n\n"]
        position = match.end()
    return "".join([*parts, text[position:]]).replace("\f", "\n")


def _paragraphs(text: str) -> Iterator[list[str]]:
    for paragraph in re.split(r"\n[ \t]*\n", text.expandtabs()):
        yield [line.rstrip() for line in paragraph.split("\n") if line.strip() and not _LEADER.search(line)]
