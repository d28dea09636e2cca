"""Close reading: how well each sentence of a passage answers a question, and which cannot answer it at all."""

import re
from functools import lru_cache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked, things
from orchestrator.documents.passage import continues, is_news
from orchestrator.documents.question import LOW, Question
from orchestrator.documents.sentences import is_prose, sentences
from orchestrator.documents.words import STOP_WORDS, heading_stems, stem, stems, title_stems, words
from orchestrator.trajectory import Document

ENOUGH: Final = 0.65
"""The share of the question, by weight, that a sentence and its title must cover."""
HEADED: Final = 0.6
"""From here on a heading names what the question is about, so that the beginning of its section says what it is."""
_ENOUGH_BELOW_HEADING: Final = 0.5
_EXACT: Final = 0.94
_IN_HEADING: Final = 0.95
_IN_TITLE: Final = 0.85
_IN_PASSAGE: Final = 0.3
_OPENERS: Final = frozenset(
    ("when", "if", "however", "therefore", "but", "and", "or", "also", "note", "see", "thus", "otherwise", "for", "this",
     "these", "such", "it", "they", "sometimes", "in")
)
_BEGUN = re.compile(r"(?:New|Added|Introduced) in |^Deprecated since |\b(?:added|introduced|new|deprecated|removed)\b", re.IGNORECASE)  # fmt: skip
_CODED = re.compile(r"[A-Za-z]_[A-Za-z]|^[A-Z]{3,}\(")
_TABULAR = re.compile(r"[|{}]|::=")
_NAME = re.compile(r"\w+(?:\.\w+)*")
_CHANGED = re.compile(r"^Changed in ")
_MEASURED: Final = (Asked.NUMBER, Asked.EXTENT, Asked.DEFAULT)
_LOOSE: Final = (Asked.MEANING, Asked.ANYTHING, Asked.RETURN, Asked.MODULE, Asked.NAME)
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
    title = frozenset(title_stems(document.title, document.source))
    everywhere = title | set(stems(document.text))
    headed = question.headed_by(heading, title)
    if question.identifiers and headed and not names(document, question.identifiers):
        headed *= 0.4 if coded(document) else 0.6
    elif coded(document) and not question.identifiers:
        headed *= 0.7
    return Passage(document, heading, title, everywhere, headed, not continues(document))


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
        loose = question.asked in (Asked.ANYTHING, Asked.MEANING) and passage.headed >= HEADED
        enough = _ENOUGH_BELOW_HEADING if loose else ENOUGH
        if covered < enough or not _answers(question, sentence, held, passage, lead=lead):
            continue
        score = covered + _adjacent(question, held) + _kind(question, sentence, held, passage, lead=lead)
        stated = clean or (prose == 0 and passage.headed >= HEADED and question.asked in _MEASURED)
        own = sum(w for t, w in weights.items() if t in held) / total
        score += 0.3 * (max(own, passage.headed) if lead else own)
        score += 0.25 * (stated and not clean)
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
    said = passage.title | set(held)
    if not _names_subject(question, said, frozenset(held), passage):
        return False
    if not all(_numbered(word, n, sentence, held, passage) for n, word in question.numbers.items()):
        return False
    if question.counted is not None and not _counts(question.counted, sentence, held):
        return False
    told = sentence
    if question.asked is Asked.DATE and is_news(passage.document):
        told = f"{passage.document.title}: {sentence}"
    if question.asked is Asked.DATE and _CHANGE_ASKED & question.terms.keys():
        plain = not is_news(passage.document) and passage.headed >= HEADED and bool(_BEGUN.match(sentence))
        return (plain or _undotted(question, sentence)) and bool(_BEGUN.search(sentence)) and question.answered_by(told)
    if question.asked is Asked.RETURN and lead and passage.headed >= HEADED:
        return True
    if question.asked is Asked.MEANING and _TABULAR.search(sentence):
        return False
    if question.asked is Asked.MEANING and not (lead and passage.headed >= HEADED):
        return len(question.subject & set(held)) > len(question.subject) / 2
    if question.asked is Asked.FAILURE:
        told = f"{passage.document.title.rsplit(' > ', 1)[-1]}: {sentence}"
    return question.answered_by(told)


def _names_subject(question: Question, said: frozenset[str], held: frozenset[str], passage: Passage) -> bool:
    """Whether a sentence with its titles has the names and most of the words that the question is about."""
    missing = question.anchors - said
    if missing and (len(missing) > 1 or not question.anchors & held or question.identifiers):
        return False
    kinds = [first for first, second in question.pairs if second in LOW and first in question.subject]
    if question.asked is Asked.MEANING and not said.issuperset(kinds):
        return False
    if question.asked is Asked.ANYTHING and passage.headed < _EXACT and not question.subject & held:
        return False
    subject = question.subject - missing
    return len(subject & said) >= (0.6 if question.asked in _LOOSE else 0.7) * len(subject)


def _numbered(word: str, number: str, sentence: str, held: Sequence[str], passage: Passage) -> bool:
    """Whether a number is meant as in the question: `PEP 8` is not in `UTF-8`."""
    plain = not word or word in LOW or word in STOP_WORDS
    if number in passage.heading and (plain or heading_stems(passage.document.title)[0] == number):
        return True
    if (word, number) in {*pairwise(held), *pairwise(stems(passage.document.title))}:
        return True
    return plain and _alone(number).search(sentence) is not None


def _counts(counted: str, sentence: str, held: Sequence[str]) -> bool:
    """Whether a number stands near what is counted."""
    places = [n for n, token in enumerate(held) if token == counted]
    near = (" ".join(held[max(0, place - 5) : place + 6]) for place in places)
    return any(any(True for _ in things(Asked.NUMBER, part) or ()) for part in near)


@lru_cache(maxsize=256)
def _alone(number: str) -> re.Pattern[str]:
    """Finds a number that is no part of a range, a version or a longer number."""
    return re.compile(rf"(?<![\d.…-]){number}(?!\d|-\d|\.\d)")


def _undotted(question: Question, sentence: str) -> bool:
    """Whether a sentence names the subject itself and not only something inside it, as `pathlib.Path` is in pathlib."""
    names = _NAME.findall(sentence)
    held = {stem(name.lower()) for name in names} | {s for i in question.identifiers if i in names for s in stems(i)}
    named = question.subject & held
    return bool(named) and len(named) >= 0.6 * len(question.subject)


def _adjacent(question: Question, held: Sequence[str]) -> float:
    if not question.pairs:
        return 0.0
    near = {*pairwise(held)}
    return 0.1 * sum(pair in near for pair in question.pairs) / len(question.pairs)


def _kind(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> float:
    """More for a sentence of the kind asked for, below a heading that names the subject."""
    score = 0.35 * passage.headed + (0.25 if passage.headed > _EXACT else 0.0)
    score -= 0.0 if question.terms.keys() & set(held) else 0.1
    score -= 0.15 if is_news(passage.document) else 0.0
    if question.asked is Asked.MEANING:
        defined = question.defined_by(sentence, held)
        if defined >= 1.0 or (defined and passage.headed < HEADED):
            return score + (0.8 if defined >= 1.0 else 0.2)
        return score + (0.7 * passage.headed if lead and passage.headed >= HEADED else 0.0)
    if question.asked is Asked.DATE:
        return score + 0.3 * bool(_BEGUN.match(sentence)) - 0.3 * bool(_CHANGED.match(sentence))
    if question.asked in (Asked.RETURN, Asked.ANYTHING) and lead:
        return score + 0.2 * passage.headed
    return score
