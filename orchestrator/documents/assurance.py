"""Assurance: how sure it is that the page a sentence was found on is the one that the question is about."""

from collections.abc import Sequence
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.candidate import Passage, entitled, introduces, of_module
from orchestrator.documents.passage import is_news
from orchestrator.documents.question import Question
from orchestrator.trajectory import Document

ENOUGH: Final = 2.0
"""The assurance from which on a question is answered."""
_HEADED: Final = 1.0
"""For a section whose heading names the subject; in parts for one that names a part of it."""
_PRECISE: Final = 0.8
"""For a heading without other words than those of the question."""
_ENTITLED: Final = 1.0
"""For a page whose title has a word of the subject."""
_UNNAMED: Final = 1.0
"""Taken from a section that neither its heading nor its page's title connects with the question."""
_EXPLAINED: Final = 1.0
"""For a glossary or a section of definitions."""
_IDENTIFIED: Final = 1.5
"""For the name in code that a question has: a passage must hold it as it is written."""
_MODULE: Final = 0.7
"""For the page of a module where a module is asked for."""
_ELSEWHERE: Final = 1.0
"""Taken from any other page there."""
_COUNTED: Final = 0.3
"""Taken where a number is asked for, because sentences hold many that belong to other things."""
_NEWS: Final = 1.0
"""Taken from changelogs and the like, which explain little, unless a date is asked for."""
_LEAST_AHEAD: Final = -0.5
_MOST_AHEAD: Final = 2.0
ALONE: Final = 2.0
"""How far ahead a page counts that no other stands beside."""


def assurance(question: Question, passage: Passage, ahead: float) -> float:
    """Points for a page that stands `ahead` of all others, is named for the subject, or has the very name in code.

    `ahead` is in points of search: the passage's score less the best of any other page.
    """
    document = passage.document
    points = max(_LEAST_AHEAD, min(_MOST_AHEAD, ahead)) + _HEADED * passage.headed
    points += _PRECISE * (1.0 if introduces(question, document) else _precision(question, passage))
    named = entitled(question, document)
    points += _ENTITLED * named
    unnamed = not named and not passage.headed and not question.identifiers
    points -= _UNNAMED * (unnamed and " > " in document.title)
    points -= _COUNTED * (question.asked in (Asked.NUMBER, Asked.EXTENT))
    if question.asked is Asked.MODULE:
        points += _MODULE if of_module(document) else -_ELSEWHERE
    points += _EXPLAINED * passage.explained
    points += _IDENTIFIED * bool(question.identifiers)
    return points - _NEWS * (is_news(document) and question.asked is not Asked.DATE)


def _precision(question: Question, passage: Passage) -> float:
    """The share of a heading's words that the question has."""
    return sum(t in question.terms for t in passage.heading) / (len(passage.heading) or 1)


def ahead_of_others(documents: Sequence[Document], passage: Passage) -> float | None:
    """By how much search put a passage before all other pages; None where it did not say."""
    own = passage.document
    others = [d.score for d in documents if page(d) != page(own)]
    if own.score is None or None in others:
        return None
    return own.score - max((s for s in others if s is not None), default=own.score - ALONE)


def page(document: Document) -> str:
    """The file or page that a passage comes from."""
    return document.source.partition("#")[0]
