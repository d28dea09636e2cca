"""An extractive reader: the sentence that answers a question, copied from the documents, or None.

It uses no model. Its score says how much of the question, weighted by rarity, the sentence and its title cover, whether
it holds the kind of thing that was asked for (a date, a name, a number, a definition), and how well search ranked it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.documents.asked import Asked
from orchestrator.documents.assurance import ALONE, ENOUGH, ahead_of_others, assurance, page
from orchestrator.documents.candidate import Passage, passage_of, speaks_of
from orchestrator.documents.close_reading import readings
from orchestrator.documents.question import Question, question_of
from orchestrator.documents.sentences import sentences
from orchestrator.trajectory import Document

_LONGEST_CHARACTERS: Final = 600
_BRIEF_CHARACTERS: Final = 200
"""A sentence with fewer does not stand alone where an explanation is asked for."""
_TINY_CHARACTERS: Final = 50
_EXPLANATIONS: Final = (Asked.MEANING, Asked.ANYTHING, Asked.WAY, Asked.RETURN, Asked.FAILURE, Asked.MODULE)
_ENOUGH_CHARACTERS: Final = 420
_REFERS_BACK: Final = re.compile(r"(?:This|These|It|They|Such|In (?:this|such)|Otherwise|However|For example)\b")
_BEHIND: Final = 0.35
"""How much a passage loses for each point of search score that it is behind the best, up to two."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A sentence copied from a document, and where it stands."""

    sentence: str
    source: str
    title: str
    score: float


def extract(query: str, documents: Sequence[Document]) -> Extract | None:
    """The sentence of `documents` (best first) that answers the query; None where none does well enough."""
    question = question_of(query)
    if not question.terms or not documents:
        return None
    passages = [passage_of(question, document) for document in documents]
    weights = _weights(question, passages)
    found = [
        (round(reading.score + _prior(documents, number), 4), -number, reading.sentence)
        for number, passage in enumerate(passages)
        if speaks_of(question, passage)
        for reading in readings(question, weights, passage)
    ]
    if not found:
        return None
    score, place, sentence = max(found, key=lambda each: each[:2])
    passage = passages[-place]
    if assurance(question, passage, _ahead(documents, found, passage, score)) < ENOUGH:
        return None
    return Extract(_told(question, sentence, passage), passage.document.source, passage.document.title, score)


def _ahead(
    documents: Sequence[Document], found: Sequence[tuple[float, int, str]], passage: Passage, score: float
) -> float:
    """How far a passage stands before all other pages: by search, else by what was read in them."""
    ahead = ahead_of_others(documents, passage)
    if ahead is not None:
        return ahead
    others = [s for s, place, _ in found if page(documents[-place]) != page(passage.document)]
    return score - max(others, default=score - ALONE)


def _prior(documents: Sequence[Document], number: int) -> float:
    """A little for coming early, and less for a passage that search put well behind the best."""
    scores = [d.score for d in documents if d.score is not None]
    own = documents[number].score
    behind = min(2.0, max(scores) - own) if own is not None else 0.0
    return 0.12 * (1 - number / len(documents)) - _BEHIND * behind


def _weights(question: Question, passages: Sequence[Passage]) -> dict[str, float]:
    """Rare terms weigh more; those that no passage has weigh most, so that a question about them stays unanswered."""
    n = len(passages)
    spread = {t: sum(t in p.everywhere for p in passages) for t in question.terms}
    return {
        t: importance * math.log(2 + n / ((spread[t] if importance >= 1.0 else n) + 0.5))
        for t, importance in question.terms.items()
    }


def _told(question: Question, sentence: str, passage: Passage) -> str:
    """The sentence; with its neighbours in the paragraph where it is brief and an explanation is asked for."""
    brief = _BRIEF_CHARACTERS if question.asked in _EXPLANATIONS else _TINY_CHARACTERS
    if question.asked in (Asked.DATE, Asked.NAME) or len(sentence) > brief:
        return _short(sentence)
    text = passage.document.text
    place = text.find(sentence)
    begin, end = text.rfind("\n", 0, place) + 1, place + len(sentence)
    if place - begin > _TINY_CHARACTERS * 4 or not _REFERS_BACK.match(sentence):
        begin = place
    for following in sentences(text[end:].partition("\n")[0]):
        reached = text.find(following, end) + len(following)
        if reached - begin > _ENOUGH_CHARACTERS:
            break
        end = reached
    return text[begin:end]


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST_CHARACTERS else sentence[: _LONGEST_CHARACTERS - 1] + "…"
