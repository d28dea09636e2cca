"""What a server says that it found, made into documents. All of it is data: bounded, cleaned and never trusted."""

import hashlib
import html
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from orchestrator.documents.html import read_html
from orchestrator.trajectory import Document

LONGEST_TEXT: Final = 20_000
"""Characters of a passage; the rest is left out."""
LONGEST_TITLE: Final = 200
LONGEST_SOURCE: Final = 2_000
MOST_PASSAGES: Final = 100
"""Of one search, whatever was asked for or sent."""
MOST_SEEN: Final = 200
"""Of those that one search brought; what is behind is not looked at."""

_READ_CHARACTERS: Final = 2 * LONGEST_TEXT
"""Of a text as it was sent, tags included; what is behind is not looked at."""
_TAG: Final = re.compile(
    r"</?(?:a|abbr|article|b|blockquote|body|br|center|code|dd|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|li|link|"
    r"main|mark|meta|ol|p|pre|script|section|small|span|strong|style|sub|sup|svg|table|td|th|title|tr|u|ul)"
    r"(?:\s[^<>]{0,2000})?/?>|<!--|<!doctype",
    re.IGNORECASE,
)
_ANY_TAG: Final = re.compile(r"<[^<>]*>?")
_MOST_TAGS: Final = 2_000
"""Of a text that is parsed, which takes time with the square of their depth. Where there are more, all are cut out."""
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, half characters, and marks that turn what a person sees or that nobody but a model sees."""
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a server found, as it was sent: every field may hold anything."""

    text: object
    title: object = None
    address: object = None
    """Where it is on the web, where it says so."""
    id: object = None
    score: object = None


def documents(found: Iterable[Found], origin: str, most: int, *, web: bool) -> tuple[Document, ...]:
    """At most `most` passages in the server's order; those without text or with the text of an earlier one are dropped.

    `origin` names the server where a passage has no address. With `web` all are marked as fetched from the web,
    otherwise only those with an address. The order is not changed by scores: some servers send distances.
    """
    kept: dict[str, Document] = {}
    for each in islice(found, MOST_SEEN):
        if len(kept) >= min(most, MOST_PASSAGES):
            break
        document = _document(each, origin, web)
        if document is not None:
            kept.setdefault(document.text, document)
    return tuple(kept.values())


def _document(found: Found, origin: str, web: bool) -> Document | None:
    text = plain(found.text, LONGEST_TEXT)
    if not text:
        return None
    address = link(found.address)
    named = one_line(str(found.id), 200) if isinstance(found.id, str | int) else ""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return Document(
        id=named or address or digest,
        title=one_line(found.title, LONGEST_TITLE) or _short(text.partition("\n")[0], 80),
        text=text,
        source=address or f"{origin}: {named or 'without an address'}",
        score=_number(found.score),
        web=web or address is not None,
    )


def plain(value: object, longest: int) -> str:
    """A text without HTML tags, control characters and unseen marks; empty where it is no text."""
    if not isinstance(value, str):
        return ""
    text = value[:_READ_CHARACTERS]
    text = _without_tags(text) if _TAG.search(text) else html.unescape(text)
    return _BLANK_LINES.sub("\n\n", visible(text)).strip()[:longest].rstrip()


def one_line(value: object, longest: int) -> str:
    """The same on one line."""
    return _short(" ".join(plain(value, 4 * longest).split()), longest)


def link(value: object) -> str | None:
    """An address of the web that may be shown as a link; `None` for any other, and for one that hides its host."""
    if not isinstance(value, str) or len(value) > LONGEST_SOURCE or not value.isprintable() or re.search(r"\s", value):
        return None
    try:
        parts = urlsplit(value)
        shown = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return None
    return value if shown and "\\" not in parts.netloc and not _UNSEEN.search(value) else None


def _without_tags(text: str) -> str:
    if text.count("<") > _MOST_TAGS:
        return html.unescape(_ANY_TAG.sub(" ", text))
    sections = read_html(text, "").sections
    return "\n\n".join(block for section in sections for block in (section.heading, *section.blocks) if block)


def visible(text: str) -> str:
    """The text without control characters, half characters and marks that nobody sees."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _short(line: str, longest: int) -> str:
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
