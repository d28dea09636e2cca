"""PDF: one section for each page, with the anchor that PDF readers open at that page."""

import io
import logging
import re

from pypdf import PdfReader

from orchestrator.documents.outline import joined
from orchestrator.documents.passage import Reading, Section, Unreadable

_HYPHENATED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def read_pdf(data: bytes, name: str) -> Reading:
    """The text of each page; raises Unreadable for an encrypted or broken file, or one of pictures only."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is encrypted; save it without a password")
        stated = reader.metadata.title if reader.metadata else None
        pages = [page.extract_text() for page in reader.pages]
    except Unreadable:
        raise
    except Exception as failure:
        raise Unreadable(f"it is no PDF that can be read: {type(failure).__name__}: {failure}") from failure
    sections = tuple(
        Section(f"page {number}", f"page={number}", _paragraphs(text))
        for number, text in enumerate(pages, start=1)
        if text.strip()
    )
    if not sections:
        raise Unreadable("it holds no text, perhaps only scanned pictures")
    return Reading((stated or "").strip() or name, sections)


def _paragraphs(text: str) -> list[str]:
    """Blank lines part paragraphs; where a page has none, a line that ends a sentence early does."""
    text = _HYPHENATED.sub("", text)
    lines = [line.strip() for line in text.split("\n")]
    widest = max((len(line) for line in lines), default=0)
    held: list[list[str]] = [[]]
    for line in lines:
        if line:
            held[-1].append(line)
        if not line or (line[-1] in ".:!?" and len(line) < widest * 0.8):
            held.append([])
    return [joined(paragraph) for paragraph in held if paragraph]
