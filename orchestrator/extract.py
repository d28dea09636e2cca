"""An extractive reader: the sentence that answers a question, copied from the documents, or None.

It uses no model. Its score says how much of the question, weighted by rarity, the sentence and its title cover, and
whether it holds the kind of thing that was asked for: a date, a name, a number, a definition.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.words import stem, stems, words
from orchestrator.documents.question import Asked, Question, question_of
from orchestrator.documents.sentences import is_prose, sentences
from orchestrator.trajectory import Document

ENOUGH: Final = 0.62
"""A sentence with a lower score is no answer."""
_IN_HEADING: Final = 0.95
_IN_TITLE: Final = 0.85
_IN_PASSAGE: Final = 0.45
_LONGEST_CHARACTERS: Final = 600


@dataclass(frozen=True, slots=True)
class Extract:
    """A sentence copied from a document, and where it stands."""

    sentence: str
    source: str
    title: str
    score: float


@dataclass(frozen=True, slots=True)
class _Passage:
    document: Document
    heading: frozenset[str]
    title: frozenset[str]
    everywhere: frozenset[str]
    prior: float


def extract(query: str, documents: Sequence[Document]) -> Extract | None:
    """The sentence of `documents` (best first) that answers the query; None where none does well enough."""
    question = question_of(query)
    if not question.terms or not documents:
        return None
    passages = [_passage(d, number, len(documents)) for number, d in enumerate(documents)]
    weights = _weights(question, passages)
    best: Extract | None = None
    for passage in passages:
        if not question.anchors <= passage.everywhere:
            continue
        for extract_ in _scored(question, weights, passage):
            if best is None or extract_.score > best.score:
                best = extract_
    return best if best is not None and best.score >= ENOUGH else None


def _passage(document: Document, number: int, of: int) -> _Passage:
    title = frozenset(stems(document.title))
    heading = frozenset(stems(document.title.rsplit(" > ", 1)[-1]))
    return _Passage(document, heading, title, title | set(stems(document.text)), 0.12 * (1 - number / of))


def _weights(question: Question, passages: Sequence[_Passage]) -> dict[str, float]:
    """Rare terms weigh more; those that no passage has weigh most, so that a question about them stays unanswered."""
    n = len(passages)
    spread = {t: sum(t in p.everywhere for p in passages) for t in question.terms}
    return {t: importance * math.log(2 + n / (spread[t] + 0.5)) for t, importance in question.terms.items()}


def _scored(question: Question, weights: dict[str, float], passage: _Passage) -> Iterator[Extract]:
    document = passage.document
    prose = 0
    for sentence in sentences(document.text):
        tokens = words(sentence)
        held = [stem(t) for t in tokens]
        first = prose == 0
        clean = is_prose(sentence, tokens)
        prose += clean
        score = _coverage(weights, frozenset(held), passage) + passage.prior
        score += _adjacent(question, held) + _fit(question, sentence, held, passage, first and clean)
        score -= 0.0 if clean else 0.3
        score -= 0.004 * max(0, len(tokens) - 35)
        text = sentence if len(sentence) <= _LONGEST_CHARACTERS else sentence[: _LONGEST_CHARACTERS - 1] + "…"
        yield Extract(text, document.source, document.title, round(score, 4))


def _coverage(weights: dict[str, float], held: frozenset[str], passage: _Passage) -> float:
    gained = 0.0
    for term, weight in weights.items():
        if term in held:
            gained += weight
        elif term in passage.heading:
            gained += _IN_HEADING * weight
        elif term in passage.title:
            gained += _IN_TITLE * weight
        elif term in passage.everywhere:
            gained += _IN_PASSAGE * weight
    own = any(term in held for term in weights)
    return gained / (sum(weights.values()) or 1.0) - (0.0 if own else 0.15)


def _adjacent(question: Question, held: Sequence[str]) -> float:
    if not question.pairs:
        return 0.0
    near = {*pairwise(held)}
    return 0.1 * sum(pair in near for pair in question.pairs) / len(question.pairs)


def _fit(question: Question, sentence: str, held: Sequence[str], passage: _Passage, first: bool) -> float:
    """Whether the sentence holds the kind of thing that was asked for."""
    if question.asked is Asked.MEANING:
        return _defines(question, held, passage, first)
    if question.asked.pattern is None:
        return 0.0
    return 0.12 if question.answered_by(sentence) else -0.35


def _defines(question: Question, held: Sequence[str], passage: _Passage, first: bool) -> float:
    subject = set(question.terms)
    begins = subject <= set(held[: len(subject) + 2])
    copula = {"is", "are", "was", "were", "mean", "refer", "denote", "defin", "return", "provid"}
    if begins and copula & set(held[: len(subject) + 6]):
        return 0.3
    if subject <= passage.heading and first:
        return 0.3
    return 0.05 if begins else -0.05
