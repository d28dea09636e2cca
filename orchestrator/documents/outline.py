"""The outline of a plain text: which of its paragraphs are headings or terms, and what stands below them."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from orchestrator.documents.passage import Section

_NUMBERED = re.compile(
    r"(?:(?:\d{1,2}|[A-Z])(?:\.\d{1,3})*\.?|(?:Appendix|Chapter|Section) [A-Z\d]{1,3}[.:]?)\s{1,4}[^\W\d_]"
)
_NUMBERED_BELOW = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,3}){1,5}\.?\s{1,4}[^\W\d_]")
_UNDERLINE = re.compile(r"^([=\-~^*#])\1{2,}$")
_TERM = re.compile(r"[^\W_].{0,58}[\w):\"]$")
_COLUMNS = re.compile(r" {2,}([A-Z][\w /().-]{1,38}?:?) {3,}([A-Z0-9].{12,})$")
_WIDE = re.compile(r"\S {3,}\S")
_SIGN = re.compile(r"[^\w\s.,;:'\"()-]|_")
_GAP = re.compile(r"(?<=\S) +(?=\S)")
_HYPHENATED = re.compile(r"(?<=\w)-\n\s+(?=[a-z])")
FURNITURE: Final = re.compile(
    r"(table of contents|contents|status of this memo|copyright notice|full copyright statement|"
    r"intellectual property( statement)?|disclaimer of validity)$",
    re.IGNORECASE,
)
"""Headings of what is the same in every document of a series."""
HEADING_CHARACTERS: Final = 100
_RUNNING: Final = 4
"""An unnumbered heading that stands so often above the text is the header of a page."""
_TERM_INDENT: Final = 12


def outlined(blocks: Sequence[list[str]]) -> Iterator[Section]:
    """The sections of a text, given as paragraphs of lines; a term with its indented description is one, too."""
    indented = _mostly_indented(blocks)
    often = Counter(lines[0].strip() for lines in blocks if len(lines) == 1 and not _NUMBERED.match(lines[0].strip()))
    repeated = {text for text, times in often.items() if times >= _RUNNING}
    kept = [lines for lines in blocks if lines[0] not in repeated]
    section = above = Section()
    term_indent: int | None = None
    for number, lines in enumerate(kept):
        if term_indent is not None and _indent(lines) <= term_indent:
            yield section
            section, term_indent = Section(above.heading, resumed=True), None
        heading = _heading(lines, indented)
        entry = _entry(lines, kept[number + 1 : number + 2], repeated) if heading is None else None
        if heading is not None or (rest := _below_underline(lines)):
            yield section
            section = above = Section(heading or lines[0].strip(), blocks=[] if heading else [joined(rest)])
            term_indent = None
        elif entry is not None:
            yield section
            term, text = entry
            section, term_indent = Section(term, blocks=[text], under=above.heading), _indent(lines)
        else:
            section.blocks.append(joined(lines))
    yield section


def _entry(lines: Sequence[str], following: Sequence[list[str]], repeated: Collection[str]) -> tuple[str, str] | None:
    """The term that a paragraph introduces in a list, and its first block; None where it is ordinary text."""
    term = _term(lines, following)
    if term is not None:
        return None if lines[0].strip() in repeated else (term, term)
    hanging = _hanging(lines)
    return (hanging[0], f"{hanging[0]}: {hanging[1]}") if hanging is not None else None


def _mostly_indented(blocks: Sequence[list[str]]) -> bool:
    indented = sum(lines[0].startswith("  ") for lines in blocks)
    return indented > len(blocks) / 2


def _indent(lines: Sequence[str]) -> int:
    return len(lines[0]) - len(lines[0].lstrip())


def _below_underline(lines: Sequence[str]) -> list[str]:
    """The rest of a paragraph that begins with an underlined heading; empty where it does not."""
    under = len(lines) > 2 and _UNDERLINE.match(lines[1]) and not lines[0].startswith(" ")
    return list(lines[2:]) if under else []


def _term(lines: Sequence[str], following: Sequence[list[str]]) -> str | None:
    """The term that a short line is when an indented description in prose follows, else None."""
    text = lines[0].strip()
    if len(lines) > 1 or not following or not _TERM.match(text) or _WIDE.search(text):
        return None
    below = following[0]
    if not 2 <= _indent(below) - _indent(lines) <= _TERM_INDENT or not (text[0].isupper() or text[0].isdigit()):
        return None
    begin = below[0].strip()
    if len(text.split()) > 7 or text.lower().startswith(("the following", "for example", "note")):
        return None
    prose = begin[0].isupper() and sum(w.isalpha() for w in begin.split()) >= (1 if text.isupper() else 4)
    return " ".join(text.rstrip(":").split()) if prose and any(c.isalpha() for c in text) else None


def _hanging(lines: Sequence[str]) -> tuple[str, str] | None:
    """The term and the description of a paragraph whose description stands in a column of its own, else None."""
    match = _COLUMNS.match(lines[0])
    if match is None or (len(lines) == 1 and not lines[0].endswith(".")):
        return None
    if any(abs(len(line) - len(line.lstrip()) - match.start(2)) > 1 for line in lines[1:]):
        return None
    return match[1].rstrip(":"), joined([match[2], *(line.strip() for line in lines[1:])])


def _heading(lines: Sequence[str], indented: bool) -> str | None:
    """The heading that a paragraph is, or None."""
    first = lines[0]
    text = first.strip()
    if len(lines) == 2 and _UNDERLINE.match(lines[1].strip()):
        return text
    if len(lines) > 1 or not 2 <= len(text) <= HEADING_CHARACTERS or ".." in text or "[Page" in text:
        return None
    if first.startswith(" "):
        return text if _NUMBERED_BELOW.match(text) and text[-1] not in ".,;" else None
    if text[-1] in ".,;:" and not _NUMBERED.match(text):
        return None
    looks = indented or _NUMBERED.match(text) or FURNITURE.match(text) or (text.isupper() and len(text) > 3)
    return text if looks and any(c.isalpha() for c in text) else None


def title_of(lines: list[str], others: Sequence[list[str]]) -> str | None:
    """The heading that the first paragraph of a text is, or None."""
    return _heading(lines, _mostly_indented([lines, *others]))


def joined(lines: Sequence[str]) -> str:
    """Prose as one line; a table, a figure or code as it stands."""
    text = "\n".join(lines)
    wide = sum(1 for line in lines if _WIDE.search(line.strip()))
    signs = len(_SIGN.findall(text))
    drawn = wide * 3 > len(lines) and not _justified(lines)
    if len(lines) > 1 and (drawn or signs * 6 > len(text)):
        return text
    return " ".join(_HYPHENATED.sub("-", text).split())


def _justified(lines: Sequence[str]) -> bool:
    """Whether spaces between words were widened all over, so that all lines are of one length."""
    gaps = [len(gap) for line in lines for gap in _GAP.findall(line.strip())]
    return len(gaps) > 6 * len(lines) and max(gaps) <= 4
