"""Close reading: how well each sentence of a passage answers a question."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.candidate import EXACT, HEADED, Passage, of_module
from orchestrator.documents.passage import is_news
from orchestrator.documents.question import Question
from orchestrator.documents.requirements import answers, begins_with_release
from orchestrator.documents.sentences import is_prose, sentences
from orchestrator.documents.words import stem, words

ENOUGH: Final = 0.65
"""The share of the question, by weight, that a sentence and its title must cover."""
_ENOUGH_BELOW_HEADING: Final = 0.5
_IN_HEADING: Final = 0.95
_IN_TITLE: Final = 0.85
_IN_PASSAGE: Final = 0.3
_OPENING_WORDS: Final = (
    "when if however therefore but and or also note see thus otherwise for this these such it they sometimes in"
)
_OPENERS: Final = frozenset(_OPENING_WORDS.split())
_CHANGED = re.compile(r"^Changed in ")
_NOUN = re.compile(r"(?:An?|The|Any|One|Short for|Abbreviation) |Return|This (?:command|function|method|field)")
_MEASURED: Final = (Asked.NUMBER, Asked.EXTENT, Asked.DEFAULT)


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence that may answer, and how well."""

    sentence: str
    score: float


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
        loose = question.asked in (Asked.ANYTHING, Asked.WAY, Asked.MEANING) and passage.headed >= HEADED
        loose |= question.asked is Asked.MODULE and of_module(passage.document)
        enough = _ENOUGH_BELOW_HEADING if loose else ENOUGH
        if covered < enough or not answers(question, sentence, held, passage, lead=lead):
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


def _leads(sentence: str, headed: float, *, lead: bool) -> float:
    """More for the beginning of a section whose heading is the subject, most where it is nothing else."""
    if not lead or headed < HEADED:
        return 0.0
    return 0.7 * headed + (0.3 if headed > EXACT and _NOUN.match(sentence) else 0.0)


def _adjacent(question: Question, held: Sequence[str]) -> float:
    if not question.pairs:
        return 0.0
    near = {*pairwise(held)}
    return 0.1 * sum(pair in near for pair in question.pairs) / len(question.pairs)


def _kind(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> float:
    """More for a sentence of the kind asked for, below a heading that names the subject."""
    score = 0.3 * (question.asked is Asked.MODULE and of_module(passage.document))
    score += 0.35 * passage.headed + (0.25 if passage.headed > EXACT else 0.0)
    score -= 0.0 if question.terms.keys() & set(held) else 0.1
    score -= 0.15 if is_news(passage.document) else 0.0
    if question.asked is Asked.MEANING:
        defined = question.defined_by(sentence, held)
        score += 0.25 * (lead and passage.headed > EXACT and passage.explained)
        if defined >= 1.0 or (defined and passage.headed < HEADED):
            return score + max(0.8 if defined >= 1.0 else 0.2, _leads(sentence, passage.headed, lead=lead))
        return score + _leads(sentence, passage.headed, lead=lead)
    if question.asked is not Asked.DATE:
        score -= 0.3 * bool(_CHANGED.match(sentence))
    else:
        return score + 0.3 * begins_with_release(sentence) - 0.3 * bool(_CHANGED.match(sentence))
    if question.asked in (Asked.RETURN, Asked.ANYTHING, Asked.WAY) and lead:
        return score + 0.2 * passage.headed
    return score
