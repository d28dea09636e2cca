"""What a question asks for: its words by importance, what must not be missing, and the kind of answer."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orchestrator.documents.asked import Asked, asked_by, limits_asked, things
from orchestrator.documents.words import STOP_WORDS, content_words, identifiers, stem, stems, words

_LOW_WORDS: Final = (
    "year date number amount value type kind sort mean meaning purpose definition difference called happen happens "
    "work means default maximum minimum possible main first exactly actually long large big name find added "
    "introduced version function module provide define status code header field command method class keyword statement "
    "operator option flag argument parameter exception error raise return contain indicate request number size length "
    "allow support need call between respond response well known new old exist service often client server protocol "
    "message packet bit byte time used using give listen suggested let implement want create offer"
)
LOW: Final = frozenset(stems(_LOW_WORDS))
"""Stems of words of asking, which say little about the subject."""
_STEMMED_STOP_WORDS: Final = frozenset(map(stem, STOP_WORDS))
_ACTION = re.compile(r"^how (?:\w+ (?:i|we|you|one)|to) ([a-z]+)")
_LIKE: Final = (
    "make create build",
    "get obtain return retrieve read find query determine give fetch",
    "delete remove erase unlink",
    "start create launch run spawn begin",
    "run execute start spawn launch call",
    "write output save store print",
    "exit quit leave terminate stop",
    "stop terminate cancel kill abort end",
    "change set modify edit replace alter",
    "show display print list",
    "check test determine verify whether",
)
"""Verbs of asking *how*, each with those that an answer may have instead."""
_COUNTED = re.compile(r"\bhow many ([a-z-]+)")
_NO_MEANING: Final = frozenset(stems("now not no also often always still usually deprecated to up only about"))
_COPULA: Final = frozenset(stems("is are was were means refers denotes defines returns provides describes indicates"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart."""

    terms: Mapping[str, float]
    """Stems of its content words, with their importance."""
    anchors: frozenset[str]
    """Stems without which a passage cannot be about it: names, numbers, parts of identifiers."""
    pairs: tuple[tuple[str, str], ...]
    """Content words that stand side by side."""
    asked: Asked
    limited: Callable[[str], bool]
    """Whether a sentence speaks of a most or a least where the question does."""
    identifiers: tuple[str, ...]
    """Names of things in code, as they are written."""
    numbers: Mapping[str, str]
    """Numbers that it names, each with the stem of the word before it, as in `status code 404`."""
    action: frozenset[str]
    """The stem of what a question that begins with *how do I* wants to do, and of verbs like it; else none."""
    counted: str | None
    """The stem of what a question that begins with *how many* counts."""

    @property
    def subject(self) -> frozenset[str]:
        """The terms that are not mere words of asking, such as `value` or `purpose`."""
        return frozenset(t for t, importance in self.terms.items() if importance >= 1.0) or frozenset(self.terms)

    def answered_by(self, sentence: str) -> bool:
        """Whether the sentence holds something of the kind asked for, beside what the question itself says."""
        if not self.limited(sentence):
            return False
        found = things(self.asked, sentence)
        if found is None or self.asked in (Asked.DEFAULT, Asked.FAILURE, Asked.RETURN, Asked.MODULE):
            return found is None or any(True for _ in found)
        said = (set(stems(thing)) for thing in found)
        if self.asked in (Asked.NAME, Asked.PLACE):
            return any(not (name & self.terms.keys()) for name in said)
        return any(not thing <= self.terms.keys() for thing in said)

    def defined_by(self, sentence: str, held: Sequence[str]) -> float:
        """How clearly a sentence, given by its stems, says of the question's subject what it is: from 0 to 1."""
        subject = self.subject
        begin = held[: len(subject) + 4]
        places = [begin.index(term) for term in subject if term in begin]
        if len(places) < len(subject):
            return 0.0
        first = min(places)
        if not _STEMMED_STOP_WORDS.issuperset(held[:first]) and f"({begin[first]})" not in sentence.lower():
            return 0.0
        after = held[max(places) + 1 : max(places) + 5]
        if not any(a in _COPULA and b not in _NO_MEANING for a, b in pairwise(after)):
            return 0.0
        return 1.0 if after[0] in _COPULA else 0.4

    def headed_by(self, heading: Collection[str], above: Collection[str] = ()) -> float:
        """How well a heading, given by its stems, names the subject and nothing else: from 0 to 1.

        `above` are the stems of the titles above it, which may name a part of the subject.
        """
        subject = self.subject
        if not subject.intersection(heading):
            return 0.0
        precision = sum(t in self.terms for t in heading) / len(heading)
        recall = sum((t in heading) + 0.8 * (t in above and t not in heading) for t in subject) / len(subject)
        return 5 * precision * recall / (4 * precision + recall)


def question_of(text: str) -> Question:
    """Take a question apart; any text will do."""
    contents = content_words(text)
    named = _named(text)
    terms: dict[str, float] = {}
    for word in contents[:60]:
        key = stem(word)
        importance = 1.4 if key in named else 0.35 if key in LOW else 1.0
        terms[key] = max(importance, terms.get(key, 0.0))
    order = words(text)
    kept = set(contents)
    pairs = tuple((stem(a), stem(b)) for a, b in pairwise(order) if a in kept and b in kept)
    numbers = {b: stem(a) for a, b in pairwise(["", *order]) if b.isdigit()}
    counted = _COUNTED.search(text.lower())
    return Question(
        terms,
        frozenset(named & set(terms)),
        pairs,
        asked_by(text),
        limits_asked(text),
        identifiers(text),
        numbers,
        _action(text),
        stem(counted[1]) if counted else None,
    )


def _action(text: str) -> frozenset[str]:
    """What somebody who asks how wants to do, with what means the same."""
    wanted = _ACTION.match(" ".join(text.lower().split()))
    if wanted is None:
        return frozenset()
    like = next((group for group in _LIKE if group.split()[0] == wanted[1]), wanted[1])
    return frozenset(stems(like))


def _named(text: str) -> set[str]:
    """Stems of names, identifiers and numbers: capitalised words other than the first, code, digits."""
    named = {s for identifier in identifiers(text) for s in stems(identifier)}
    for position, token in enumerate(re.findall(r"[\w'’-]+", text)):
        capital = position > 0 and token[0].isupper()
        if capital or token.isdigit() or any(c.isdigit() or c.isupper() for c in token[1:]):
            named.update(stem(w) for w in words(token) if w not in STOP_WORDS and (len(w) > 1 or w.isdigit()))
    return named
