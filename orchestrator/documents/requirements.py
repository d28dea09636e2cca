"""What a sentence must have to answer a question: its names and numbers, and the kind of thing it asks for."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked, things
from orchestrator.documents.candidate import EXACT, HEADED, Passage, of_module
from orchestrator.documents.passage import is_news
from orchestrator.documents.question import LOW, Question
from orchestrator.documents.words import STOP_WORDS, heading_stems, stem, stems

_BEGUN = re.compile(
    r"(?:New|Added|Introduced) in |^Deprecated since |\b(?:added|introduced|new|deprecated|removed)\b", re.IGNORECASE
)
_TABULAR = re.compile(r"[|{}]|::=")
_NAME = re.compile(r"\w+(?:\.\w+)*")
_INSTRUCTS: Final = re.compile(
    r"\w\(|\w\.\w|\w_\w|(?<!\w)--?[a-z]|\b(?:use|using|call|run|type|enter|press|how|how-to)\b", re.IGNORECASE
)
_LOOSE: Final = (Asked.MEANING, Asked.ANYTHING, Asked.RETURN, Asked.MODULE, Asked.NAME, Asked.WAY)
_CHANGE_ASKED: Final = frozenset(stems("added new introduced deprecated removed appear"))


def answers(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> bool:
    """Whether a sentence, given also by its stems, can answer; `lead` says that it is the first of its section."""
    said = passage.title | set(held)
    return (
        _names_subject(question, said, frozenset(held), passage)
        and all(_numbered(word, n, sentence, held, passage) for n, word in question.numbers.items())
        and (question.counted is None or _counts(question.counted, held))
        and _of_kind(question, sentence, held, passage, lead=lead)
    )


def begins_with_release(sentence: str) -> bool:
    """Whether it is a note such as *New in version 3.9*."""
    return _BEGUN.match(sentence) is not None


def _of_kind(question: Question, sentence: str, held: Sequence[str], passage: Passage, *, lead: bool) -> bool:
    """Whether a sentence holds the kind of thing asked for, or opens a section that is about it."""
    opens = lead and passage.headed >= HEADED
    match question.asked:
        case Asked.DATE:
            return _dated(question, sentence, passage)
        case Asked.MEANING:
            return _explains(question, sentence, held, opens=opens)
        case Asked.WAY:
            return _instructs(question, sentence, held, passage)
        case Asked.MODULE | Asked.RETURN:
            module = question.asked is Asked.MODULE and lead and of_module(passage.document)
            returned = question.asked is Asked.RETURN and opens
            return module or returned or question.answered_by(sentence)
        case Asked.FAILURE:
            return question.answered_by(f"{_heading(passage)}: {sentence}")
        case _:
            return question.answered_by(sentence)


def _heading(passage: Passage) -> str:
    return passage.document.title.rsplit(" > ", 1)[-1]


def _explains(question: Question, sentence: str, held: Sequence[str], *, opens: bool) -> bool:
    """Whether a sentence can say what the subject is: not a row, nor about a name that has it as a part."""
    if _within_name(question, sentence) or _TABULAR.search(sentence):
        return False
    return opens or len(question.subject & set(held)) > len(question.subject) / 2


def _instructs(question: Question, sentence: str, held: Sequence[str], passage: Passage) -> bool:
    """Whether a sentence, with its heading, has what shall be done and to what, and a sign of something to use."""
    shown = passage.heading | set(held)
    if not question.subject - question.action <= shown or not question.action & shown:
        return False
    return _INSTRUCTS.search(f"{_heading(passage)} {sentence}") is not None


def _within_name(question: Question, sentence: str) -> bool:
    """Whether a common noun of the question is only a part of a name there, as joule in `James Prescott Joule`."""
    common = question.subject - question.anchors
    named: dict[str, bool] = {}
    for before, word in pairwise(["", *_NAME.findall(sentence)]):
        term = stem(word.lower())
        if term in common:
            joined = before[:1].isupper() and word[0].isupper() and before.lower() not in STOP_WORDS
            inside = joined and stem(before.lower()) not in question.subject
            named[term] = named.get(term, True) and inside
    return any(named.values())


def _dated(question: Question, sentence: str, passage: Passage) -> bool:
    """Whether a sentence tells when; one about a change must name what was changed, or stand below its heading."""
    news = is_news(passage.document)
    if not question.answered_by(f"{passage.document.title}: {sentence}" if news else sentence):
        return False
    if not _CHANGE_ASKED & question.terms.keys():
        return True
    noted = not news and passage.headed >= HEADED and begins_with_release(sentence)
    return noted or (_undotted(question, sentence) and _BEGUN.search(sentence) is not None)


def _names_subject(question: Question, said: frozenset[str], held: frozenset[str], passage: Passage) -> bool:
    """Whether a sentence with its titles has the names and most of the words that the question is about."""
    missing = question.anchors - said
    if missing and (len(missing) > 1 or not question.anchors & held or question.identifiers):
        return False
    if question.asked is Asked.MODULE and not question.subject <= said:
        return False
    kinds = [first for first, second in question.pairs if second in LOW and first in question.subject]
    if question.asked is Asked.MEANING and not said.issuperset(kinds):
        return False
    if question.asked is Asked.ANYTHING and passage.headed < EXACT and not question.subject & held:
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


def _counts(counted: str, held: Sequence[str]) -> bool:
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
