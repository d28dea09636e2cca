"""Ranking: which words of a query count, and which of the passages found come first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.words import content_words, phrases, stem, stems, words
from orchestrator.trajectory import Document

MOST_TERMS: Final = 40
"""Content words of a query that are looked up; those beyond are left out."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query looks for: content words and phrases that must stand together."""

    terms: tuple[str, ...]
    phrases: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.terms


def sought(query: str) -> Sought:
    """The words and phrases of a query; any text will do."""
    return Sought(tuple(content_words(query)[:MOST_TERMS]), phrases(query)[:MOST_TERMS])


def expression(terms: Iterable[str], together: Iterable[str]) -> str:
    """An FTS5 expression that any of these words or phrases satisfies. Everything is quoted, so nothing is syntax."""
    quoted = [f'"{term}"' for term in terms]
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
    scored = [
        Document(d.id, d.title, d.text, d.source, round(_fit(d, weights, phrased, pairs) + bm25 / best, 4))
        for d, bm25 in found
    ]
    return tuple(sorted(scored, key=lambda d: -(d.score or 0.0))[:limit])


def _fit(
    document: Document,
    weights: Mapping[str, float],
    phrased: Sequence[list[str]],
    pairs: Sequence[tuple[str, str]],
) -> float:
    """How many of the terms, weighted by rarity, a passage covers, and where."""
    heading = stems(document.title.rsplit(" > ", 1)[-1])
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
    return 2.0 * covered * covered + 0.6 * titled + 0.4 * headed + 0.6 * precise + 0.4 * adjacent + 1.5 * exact


def _phrase_fit(phrase: Sequence[str], heading: Sequence[str], title: Sequence[str], text: Sequence[str]) -> float:
    if _holds(heading, phrase):
        return 1.0
    if _holds(title, phrase):
        return 0.8
    return 0.5 if _holds(text, phrase) else 0.0


def _holds(tokens: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(list(tokens[n : n + size]) == list(phrase) for n, t in enumerate(tokens) if t == phrase[0])
