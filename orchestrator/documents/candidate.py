"""A candidate: a passage taken apart for a question, and whether it speaks of what the question is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.passage import continues
from orchestrator.documents.question import Question
from orchestrator.documents.words import heading_stems, stem, stems, title_stems
from orchestrator.trajectory import Document

HEADED: Final = 0.6
"""From here on a heading names what the question is about, so that the beginning of its section says what it is."""
INTRODUCTIONS: Final = ("introduction", "abstract", "overview", "purpose", "summary")
_ASKING: Final = frozenset(stems("purpose meaning definition mean means define"))
_INTRODUCTION: Final = frozenset(map(stem, INTRODUCTIONS))
_GLOSSARY: Final = frozenset(stems("glossary terminology definitions terms"))
EXACT: Final = 0.94
"""From here on it names nothing else."""
_CODED = re.compile(r"[A-Za-z]_[A-Za-z]|^[A-Z]{3,}\(")


@dataclass(frozen=True, slots=True)
class Passage:
    """A document taken apart for a question."""

    document: Document
    heading: frozenset[str]
    """Stems of the words that matter in its section's heading."""
    title: frozenset[str]
    everywhere: frozenset[str]
    """Stems of its title and text."""
    headed: float
    """How well the heading names the subject of the question."""
    explained: bool
    """Whether it stands among the definitions of terms."""
    opening: bool
    """Whether it is the first passage of its section."""


def passage_of(question: Question, document: Document) -> Passage:
    """Take a document apart."""
    heading = frozenset(heading_stems(document.title))
    title = frozenset(title_stems(document.title, document.source))
    if question.numbers and " > " not in document.title:
        heading |= title
    everywhere = title | set(stems(document.text))
    headed = question.headed_by(heading, title)
    if question.identifiers and headed and not names(document, question.identifiers):
        headed *= 0.4 if coded(document) else 0.6
    elif coded(document) and not question.identifiers:
        headed *= 0.7
    if introduces(question, document):
        headed = 1.0
    explained = bool(_GLOSSARY & title)
    return Passage(document, heading, title, everywhere, headed, explained, not continues(document))


def introduces(question: Question, document: Document) -> bool:
    """Whether it is in the introduction of a document named for a subject that shall be explained in words."""
    if question.asked is not Asked.MEANING or question.identifiers:
        return False
    if not _INTRODUCTION.intersection(heading_stems(document.title)):
        return False
    return question.terms.keys() - _ASKING <= _entitling(document)


def entitled(question: Question, document: Document) -> bool:
    """Whether the title of the whole document names some of what the question is about."""
    return not question.subject.isdisjoint(_entitling(document))


def _entitling(document: Document) -> frozenset[str]:
    return frozenset(title_stems(document.title.partition(" > ")[0]))


def names(document: Document, identifiers: Sequence[str]) -> bool:
    """Whether the heading or the anchor of a document is one of these names in code."""
    heading, anchor = document.title.rsplit(" > ", 1)[-1], document.source.partition("#")[2]
    return any(holds(heading, name) or holds(anchor, name) for name in identifiers)


def coded(document: Document) -> bool:
    """Whether its heading is a name in code that nobody says in a sentence, such as `DICT_MERGE(i)` or `file_size`."""
    return _CODED.search(document.title.rsplit(" > ", 1)[-1]) is not None


def speaks_of(question: Question, passage: Passage) -> bool:
    """Whether a passage has every name, number and identifier of the question, and all but one of its other words."""
    document = passage.document
    if not question.anchors <= passage.everywhere:
        return False
    places = (document.title, document.text, document.source)
    exact = [any(holds(place, name) for place in places) for name in question.identifiers]
    if not all(exact) and not (any(exact) and all(_called(document.text, name) for name in question.identifiers)):
        return False
    missing = len(question.subject - passage.everywhere)
    return missing == 0 or (missing == 1 and len(question.subject) > 2)


def holds(text: str, name: str) -> bool:
    """Whether a name in code stands in a text as it is written, not as a part of a longer word."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        start = text.find(name, end)
    return False


def _called(text: str, name: str) -> bool:
    """Whether the last part of a dotted name is called somewhere in a text."""
    return holds(text, name) or f"{name.rpartition('.')[2]}(" in text


def of_module(document: Document) -> bool:
    """Whether it is the beginning of a page such as `zipfile — Work with ZIP archives`."""
    return " — " in document.title and " > " not in document.title
