"""An extractive reader: the sentence that answers a question, copied from the documents, or None.

It uses no model. Its score says how much of the question, weighted by rarity, the sentence and its title cover, and
whether it holds the kind of thing that was asked for: a date, a name, a number, a definition.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.passage import continues, is_news
from orchestrator.documents.question import Asked, Question, question_of
from orchestrator.documents.sentences import is_prose, sentences
from orchestrator.documents.words import heading_stems, stem, stems, words
from orchestrator.trajectory import Document

ENOUGH: Final = 0.65
"""The share of the question, by weight, that a sentence and its title must cover."""
_IN_HEADING: Final = 0.95
_IN_TITLE: Final = 0.85
_IN_PASSAGE: Final = 0.2
_OPENERS: Final = frozenset(
    ("when", "if", "however", "therefore", "but", "and", "or", "also", "note", "see", "thus", "otherwise")
)
_BEGINNINGS: Final = ("New in ", "Added in ", "Introduced in ")
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
    opening: bool
    """Whether it is the first passage of its section."""
    prior: float
    """A little for coming early; release news stand back."""


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
    return best


def _passage(document: Document, number: int, of: int) -> _Passage:
    title = frozenset(stems(document.title))
    everywhere = title | set(stems(document.text))
    prior = 0.12 * (1 - number / of) - (0.15 if is_news(document) else 0.0)
    return _Passage(
        document, frozenset(heading_stems(document.title)), title, everywhere, not continues(document), prior
    )


def _weights(question: Question, passages: Sequence[_Passage]) -> dict[str, float]:
    """Rare terms weigh more; those that no passage has weigh most, so that a question about them stays unanswered."""
    n = len(passages)
    spread = {t: sum(t in p.everywhere for p in passages) for t in question.terms}
    return {
        t: importance * math.log(2 + n / ((spread[t] if importance >= 1.0 else n) + 0.5))
        for t, importance in question.terms.items()
    }


def _scored(question: Question, weights: dict[str, float], passage: _Passage) -> Iterator[Extract]:
    """The sentences of a passage that cover enough of the question and hold the kind of thing asked for."""
    document = passage.document
    prose = 0
    for sentence in sentences(document.text):
        tokens = words(sentence)
        held = [stem(t) for t in tokens]
        clean = is_prose(sentence, tokens)
        prose += clean
        covered = _coverage(weights, frozenset(held), passage)
        if covered < ENOUGH or not question.answered_by(sentence):
            continue
        first = clean and prose == 1 and passage.opening
        score = covered + passage.prior + _adjacent(question, held) + _kind(question, sentence, held, passage, first)
        score -= (0.0 if clean else 0.4) + (0.1 if tokens[:1] and tokens[0] in _OPENERS else 0.0)
        score -= 0.004 * max(0, len(tokens) - 35)
        text = sentence if len(sentence) <= _LONGEST_CHARACTERS else sentence[: _LONGEST_CHARACTERS - 1] + "…"
        yield Extract(text, document.source, document.title, round(score, 4))


def _coverage(weights: dict[str, float], held: frozenset[str], passage: _Passage) -> float:
    """The share of the question's weight that a sentence and its title cover."""
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
    return gained / (sum(weights.values()) or 1.0)


def _adjacent(question: Question, held: Sequence[str]) -> float:
    if not question.pairs:
        return 0.0
    near = {*pairwise(held)}
    return 0.1 * sum(pair in near for pair in question.pairs) / len(question.pairs)


def _kind(question: Question, sentence: str, held: Sequence[str], passage: _Passage, first: bool) -> float:
    """More for a sentence of the kind asked for, below a heading that names the subject."""
    headed = question.headed_by(passage.heading)
    score = 0.2 * headed if question.anchors else 0.0
    score -= 0.0 if question.terms.keys() & set(held) else 0.1
    if question.asked is Asked.MEANING:
        if question.defined_by(sentence, held):
            return score + 0.5
        about = headed >= 0.5 or (headed > 0.0 and question.subject <= passage.title | set(held))
        return score + (0.1 + 0.35 * headed if first and about else 0.0)
    if question.asked is Asked.DATE and sentence.startswith(_BEGINNINGS):
        return score + 0.3
    return score
