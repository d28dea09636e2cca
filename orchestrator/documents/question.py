"""What a question asks for: its words by importance, what must not be missing, and the kind of answer."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from orchestrator.documents.words import STOP_WORDS, content_words, identifiers, stem, stems, words


class Asked(StrEnum):
    """The kind of thing that answers a question."""

    DATE = "date"
    NAME = "name"
    NUMBER = "number"
    MEANING = "meaning"
    ANYTHING = "anything"


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_PATTERNS: Final[Mapping[Asked, re.Pattern[str]]] = {
    Asked.DATE: re.compile(
        r"(?<!RFC )(?<!RFC)\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,4} ?(?:BC|BCE|AD|CE)\b|\b\d{1,2}(?:st|nd|rd|th) century\b|"
        rf"\b(?:{_MONTHS}) \d|(?:[Vv]ersion|[Ii]n|[Ss]ince|Python|release) \d+\.\d+\b"
    ),
    Asked.NAME: re.compile(
        r"\b(?!(?:The|A|An|In|If|It|This|That|On|At|For) )(?:[A-Z][\w'’-]+|[A-Z]\.)"
        r"(?: (?:[A-Z]\.|van|von|de|der|la|du|di|da|bin|al|le))* [A-Z][\w'’-]+|"
        r"\bby (?:the )?[A-Z][\w'’-]+|^[A-Z][\w'’-]+ (?:was|is|were|and|wrote|made|built|led|[a-z]{3,}ed)\b"
    ),
    Asked.NUMBER: re.compile(
        r"(?<!section )(?<!rfc )(?<!\[)(?<![\w.])\d[\d.,]*(?!\w*\])|\b(?:no|zero|one|two|three|four|five|six|"
        r"seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|billion|unlimited|infinite|dozen)\b",
        re.IGNORECASE,
    ),
}
"""How to recognise each kind where that is possible."""

_KINDS: Final = (
    (
        Asked.DATE,
        r"\b(?:what|which) (?:year|date|day|century|decade|version|release)\b|since when\b|"
        r"^(?:and )?when (?:was|were|did|has|have|is)\b",
    ),
    (Asked.NAME, r"^(?:and )?who(?:se|m)?\b|\bby whom\b"),
    (
        Asked.NUMBER,
        r"\bhow (?:many|much|long|large|big|far|old|high|tall|heavy|wide|deep|hot|cold)\b|"
        r"\b(?:what|which) (?:port|percentage|fraction|number of)\b|"
        r"^what(?: is|'s|’s) the (?:[\w-]+ ){0,3}(?:population|area|height|length|mass|weight|speed|size|limit|port|"
        r"atomic number|boiling point|melting point|diameter|radius|distance)\b",
    ),
    (
        Asked.MEANING,
        r"^(?:what|who) (?:is|are|was|were) (?:an? |the )?(?:(?!of |for |to )\S+ ?){1,6}\??$|"
        r"^what (?:does|do) (?:the |an? )?(?:\S+ ){1,5}(?:do|mean|stand for|provide|define)\b|^define\b|"
        r"^what(?: is|'s|’s) the (?:purpose|meaning|definition) of\b",
    ),
)
_LOW_WORDS: Final = (
    "year date number amount value type kind sort mean meaning purpose definition difference called happen happens "
    "work means default maximum minimum possible main first exactly actually long large big name find added "
    "introduced version function module provide define"
)
_LOW: Final = frozenset(stems(_LOW_WORDS))
_STEMMED_STOP_WORDS: Final = frozenset(map(stem, STOP_WORDS))
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

    @property
    def subject(self) -> frozenset[str]:
        """The terms that are not mere words of asking, such as `value` or `purpose`."""
        return frozenset(t for t, importance in self.terms.items() if importance >= 1.0) or frozenset(self.terms)

    def answered_by(self, sentence: str) -> bool:
        """Whether the sentence holds something of the kind asked for, beside what the question itself says."""
        pattern = _PATTERNS.get(self.asked)
        if pattern is None:
            return True
        found = (set(stems(m[0])) for m in pattern.finditer(sentence))
        if self.asked is Asked.NAME:
            return any(not (name & self.terms.keys()) for name in found)
        return any(not name <= self.terms.keys() for name in found)

    def defined_by(self, sentence: str, held: Sequence[str]) -> bool:
        """Whether a sentence, given by its stems, says of the question's subject what it is."""
        subject = self.subject
        begin = held[: len(subject) + 4]
        places = [begin.index(term) for term in subject if term in begin]
        if len(places) < len(subject):
            return False
        first = min(places)
        if not _STEMMED_STOP_WORDS.issuperset(held[:first]) and f"({begin[first]})" not in sentence.lower():
            return False
        after = held[max(places) + 1 : max(places) + 5]
        return any(a in _COPULA and b not in _NO_MEANING for a, b in pairwise(after))

    def headed_by(self, heading: Collection[str]) -> float:
        """How well a heading, given by its stems, names the subject and nothing else: from 0 to 1."""
        shared = len(self.subject.intersection(heading))
        return 2 * shared / (len(heading) + len(self.subject)) if shared else 0.0


def question_of(text: str) -> Question:
    """Take a question apart; any text will do."""
    contents = content_words(text)
    named = _named(text)
    terms: dict[str, float] = {}
    for word in contents[:60]:
        key = stem(word)
        importance = 1.4 if key in named else 0.5 if key in _LOW else 1.0
        terms[key] = max(importance, terms.get(key, 0.0))
    order = words(text)
    kept = set(contents)
    pairs = tuple((stem(a), stem(b)) for a, b in pairwise(order) if a in kept and b in kept)
    return Question(terms, frozenset(named & set(terms)), pairs, _kind(text))


def _kind(text: str) -> Asked:
    plain = " ".join(text.lower().split())
    return next((kind for kind, pattern in _KINDS if re.search(pattern, plain)), Asked.ANYTHING)


def _named(text: str) -> set[str]:
    """Stems of names, identifiers and numbers: capitalised words other than the first, code, digits."""
    named = {s for identifier in identifiers(text) for s in stems(identifier)}
    for position, token in enumerate(re.findall(r"[\w'’-]+", text)):
        capital = position > 0 and token[0].isupper()
        if capital or token.isdigit() or any(c.isdigit() or c.isupper() for c in token[1:]):
            named.update(stem(w) for w in words(token) if w not in STOP_WORDS and (len(w) > 1 or w.isdigit()))
    return named
