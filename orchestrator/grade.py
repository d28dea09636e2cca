"""Does an answer say what the reference says? Pure comparison: words, numbers, dates and lettered choices.

It would rather call a right answer unsolved than a wrong one solved: a long answer counts only where what it concludes
with is beyond doubt.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Final

from orchestrator.trajectory import Outcome, Verdict

RELATIVE_TOLERANCE: Final = Decimal("1e-6")
"""Two numbers are the same when they differ by no more than this part of the reference."""

_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<sign>[-+−–]?)\s?[$€£]?(?P<body>\d{1,3}(?:[,\u202f\u00a0 ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<exponent>[-+]?\d{1,3})(?!\w))?(?:\s?/\s?(?P<below>\d+(?:\.\d+)?))?(?P<percent>\s?(?:%|per\s?cent\b))?"
)
_MONTHS: Final = (
    "january february march april may june july august september october november december".split()
)
_DATE_FORMS: Final = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>[a-z]{3,9})\.?,?\s+(?P<year>\d{4})"),
    re.compile(r"(?P<month>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"),
)
_CHOICE: Final = re.compile(
    r"\s*(?:(?:the\s+)?(?:correct\s+)?(?:answer|option|choice)\s*(?:is|:)?\s*)*[(\[]?(?P<letter>[A-Za-z])[)\]]?"
    r"(?:[.):]\s.*|\.?)\s*",
    re.DOTALL,
)
_LEAD_IN: Final = re.compile(
    r"^(?:so |thus |therefore |hence )?(?:(?:the|my) (?:final |correct |right )?answer(?: is|:)|(?:it|this|that) is|it s)\s+"
)
_NEGATION: Final = frozenset("not no never neither nor isn aren wasn weren cannot unlikely except without".split())
_ARTICLES: Final = frozenset(("a", "an", "the"))


def grade(answer: str | None, reference: str | None) -> Outcome:
    """Solved or unsolved by the reference, with the reason in words; ungraded where there is no reference."""
    if reference is None or not reference.strip():
        return Outcome()
    if answer is None or not answer.strip():
        return Outcome(Verdict.UNSOLVED, "reference", "there is no answer")
    for compare in _COMPARISONS:
        found = compare(answer, reference)
        if found is not None:
            same, reason = found
            return Outcome(Verdict.SOLVED if same else Verdict.UNSOLVED, "reference", reason)
    return Outcome(Verdict.UNSOLVED, "reference", f"the answer does not match the reference {reference.strip()!r}")


def _by_words(answer: str, reference: str) -> tuple[bool, str] | None:
    """Equal once case, spaces, punctuation, articles and a lead-in such as "the answer is" are gone."""
    if _is_number(reference):
        return None
    wanted = _plain(reference)
    if wanted and wanted in (_plain(answer), _plain(_LEAD_IN.sub("", _folded(answer)))):
        return True, "the answer matches the reference"
    return None


def _by_letter(answer: str, reference: str) -> tuple[bool, str] | None:
    """The letter of a lettered choice: `B`, `(B)`, `B. Lyon`, `the answer is B`."""
    wanted = re.fullmatch(r"\s*[(\[]?([A-Za-z])[)\].]?\s*", reference)
    if wanted is None:
        return None
    given = _CHOICE.fullmatch(answer)
    if given is None:
        return False, f"the answer names no single choice; the reference is {wanted[1].upper()}"
    letter = given["letter"].upper()
    same = letter == wanted[1].upper()
    return same, f"choice {letter}, as in the reference" if same else f"choice {letter}, not {wanted[1].upper()}"


def _by_date(answer: str, reference: str) -> tuple[bool, str] | None:
    """The same day, however it is written. An answer with several days counts by its last, if nothing is denied."""
    wanted = _dates(reference)
    if len(wanted) != 1 or _plain(_without_dates(reference)):
        return None
    given = _dates(answer)
    if not given:
        return False, f"the answer names no day; the reference is {wanted[0].isoformat()}"
    if _denies(answer):
        return False, "the answer denies something, so the day in it does not count"
    same = given[-1] == wanted[0]
    return same, f"{given[-1].isoformat()} is {'' if same else 'not '}the day of the reference"


def _by_number(answer: str, reference: str) -> tuple[bool, str] | None:
    """The same number within the tolerance: the answer's only number, or the one that it ends with."""
    if not _is_number(reference):
        return None
    wanted = _numbers(reference)[0]
    given = _numbers(answer)
    if not given:
        return False, f"the answer holds no number; the reference is {reference.strip()}"
    if _denies(answer):
        return False, "the answer denies something, so the number in it does not count"
    said = given[-1]
    same = _close(said, wanted)
    return same, f"{said:f} is {'' if same else 'not '}the number of the reference"


