"""Close reading: how well each sentence of a passage answers a question, and which cannot answer it at all."""

import re
from functools import lru_cache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.passage import continues, is_news
from orchestrator.documents.question import Question
from orchestrator.documents.sentences import is_prose, sentences
from orchestrator.documents.words import heading_stems, stem, stems, words
from orchestrator.trajectory import Document

ENOUGH: Final = 0.65
"""The share of the question, by weight, that a sentence and its title must cover."""
HEADED: Final = 0.6
"""From here on a heading names what the question is about, so that the beginning of its section says what it is."""
_IN_HEADING: Final = 0.95
_IN_TITLE: Final = 0.85
_IN_PASSAGE: Final = 0.3
_OPENERS: Final = frozenset(
    ("when", "if", "however", "therefore", "but", "and", "or", "also", "note", "see", "thus", "otherwise", "for")
)
_BEGUN = re.compile(r"(?:New|Added|Introduced) in |^Deprecated since |\b(?:added|introduced|new|deprecated|removed)\b", re.IGNORECASE)  # fmt: skip
_NAME = re.compile(r"\w+(?:\.\w+)*")
_CHANGED = re.compile(r"^Changed in ")
_MEASURED: Final = (Asked.NUMBER, Asked.EXTENT, Asked.DEFAULT)
_CHANGE_ASKED: Final = frozenset(stems("added new introduced deprecated removed appear"))


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
    opening: bool
    """Whether it is the first passage of its section."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence that may answer, and how well."""

    sentence: str
    score: float


def passage_of(question: Question, document: Document) -> Passage:
    """Take a document apart."""
    heading = frozenset(heading_stems(document.title))
    title = frozenset(stems(document.title))
    everywhere = title | set(stems(document.text))
    headed = question.headed_by(heading, title)
    if question.identifiers and headed and not any(_holds(document.title, i) for i in question.identifiers):
        headed *= 0.6
    return Passage(document, heading, title, everywhere, headed, not continues(document))


def speaks_of(question: Question, passage: Passage) -> bool:
    """Whether a passage has every name, number and identifier of the question, and all but one of its other words."""
    document = passage.document
    if not question.anchors <= passage.everywhere:
        return False
    places = (document.title, document.text, document.source)
    if not all(any(_holds(place, name) for place in places) for name in question.identifiers):
        return False
    missing = len(question.subject - passage.everywhere)
    return missing == 0 or (missing == 1 and len(question.subject) > 2)


def _holds(text: str, name: str) -> bool:
    """Whether a name in code stands in a text as it is written, not as a part of a longer word."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        start = text.find(name, end)
    return False


def readings(question: Question, weights: Mapping[str, float], passage: Passage) -> Iterator[Reading]:
    """The sentences of a passage that cover enough of the question and hold the kind of thing asked for."""
    prose = 0
    total = sum(weights.values()) or 1.0
    for sentence in sentences(passage.document.text):
        tokens = words(sentence)
        held = [stem(t) for t in tokens]
        clean = is_prose(sentence, tokens)
        prose += clean
        lead = clean and prose == 1 and passage.opening
        covered = _coverage(weights, frozenset(held), passage)
        if covered < ENOUGH or not _answers(question, sentence, held, passage, lead=lead):
            continue
        score = covered + _adjacent(question, held) + _kind(question, sentence, held, passage, lead=lead)
        stated = clean or (prose == 0 and passage.headed >= HEADED and question.asked in _MEASURED)
        score += 0.3 * sum(w for t, w in weights.items() if t in held) / total
        score -= (0.0 if stated else 0.4) + (0.1 if tokens[:1] and tokens[0] in _OPENERS else 0.0)
        yield Reading(sentence, score - 0.004 * max(0, len(tokens) - 35))


def _coverage(weights: Mapping[str, float], held: frozenset[str], passage: Passage) -> float:
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


def _answers(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> bool:
    """Whether a sentence has the numbers of the question and the kind of thing it asks for."""
    if not all(n in passage.heading or _alone(n).search(sentence) or n in passage.title for n in question.numbers):
        return False
    subject = question.subject
    if len(subject & (passage.title | set(held))) < 0.6 * len(subject):
        return False
    told = sentence
    if question.asked is Asked.DATE and is_news(passage.document):
        told = f"{passage.document.title}: {sentence}"
    if question.asked is Asked.DATE and _CHANGE_ASKED & question.terms.keys():
        plain = not is_news(passage.document) and passage.headed >= HEADED and bool(_BEGUN.match(sentence))
        return (plain or _undotted(question, sentence)) and bool(_BEGUN.search(sentence)) and question.answered_by(told)
    if question.asked is Asked.RETURN and lead and passage.headed >= HEADED:
        return True
    if question.asked is Asked.MEANING and passage.headed < HEADED:
        return len(question.subject & set(held)) > len(question.subject) / 2
    return question.answered_by(told)


@lru_cache(maxsize=256)
def _alone(number: str) -> re.Pattern[str]:
    """Finds a number that is no part of a range, a version or a longer number."""
    return re.compile(rf"(?<![\d.…-]){number}(?!\d|-\d|\.\d)")


def _undotted(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject itself and not only something inside it, as `pathlib.Path` is in pathlib."""
    names = _NAME.findall(sentence)
    held = {stem(name.lower()) for name in names} | {s for i in question.identifiers if i in names for s in stems(i)}
    return question.subject <= held


def _adjacent(question: Question, held: Sequence[str]) -> float:
    if not question.pairs:
        return 0.0
    near = {*pairwise(held)}
    return 0.1 * sum(pair in near for pair in question.pairs) / len(question.pairs)


def _kind(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> float:
    """More for a sentence of the kind asked for, below a heading that names the subject."""
    score = 0.35 * passage.headed
    score -= 0.0 if question.terms.keys() & set(held) else 0.1
    score -= 0.15 if is_news(passage.document) else 0.0
    if question.asked is Asked.MEANING:
        defined = question.defined_by(sentence, held)
        if defined >= 1.0 or (defined and passage.headed < HEADED):
            return score + 0.5 * defined
        return score + (0.7 * passage.headed if lead and passage.headed >= HEADED else 0.0)
    if question.asked is Asked.DATE:
        return score + 0.3 * bool(_BEGUN.match(sentence)) - 0.3 * bool(_CHANGED.match(sentence))
    if question.asked in (Asked.RETURN, Asked.ANYTHING) and lead:
        return score + 0.2 * passage.headed
    return score
