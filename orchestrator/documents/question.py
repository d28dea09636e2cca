"""What a question asks for: its words by importance, what must not be missing, and the kind of answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from orchestrator.documents.words import STOP_WORDS, content_words, identifiers, stem, stems, words

_NUMBER: Final = (
    r"\d|\b(?:no|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|"
    r"thousand|million|billion|none|unlimited|infinite|twice|half|dozen)\b"
)
_DATE: Final = (
    r"\b(?:1\d{3}|20\d{2})\b|\b\d{1,4} ?(?:BC|BCE|AD|CE)\b|\b\d+\.\d+\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|\b\d{1,2}(?:st|nd|rd|th) century\b"
)
_NAME: Final = r"(?<![.!?] )(?<!^)\b[A-Z][\w'’-]+|\b[A-Z]\. [A-Z][a-z]+|^[A-Z][\w'’-]+ (?:[A-Z][\w'’.-]*|and|was|is)\b"
_LOW: Final = frozenset(
    stem(w)
    for w in """year date number amount value type kind sort mean meaning purpose definition difference called happen
    work means default maximum minimum possible main first exactly actually long large big happens""".split()  # noqa: SIM905
)


class Asked(Enum):
    """The kind of thing that answers a question, and how to recognise it."""

    DATE = _DATE
    NAME = _NAME
    NUMBER = _NUMBER
    MEANING = "meaning"
    ANYTHING = "anything"

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What a sentence must contain; None where no pattern can tell."""
        if self in (Asked.MEANING, Asked.ANYTHING):
            return None
        flags = re.IGNORECASE if self is Asked.NUMBER else 0
        return re.compile(self.value, flags)


_KINDS: Final = (
    (re.compile(r"\b(?:(?:what|which) (?:year|date|day|century|decade)|since when)\b|^(?:and )?when\b"), Asked.DATE),
    (re.compile(r"^(?:and )?who\b|^whose\b|\bby whom\b"), Asked.NAME),
    (
        re.compile(
            r"\bhow (?:many|much|long|large|big|far|old|fast|high|tall|heavy|wide|deep|hot|cold|often)\b|"
            r"\b(?:what|which) (?:number|port|percentage|fraction)\b|"
            r"^what(?: is|'s|’s) the (?:population|area|height|length|mass|speed|price|boiling|melting|atomic number)\b"
        ),
        Asked.NUMBER,
    ),
    (
        re.compile(
            r"^(?:what|who) (?:is|are|was|were) (?:an? |the )?(?:\S+ ?){1,3}\??$|"
            r"^what (?:does|do) (?:the )?\S+(?: \S+)? (?:do|mean|stand for)\b|^define\b|^what(?: is|'s|’s) (?:the )?(?:purpose|meaning|definition) of\b"
        ),
        Asked.MEANING,
    ),
)


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

    def answered_by(self, sentence: str) -> bool:
        """Whether the sentence holds something of the kind asked for, beside what the question itself says."""
        pattern = self.asked.pattern
        if pattern is None:
            return True
        known = set(self.terms)
        return any(not known.issuperset(stems(m[0]) or [""]) for m in pattern.finditer(sentence))


def question_of(text: str) -> Question:
    """Take a question apart; any text will do."""
    contents = content_words(text)
    named = _named(text)
    terms: dict[str, float] = {}
    for word in contents[:60]:
        key = stem(word)
        importance = 0.5 if key in _LOW else 1.4 if key in named else 1.0
        terms[key] = max(importance, terms.get(key, 0.0))
    order = words(text)
    kept = set(contents)
    pairs = tuple((stem(a), stem(b)) for a, b in pairwise(order) if a in kept and b in kept)
    return Question(terms, frozenset(named & set(terms)), pairs, _kind(text))


def _kind(text: str) -> Asked:
    plain = " ".join(text.lower().split())
    return next((kind for pattern, kind in _KINDS if pattern.search(plain)), Asked.ANYTHING)


def _named(text: str) -> set[str]:
    """Stems of names, identifiers and numbers: capitalised words other than the first, code, digits."""
    named = {s for identifier in identifiers(text) for s in stems(identifier)}
    for position, token in enumerate(re.findall(r"[\w'’-]+", text)):
        capital = position > 0 and token[0].isupper()
        if capital or (token[:1].isalpha() and any(c.isdigit() or c.isupper() for c in token[1:])) or token.isdigit():
            named.update(stem(w) for w in words(token) if w not in STOP_WORDS)
    return named
