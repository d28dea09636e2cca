"""Ranking: which words of a query count, and which of the passages found come first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.candidate import INTRODUCTIONS, coded, introduces, names, passage_of, speaks_of
from orchestrator.documents.close_reading import readings
from orchestrator.documents.forms import forms
from orchestrator.documents.passage import continues, is_news
from orchestrator.documents.question import Question, question_of
from orchestrator.documents.words import content_words, heading_stems, phrases, stem, stems, title_stems, words
from orchestrator.trajectory import Document

_ASIDE: Final = frozenset(
    ("references", "acknowledgements", "acknowledgments", "index", "bibliography", "addresses", "contents")
)
_TYPED: Final = re.compile(r"\w \*+\w+\(|\b(?:int|void|double|ssize_t) \w+\(|\(\w+ \*")
"""A signature of a function with types, as in C."""
_LOOKED_INTO: Final = 40
MOST_TERMS: Final = 40
"""Content words of a query that are looked up; those beyond are left out."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query looks for: content words, and phrases that must stand together."""

    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    question: Question

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.terms


def sought(query: str) -> Sought:
    """The words and phrases of a query; any text will do."""
    return Sought(tuple(content_words(query)[:MOST_TERMS]), phrases(query)[:MOST_TERMS], question_of(query))


def expression(terms: Iterable[str], together: Iterable[str]) -> str:
    """An FTS5 expression that any of these words, in any form, or phrases satisfies; all is quoted, none is syntax."""
    quoted = [f'"{form}"' for term in terms for form in forms(term)]
    quoted += ['"' + " ".join(words(phrase)) + '"' for phrase in together]
    return " OR ".join(quoted)


def introducing(question: Question) -> str | None:
    """An FTS5 expression for the introductions of documents named for the subject of a question about a meaning."""
    subject = [t for t in question.terms if t in question.subject]
    if question.asked is not Asked.MEANING or not 1 <= len(subject) <= 3:
        return None
    titled = " AND ".join(f'"{term}"' for term in subject)
    return f"{{title}} : (({titled}) AND ({expression(INTRODUCTIONS, [])}))"


def of_options(question: Question) -> str | None:
    """An FTS5 expression for titles with one of the options, such as `-O`, that a question is about."""
    options = [name for name in question.identifiers if name.startswith("-")]
    return f"{{title}} : ({expression([], options)})" if options else None


def ranked(
    query: Sought, found: Sequence[tuple[Document, float]], rarity: Mapping[str, float], limit: int
) -> tuple[Document, ...]:
    """The best `limit` of the passages found with their bm25 (greater is better), best first, with a score."""
    if not found:
        return ()
    best = max(bm25 for _, bm25 in found) or 1.0
    importance = query.question.terms
    weights = {stem(t): rarity.get(t, 1.0) * min(1.0, importance.get(stem(t), 1.0)) for t in query.terms}
    phrased = [stems(phrase) for phrase in query.phrases]
    pairs = [(stem(a), stem(b)) for a, b in pairwise(query.terms)]
    scored = [(_fit(d, weights, phrased, pairs) + _named(query.question, d) + bm25 / best, d) for d, bm25 in found]
    scored.sort(key=lambda pair: -pair[0])
    near = [(score + _answering(query.question, weights, d), d) for score, d in scored[: max(_LOOKED_INTO, limit)]]
    near.sort(key=lambda pair: -pair[0])
    return tuple(replace(d, score=round(score, 4)) for score, d in near[:limit])


def _fit(
    document: Document,
    weights: Mapping[str, float],
    phrased: Sequence[list[str]],
    pairs: Sequence[tuple[str, str]],
) -> float:
    """How many of the terms, weighted by rarity, a passage covers, and where."""
    aside = (0.15 if continues(document) else 0.0) + (0.3 if is_news(document) else 0.0)
    aside += 0.6 if _ASIDE & set(words(document.title)) else 0.0
    heading = heading_stems(document.title)
    title, text = title_stems(document.title, document.source), stems(document.text)
    everywhere = {*title, *text}
    total = sum(weights.values()) or 1.0
    covered = sum(w for t, w in weights.items() if t in everywhere) / total
    titled = sum(w for t, w in weights.items() if t in title) / total
    headed = sum(w for t, w in weights.items() if t in heading) / total
    precise = headed * min(1.0, (sum(t in weights for t in heading) + 1) / (len(heading) + 1))
    near = {*pairwise(text), *pairwise(title)}
    adjacent = sum(pair in near for pair in pairs) / len(pairs) if pairs else 0.0
    exact = sum(_phrase_fit(p, heading, title, text) for p in phrased) / len(phrased) if phrased else 0.0
    return 2.0 * covered * covered + 0.6 * titled + 0.4 * headed + 0.6 * precise + 0.4 * adjacent + 1.5 * exact - aside


def _named(question: Question, document: Document) -> float:
    """More for the introduction of a document about the subject, and below the very name in code."""
    if question.identifiers:
        return 1.0 if names(document, question.identifiers) else -0.3
    return 1.0 if introduces(question, document) else 0.0


def _answering(question: Question, weights: Mapping[str, float], document: Document) -> float:
    """More for a passage below a heading that names the subject, and for one with a sentence that answers."""
    passage = passage_of(question, document)
    named = 0.5 * passage.headed * (1.0 if passage.opening else 0.6)
    if _TYPED.search(document.title) and not question.identifiers:
        named -= 1.2
    if coded(document) and not names(document, question.identifiers):
        named -= 0.8
    if question.asked is Asked.MODULE and " > " not in document.title and passage.opening:
        named += 0.4
    if not speaks_of(question, passage):
        return named
    best = max((reading.score for reading in readings(question, weights, passage)), default=0.0)
    return named + max(0.0, best)


def _phrase_fit(phrase: Sequence[str], heading: Sequence[str], title: Sequence[str], text: Sequence[str]) -> float:
    if _holds(heading, phrase):
        return 1.0
    if _holds(title, phrase):
        return 0.8
    return 0.5 if _holds(text, phrase) else 0.0


def _holds(tokens: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(list(tokens[n : n + size]) == list(phrase) for n, t in enumerate(tokens) if t == phrase[0])
