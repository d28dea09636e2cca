"""The kind of thing that a question asks for, and how to see whether a sentence holds one."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final


class Asked(StrEnum):
    """The kind of thing that answers a question."""

    DATE = "date"
    NAME = "name"
    PLACE = "place"
    NUMBER = "number"
    EXTENT = "extent"
    PORT = "port"
    ADDRESS = "address"
    DEFAULT = "default"
    FAILURE = "failure"
    RETURN = "return"
    MODULE = "module"
    MEANING = "meaning"
    WAY = "way"
    ANYTHING = "anything"


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_COUNTS = (
    "no|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundred|"
    "thousand|million|billion|unlimited|infinite|dozen|half|once|twice"
)
_UNITS = (
    "octets?|bytes?|bits?|characters?|chars?|digits?|letters?|words?|lines?|items?|entries|[kmg]i?b|[kmg]ilobytes?|"
    "megabytes?|gigabytes?|(?:kilo|centi|milli|nano|micro)?met(?:re|er)s?|[kcmn]?m|feet|foot|ft|inch(?:es)?|miles?|km2|km²|"
    "(?:milli|micro|nano)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|m?s|grams?|kilograms?|kg|tonnes?|tons?|"
    "degrees?|hectares?|acres?|light-years?|au|pages?|percent|pixels?"
)
_PATTERNS: Final[Mapping[Asked, re.Pattern[str]]] = {
    Asked.DATE: re.compile(
        r"(?<!RFC )(?<!RFC)\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,4} ?(?:BC|BCE|AD|CE)\b|\b\d{1,2}(?:st|nd|rd|th) century\b|"
        rf"\b(?:{_MONTHS}) \d|(?:[Vv]ersion|[Ii]n|[Ss]ince|Python|release) \d+\.\d+\b"
    ),
    Asked.NAME: re.compile(
        r"\b(?!(?:The|A|An|In|If|It|This|That|On|At|For) )(?:[A-Z][\w'’-]*[a-z][\w’]*|[A-Z]\.)"
        r"(?: (?:[A-Z]\.|van|von|de|der|la|du|di|da|bin|al|le))* [A-Z][\w'’-]*[a-z][\w’]*|"
        r"\bby (?:the )?[A-Z][\w'’-]+|"
        r"^(?!(?:It|This|That|There|The|These|Those|He|She|They|What|Which) )[A-Z][\w'’-]+ "
        r"(?:was|is|were|and|wrote|made|built|led|[a-z]{3,}ed)\b"
    ),
    Asked.PLACE: re.compile(rf"\b(?:in|at|near|from|of) (?:the )?(?!(?:{_MONTHS})\b)[A-Z][\w'’-]+"),
    Asked.NUMBER: re.compile(
        r"(?<!section )(?<!rfc )(?<!version )(?<!\[)(?<![\w.])(?:0x[0-9a-f]+|[\d][\d.,]*)(?!\w*\])|"
        rf"\b(?:{_COUNTS})\b",
        re.IGNORECASE,
    ),
    Asked.EXTENT: re.compile(rf"(?<![\w.])(?:\d[\d.,]*|{_COUNTS})[ -]?(?:\w+ )?(?:{_UNITS})\b", re.IGNORECASE),
    Asked.PORT: re.compile(
        r"\bports?\b\W+(?:(?!\d)[\w-]+\W+){0,5}?\d{1,5}\b|\b\d{1,5}\W+(?:\w+\W+){0,3}?ports?\b", re.IGNORECASE
    ),
    Asked.ADDRESS: re.compile(r"\b\d+\.\d+\.\d+|[0-9a-f]*::?[0-9a-f]*:?[0-9a-f]|0x[0-9a-f]|\bFF", re.IGNORECASE),
    Asked.DEFAULT: re.compile(r"\bdefault|\w=(?!=)|\bif (?:omitted|not (?:given|specified))\b", re.IGNORECASE),
    Asked.FAILURE: re.compile(
        r"\b[A-Za-z_]\w*(?:Error|Exception|Warning|Exit|Iteration|Interrupt|Expired)\b|\berrno\b"
    ),
    Asked.MODULE: re.compile(r"\b(?:modules?|library|package)\b", re.IGNORECASE),
    Asked.RETURN: re.compile(r"\b(?:return|yield|result|produce|give)|->|→|\b(?:true|false|none)\b", re.IGNORECASE),
}
"""How to recognise each kind where that is possible."""

_DIMENSION = (
    "population|area|speed|size|limit|atomic number|boiling point|melting point|number|opcode|value|range|density|"
    "temperature|age"
)
_KINDS: Final = (
    (Asked.WAY, r"^how (?:(?:do|can|could|should|would|must) (?:i|we|you|one)|to)\b"),
    (
        Asked.DATE,
        r"\b(?:what|which) (?:\w+ )?(?:year|date|day|century|decade|version|release)\b|since when\b|"
        r"^(?:and )?when (?:was|were|did|has|have|is)\b",
    ),
    (Asked.PLACE, r"^where (?:was|were|did|does|is)\b.*\b(?:born|die|died|live|lived|buried|from|located)\b"),
    (Asked.NAME, r"^(?:and )?who(?:se|m)?\b(?! (?:is|are) an? )|\bby whom\b"),
    (Asked.PORT, r"\b(?:which|what)\b.*\bports?\b|\bport (?:number )?(?:of|for|does|is)\b"),
    (
        Asked.ADDRESS,
        r"^(?:what is|what's|which)(?: is)? (?:the |an? )?(?:[\w-]+ ){0,3}"
        r"(?:multicast|loopback|broadcast|ip\w*) address",
    ),
    (Asked.DEFAULT, r"\bdefault(?:s|ed)?\b|\bby default\b"),
    (
        Asked.EXTENT,
        r"\bhow (?:long|large|big|far|old|high|tall|heavy|wide|deep)\b|"
        r"\bhow many (?:\w+ )?(?:bits|bytes|octets)\b|"
        r"^what(?: is|'s|’s) the (?:[\w/-]+ ){0,4}(?:height|length|mass|weight|diameter|radius|distance|width|depth)\b",
    ),
    (Asked.FAILURE, r"\b(?:what|which) (?:exception|error)s?\b|\b(?:raise|throw)s?\b"),
    (
        Asked.NUMBER,
        r"\bhow (?:many|much|hot|cold|fast|often)\b|"
        r"\b(?:what|which) (?:percentage|fraction|number of)\b|"
        rf"^what(?: is|'s|’s) the (?!range of)(?:[\w/-]+ ){{0,4}}(?:{_DIMENSION})\b|"
        r"^what(?: is|'s|’s) the (?:maximum|minimum|largest|smallest|longest)\b",
    ),
    (Asked.MODULE, r"\b(?:which|what) (?:\w+ ){0,2}(?:module|library|package)\b"),
    (Asked.RETURN, r"\bwhat (?:does|do|is|will)\b.*\b(?:return|returned|yield)\b"),
    (
        Asked.MEANING,
        r"^(?:what|who) (?:is|are|was|were) (?:an? |the )?(?:(?!of |for |to )\S+ ?){1,6}\??$|"
        r"^what (?:does|do|is) (?:the |an? )?(?:\S+ ){1,7}?(?:do|mean|stand for|provide|define|indicate|contain|"
        r"request|good for|used for|for)\b|^(?:define|explain|describe)\b|"
        r"^what(?: is|'s|’s) the (?:purpose|meaning|definition|role|function|use|point) of\b",
    ),
)
_BOUND = re.compile(
    r"\bmax\w*|\bat most\b|\bup to\b|\blimit\w*|\bno (?:more|longer|larger|greater) than\b|\bexceed|"
    r"\bor (?:less|fewer)\b|\brestricted\b|\blargest\b|\blongest\b|\bgreatest\b|\bhighest\b|"
    r"\b(?:un)?bounded\b|\bmost\b|\bunlimited\b|<=|≤|"
    r"\b(?:more|longer|larger|greater) than\b|\binfinite\b|\bfixed\b",
    re.IGNORECASE,
)
_FLOOR = re.compile(
    r"\bmin\w*|\bat least\b|\bno (?:less|fewer|shorter|smaller) than\b|\bsmallest\b|\bshortest\b|\blowest\b|"
    r"\bor (?:more|greater)\b|\b(?:less|fewer|smaller|shorter) than\b|>=|≥|\bor greater\b|\bleast\b",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"\bevery\b|\bper\b|\bonce\b|\btwice\b|\btimes\b|\binterval|\bperiod|\bdaily\b")
_MOST_ASKED = r"\b(?:maxim\w+|max|largest|longest|greatest|at most)\b|\bhow (?:long|large|big|many)\b.* (?:may|can)\b"
_LIMITS: Final = (
    (re.compile(_MOST_ASKED), _BOUND),
    (re.compile(r"\bhow often\b"), _REPEATED),
    (re.compile(r"\bpercent|\bfraction\b"), re.compile(r"%|\bpercent|\bfraction|\bhalf\b|\bthird|\bquarter")),
    (re.compile(r"\b(?:minim\w+|min|smallest|shortest|least|at least)\b"), _FLOOR),
)  # fmt: skip


def asked_by(question: str) -> Asked:
    """The kind of thing that a question asks for."""
    plain = " ".join(question.lower().split())
    return next((kind for kind, pattern in _KINDS if re.search(pattern, plain)), Asked.ANYTHING)


def things(asked: Asked, sentence: str) -> Iterator[str] | None:
    """What in a sentence is of the kind asked for; None where that cannot be seen."""
    pattern = _PATTERNS.get(asked)
    return (match[0] for match in pattern.finditer(sentence)) if pattern is not None else None


def limits_asked(question: str) -> Callable[[str], bool]:
    """A test whether a sentence speaks of a most or a least as the question does; always true where that does not."""
    plain = question.lower()
    patterns = [told for asking, told in _LIMITS if asking.search(plain)]
    return lambda sentence: all(pattern.search(sentence) for pattern in patterns)
