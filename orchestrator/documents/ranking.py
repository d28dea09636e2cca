"""Ranking: which words of a query count, and which of the passages found come first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from orchestrator.documents.forms import forms
from orchestrator.documents.passage import continues, is_news
from orchestrator.documents.question import Asked, Question, question_of
from orchestrator.documents.sentences import sentences
from orchestrator.documents.words import content_words, heading_stems, phrases, stem, stems, words
from orchestrator.trajectory import Document

_ASIDE: Final = frozenset(
    ("references", "acknowledgements", "acknowledgments", "index", "bibliography", "addresses", "contents")
)
_LOOKED_INTO: Final = 60
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
    """An FTS5 expression that any of these words, in any form, or phrases satisfies. Everything is quoted, so nothing is syntax."""
    quoted = [f'"{form}"' for term in terms for form in forms(term)]
    quoted += ['"' + " ".join(words(phrase)) + '"' for phrase in together]
    return " OR ".join(quoted)


def ranked(
    query: Sought, found: Sequence[tuple[Document, float]], rarity: Mapping[str, float], limit: int
) -> tuple[Document, ...]:
    """The best `limit` of the passages found with their bm25 (greater is better), best first, with a score."""
    if not found:
        return ()
    best = max(bm25 for _, bm25 in found) or 1.0
    weights = {stem(term): rarity.get(term, 1.0) for term in query.terms}
    phrased = [stems(phrase) for phrase in query.phrases]
    pairs = [(stem(a), stem(b)) for a, b in pairwise(query.terms)]
    scored = [(_fit(d, weights, phrased, pairs) + bm25 / best, d) for d, bm25 in found]
    scored.sort(key=lambda pair: -pair[0])
    near = [(score + _meaning(query.question, d), d) for score, d in scored[: max(_LOOKED_INTO, limit)]]
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
    title, text = stems(document.title), stems(document.text)
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


def _meaning(question: Question, document: Document) -> float:
    """More for a passage that says what the subject of a question about a meaning is, or opens a section about it."""
    if question.asked is not Asked.MEANING:
        return 0.0
    opens = 0.7 * question.headed_by(heading_stems(document.title)) if not continues(document) else 0.0
    if opens > 0.5:
        return opens
    return 0.5 if any(question.defined_by(s, stems(s)) for s in sentences(document.text)) else opens


def _phrase_fit(phrase: Sequence[str], heading: Sequence[str], title: Sequence[str], text: Sequence[str]) -> float:
    if _holds(heading, phrase):
        return 1.0
    if _holds(title, phrase):
        return 0.8
    return 0.5 if _holds(text, phrase) else 0.0


def _holds(tokens: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(list(tokens[n : n + size]) == list(phrase) for n, t in enumerate(tokens) if t == phrase[0])
