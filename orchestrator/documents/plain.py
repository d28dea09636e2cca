"""Plain text and RFCs: pages undone, headings recognised, lines joined to paragraphs."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.documents.passage import Reading, Section

_PAGE_END = re.compile(r"\n+[^\n]*\[Page [\divxlc]+\][^\n]*\n*(?:\f\n*(?:[^\n]+\n){1,4}(?=\n)|RFC ?\d+[^\n]*\n)?\n*")
_NUMBERED = re.compile(
    r"(?:(?:\d{1,2}|[A-Z])(?:\.\d{1,3})*\.?|(?:Appendix|Chapter|Section) [A-Z\d]{1,3}[.:]?)\s{1,4}[^\W\d_]"
)
_UNDERLINE = re.compile(r"^([=\-~^*#])\1{2,}$")
_RFC_NUMBER = re.compile(r"(?:Request for Comments?|RFC)\s*:\s*#?\s*(\d{1,5})\b", re.IGNORECASE)
_HYPHENATED = re.compile(r"(?<=\w)-\n\s+(?=[a-z])")
_LEADER = re.compile(r"(?:\.{5}|(?:\. ){5}).*\d+\s*$")
_WIDE = re.compile(r"\S {3,}\S")
_FURNITURE: Final = re.compile(
    r"(table of contents|contents|status of this memo|copyright notice|full copyright statement|"
    r"intellectual property( statement)?|disclaimer of validity)$",
    re.IGNORECASE,
)
_HEADING_CHARACTERS: Final = 100


def read_text(text: str, name: str) -> Reading:
    """The sections of a plain text; `name` is its title where it does not begin with one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text[:3000]
    number = _RFC_NUMBER.search(head)
    blocks = [lines for lines in _paragraphs(_without_pages(text)) if lines]
    indented = _mostly_indented(blocks)
    if number is not None:
        return _rfc(blocks, number[1], indented)
    title = _heading(blocks[0], indented) if blocks else None
    return Reading(title or name, tuple(_sections(blocks, indented)))


def _rfc(blocks: Sequence[list[str]], number: str, indented: bool) -> Reading:
    """An RFC: its title is the paragraph below the one with its number."""
    begin = next((n for n, lines in enumerate(blocks[:8]) if _RFC_NUMBER.search("\n".join(lines))), -1) + 1
    title = " ".join(" ".join(blocks[begin]).split()) if begin < len(blocks) else ""
    if _FURNITURE.match(title) or len(title) > 2 * _HEADING_CHARACTERS:
        title = ""
    sections = _sections(blocks[begin + bool(title) :], indented)
    kept = tuple(s for s in sections if not _FURNITURE.match(s.heading.strip("0123456789. ")))
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


def _mostly_indented(blocks: Sequence[list[str]]) -> bool:
    indented = sum(lines[0].startswith("  ") for lines in blocks)
    return indented > len(blocks) / 2


def _sections(blocks: Sequence[list[str]], indented: bool) -> Iterator[Section]:
    section = Section()
    for lines in blocks:
        heading = _heading(lines, indented)
        if heading is not None:
            if section.blocks or section.heading:
                yield section
            section = Section(heading)
            continue
        if len(lines) > 1 and _UNDERLINE.match(lines[1]) and not lines[0].startswith(" "):
            yield section
            section = Section(lines[0].strip())
            lines = lines[2:]  # noqa: PLW2901 - the rest of the paragraph, below its underlined heading
        if lines:
            section.blocks.append(joined(lines))
    yield section


def _heading(lines: Sequence[str], indented: bool) -> str | None:
    """The heading that a paragraph is, or None."""
    first = lines[0]
    text = first.strip()
    if len(lines) == 2 and _UNDERLINE.match(lines[1].strip()):
        return text
    if (
        len(lines) > 1
        or first.startswith(" ")
        or not 2 <= len(text) <= _HEADING_CHARACTERS
        or ".." in text
        or "[Page" in text
    ):
        return None
    if text[-1] in ".,;:" and not _NUMBERED.match(text):
        return None
    looks = indented or _NUMBERED.match(text) or _FURNITURE.match(text) or (text.isupper() and len(text) > 3)
    return text if looks and any(c.isalpha() for c in text) else None


def joined(lines: Sequence[str]) -> str:
    """Prose as one line; a table, a figure or code as it stands."""
    wide = sum(1 for line in lines if _WIDE.search(line.strip()))
    text = "\n".join(lines)
    signs = sum(not (c.isalnum() or c.isspace() or c in ".,;:'\"()-") for c in text)
    if len(lines) > 1 and (wide * 3 > len(lines) or signs * 6 > len(text)):
        return text
    return " ".join(_HYPHENATED.sub("-", text).split())