def _by_conclusion(answer: str, reference: str) -> tuple[bool, str] | None:
    """A short sentence that holds the reference as whole words, denies nothing and offers no other."""
    wanted, given = _plain(reference).split(), _plain(answer).split()
    if not wanted or len(given) > len(wanted) + 12 or len("".join(wanted)) < 3:
        return None
    hedges = {"or", "either", "maybe", "perhaps", "possibly", "instead", "rather", "but", "than", "might", "could"}
    if _denies(answer) or hedges & set(given) - set(wanted):
        return None
    places = [place for place in range(len(given)) if given[place : place + len(wanted)] == wanted]
    ends = [place for place in places if place + len(wanted) == len(given)]
    starts = [place for place in places if place == 0 and given[len(wanted)] in _CONCLUDING] if not ends else []
    if not ends and not starts:
        return None
    # "New York" must not be found in "West New York", nor "Paris" in "the mayor of Paris".
    before = given[ends[0] - 1] if ends and ends[0] > 0 else "is"
    return (True, "the answer ends in the reference") if before in _CONCLUDING else None


_CONCLUDING: Final = frozenset("is was are were be by called named namely equals answer s as".split())
"""Words after which, or before which, a sentence states what it concludes."""

_COMPARISONS: Final[tuple[Callable[[str, str], tuple[bool, str] | None], ...]] = (
    _by_letter,
    _by_words,
    _by_date,
    _by_number,
    _by_conclusion,
)


def _folded(text: str) -> str:
    """Lower case, without accents, one kind of each sign, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.replace("−", "-").replace("’", "'").split())


def _plain(text: str) -> str:
    """The words alone, without articles. Signs that carry meaning, as in C++ and C#, stay."""
    words = re.findall(r"[\w+#%]+", _folded(text))
    return " ".join(word for word in words if word not in _ARTICLES) or " ".join(words)


def _denies(text: str) -> bool:
    return not _NEGATION.isdisjoint(re.findall(r"[a-z]+", _folded(text)))


def _is_number(reference: str) -> bool:
    """Whether a reference is one number, maybe with a currency before it and a short unit behind it."""
    found = list(_NUMBER.finditer(reference.strip()))
    if len(found) != 1:
        return False
    before, after = reference.strip()[: found[0].start()], reference.strip()[found[0].end() :]
    return not before.strip(" $€£~≈=") and bool(re.fullmatch(r"\s*(?:[^\W\d_]|[°²³/·.\s]){0,24}", after))


def _numbers(text: str) -> list[Decimal]:
    values = (_value(match) for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)))
    return [value for value in values if value is not None]


def _value(match: re.Match[str]) -> Decimal | None:
    try:
        value = Decimal(re.sub(r"[^\d.]", "", match["body"])) * Decimal(10) ** int(match["exponent"] or 0)
        value = value / Decimal(match["below"]) if match["below"] else value
    except (InvalidOperation, DivisionByZero):
        return None
    return -value if match["sign"] in ("-", "−", "–") and match["sign"] else value


def _close(given: Decimal, wanted: Decimal) -> bool:
    return abs(given - wanted) <= abs(wanted) * RELATIVE_TOLERANCE


def _dates(text: str) -> list[date]:
    folded = _folded(text)
    found = sorted((match.start(), day) for form in _DATE_FORMS for match in form.finditer(folded) if (day := _day(match)))
    return [day for _, day in found]


def _without_dates(text: str) -> str:
    folded = _folded(text)
    for form in _DATE_FORMS:
        folded = form.sub(" ", folded)
    return folded


def _day(match: re.Match[str]) -> date | None:
    month = match["month"]
    named = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(month)] if not month.isdigit() else []
    try:
        return date(int(match["year"]), int(month) if month.isdigit() else named[0], int(match["day"]))
    except (ValueError, IndexError):
        return None


def _unused(_: Iterable[str]) -> None: ...
