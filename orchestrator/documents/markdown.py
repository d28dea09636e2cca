"""Markdown: headings with the anchors that renderers give them, code kept, links reduced to their words."""

import re
from collections.abc import Iterator

from orchestrator.documents.passage import Reading, Section

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})\s*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\](?:\([^)\s]*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^>\n]*>", re.DOTALL)
_EMPHASIS = re.compile(r"(\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w))")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


def read_markdown(text: str, name: str) -> Reading:
    """The sections of a Markdown text; `name` is its title where it has none."""
    text = text.replace("\r\n", "\n").lstrip("\ufeff")
    front = _FRONT_MATTER.match(text)
    stated = _FRONT_TITLE.search(front[1]) if front else None
    sections = tuple(_sections(text[front.end() :] if front else text))
    first = next((s.heading for s in sections if s.heading), None)
    return Reading(stated[1] if stated else first or name, sections)


def _sections(text: str) -> Iterator[Section]:
    section = Section()
    held: list[str] = []
    fence: str | None = None
    for line in text.split("\n"):
        if fence is not None:
            fence = None if line.strip().startswith(fence) else fence
            held.append(line)
            continue
        opening = _FENCE.match(line)
        heading = _heading_of(line, held)
        if opening:
            fence = opening[1]
            held.append(line)
        elif heading is not None:
            _keep(section, held)
            yield section
            section, held = Section(_plain(heading), anchor_of(heading)), []
        elif not line.strip():
            _keep(section, held)
            held = []
        else:
            held.append(line)
    _keep(section, held)
    yield section


def _heading_of(line: str, held: list[str]) -> str | None:
    """The heading that ends at this line; an underlined one is taken out of the lines held."""
    marked = _HEADING.match(line)
    if marked:
        return marked[2]
    if len(held) == 1 and _UNDERLINE.match(line) and not _ITEM.match(held[0]) and "|" not in held[0]:
        return held.pop().strip()
    return None


def _keep(section: Section, lines: list[str]) -> None:
    if not lines:
        return
    if _FENCE.match(lines[0]):
        section.blocks.append("\n".join(line for line in lines if not _FENCE.match(line)))
        return
    text = ""
    for line in lines:
        apart = _ITEM.match(line) or line.lstrip().startswith("|")
        text += ("\n" if apart else " ") + line.strip() if text else line.strip()
    text = _plain(text)
    if text:
        section.blocks.append(text)


def _plain(text: str) -> str:
    text = _TAG.sub("", _LINK.sub(r"\1", _IMAGE.sub(r"\1", text)))
    return _EMPHASIS.sub("", text).replace("`", "").strip()


def anchor_of(heading: str) -> str | None:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", _plain(heading).lower())
    return kept.strip().replace(" ", "-") or None
