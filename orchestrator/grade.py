"""Does an answer say what the reference says? Pure comparison: words, numbers, days, yes or no, lettered choices.

It would rather call a right answer unsolved than a wrong one solved: a longer answer counts only where what it
concludes with is beyond doubt. What it calls unsolved for want of understanding it marks as not decisive, so that a
judge can be asked.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from orchestrator.quantity import Number, days, folded, numbers
from orchestrator.trajectory import Outcome, Verdict

RELATIVE_TOLERANCE: Final = Decimal("1e-6")
"""Two numbers are the same when they differ by no more than this part of the reference."""

_LEAD_IN: Final = re.compile(
    r"^(?:so |thus |therefore |hence )?"
    r"(?:(?:the|my) (?:final |correct |right )?answer(?: is|:)|(?:it|this|that)(?: is|'s))\s+"
)
_CHOICE: Final = re.compile(
    r"\s*(?:(?:the\s+)?(?:correct\s+|right\s+|final\s+)?(?:answer|option|choice)\b(?:\s*(?:is\b|:))?\s*)*"
    r"(?:[(\[](?P<inside>[A-Za-z])[)\]].*|(?P<bare>[A-Za-z])(?:[.):,]\s.*|\.?))\s*",
    re.DOTALL | re.IGNORECASE,
)
_UNIT_BEHIND: Final = re.compile(r"\s?(?:(?:[^\W\d_]|[°²³/·.])+(?:\s(?:[^\W\d_]|[°²³/·.])+)?)?\s*")
_DENIALS: Final = frozenset(
    ["not", "no", "never", "neither", "nor", "cannot", "unlikely", "except", "without", "wrong", "incorrect", "false"]
)
_HEDGES: Final = frozenset(
    [
        "or",
        "either",
        "between",
        "maybe",
        "perhaps",
        "possibly",
        "might",
        "could",
        "than",
        "but",
        "instead",
        "rather",
        "least",
        "unknown",
    ]
)
_CONCLUDING: Final = frozenset(
    ["is", "was", "are", "were", "be", "by", "called", "named", "namely", "equals", "answer", "s", "as"]
)
"""Words between which and the edge of a sentence stands what it concludes."""
_ARTICLES: Final = frozenset(("a", "an", "the"))
_UNIT: Final = re.compile(r"\s?(?:thousand|million|billion|trillion)?\s?([^\W\d_]+)", re.IGNORECASE)
_UNREAD_NUMBER: Final = re.compile(
    r"[\\^×·√∛π∞‰²³¹⁰⁴-⁹½¼¾⅓⅔]|\d\s?[a-z](?![a-z])|\d!|[\d)]\s?(?:[-−–+:]|\*{1,2})\s?[\d(]|"
    r"\b(?:half|halves|third|quarter|dozen|score|hundred|lakh|crore|cent|pence|pi|sqrt|root|log|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)s?\b",
    re.IGNORECASE,
)
"""Signs and words that change what a number says, and that no comparison of figures understands."""
_MOST_WORDS_AROUND: Final = 12
LEAST_WORDS_AROUND: Final = 6
"""Words that a sentence has beside the reference it mentions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the reference says of an answer, and whether it can be left at that."""

    outcome: Outcome
    decisive: bool
    """Whether the comparison understood both; otherwise a judge may see it differently."""


def grade(answer: str | None, reference: str | None) -> Outcome:
    """Solved or unsolved by the reference, with the reason in words; ungraded where there is no reference."""
    return finding(answer, reference).outcome


def finding(answer: str | None, reference: str | None) -> Finding:
    """The same, with whether it is decisive. Without a reference nothing is to be decided."""
    if reference is None or not reference.strip():
        return Finding(Outcome(), decisive=True)
    if answer is None or not answer.strip():
        return Finding(Outcome(Verdict.UNSOLVED, "reference", "there is no answer"), decisive=True)
    for compare in _COMPARISONS:
        found = compare(answer.strip(), reference.strip())
        if found is not None:
            verdict = Verdict.SOLVED if found.same else Verdict.UNSOLVED
            return Finding(Outcome(verdict, "reference", found.reason), found.decisive)
    said = f"the answer does not match the reference {reference.strip()!r}"
    outcome = Outcome(Verdict.UNSOLVED, "reference", said)
    if _mentions(answer, reference):
        outcome = Outcome(reason="the answer mentions the reference but says more; a person has to judge")
    return Finding(outcome, decisive=False)


class _Match(NamedTuple):
    same: bool
    reason: str
    decisive: bool = True


def _by_words(answer: str, reference: str) -> _Match | None:
    """Equal once case, spaces, punctuation, articles and a lead-in such as "the answer is" are gone."""
    if answer == reference:
        return _Match(True, "the answer is the reference")
    if _is_number(reference):
        return None
    wanted = _plain(reference)
    if wanted and wanted in (_plain(answer), _plain(_LEAD_IN.sub("", folded(answer)))):
        return _Match(True, "the answer matches the reference")
    return None


def _by_yes_or_no(answer: str, reference: str) -> _Match | None:
    """The first word decides."""
    wanted = _plain(reference)
    if wanted not in ("yes", "no"):
        return None
    first = _plain(_LEAD_IN.sub("", folded(answer))).partition(" ")[0]
    said = f"the answer begins with {first!r}; the reference is {wanted!r}"
    return _Match(first == wanted, said, decisive=first in ("yes", "no"))


def _by_letter(answer: str, reference: str) -> _Match | None:
    """The letter of a lettered choice: `B`, `(B)`, `B. Lyon`, `the answer is B`."""
    wanted = re.fullmatch(r"[(\[]?([A-Za-z])[)\].]?", reference)
    given = _CHOICE.fullmatch(answer) if wanted else None
    if wanted is None or given is None:
        return None
    letter, right = (given["inside"] or given["bare"]).upper(), wanted[1].upper()
    return _Match(letter == right, f"choice {letter}, {'as in the reference' if letter == right else f'not {right}'}")


def _by_day(answer: str, reference: str) -> _Match | None:
    """The same day, however it is written. An answer with several days counts by its last."""
    said, wanted = folded(answer), days(folded(reference))
    if len(wanted) != 1 or wanted[0].end - wanted[0].start < len(folded(reference).strip(" .")):
        return None
    given = days(said)
    if not given:
        return _Match(False, f"the answer names no day; the reference is {wanted[0].day.isoformat()}", decisive=False)
    if doubt := _doubt(said, given[-1].start):
        return _Match(False, doubt, decisive=False)
    same = given[-1].day == wanted[0].day
    told = f"{given[-1].day.isoformat()} is {'' if same else 'not '}the day of the reference"
    return _Match(same, told, decisive=same or all(each.day != wanted[0].day for each in given))


def _by_number(answer: str, reference: str) -> _Match | None:
    """The same number within the tolerance: the answer's only number, or the one that it ends with."""
    if not _is_number(reference):
        return None
    wanted = numbers(reference)[0]
    stated = re.search(r"\banswer(?:\s+is|\s*:|\s*=)(.*)", answer, re.DOTALL | re.IGNORECASE)
    given = numbers(answer)
    if not given:
        return _Match(False, f"the answer holds no number; the reference is {reference}", decisive=False)
    first = [number for number in given if stated and number.start >= stated.start(1)][:1]
    said = first[0] if first else given[-1]
    if doubt := _doubt(answer, said.start):
        return _Match(False, doubt, decisive=False)
    same = said.matches(wanted, RELATIVE_TOLERANCE)
    told = f"{_shown(said.value)} is {'' if same else 'not '}the number of the reference"
    return _Match(same, told, decisive=same or _plainly_differs(answer, given, reference, wanted))


def _plainly_differs(answer: str, given: Sequence[Number], reference: str, wanted: Number) -> bool:
    """Whether no number of the answer can be the wanted one in another unit, notation or place of the text."""
    if _UNREAD_NUMBER.search(answer) or _UNREAD_NUMBER.search(reference):
        return False
    named = _UNIT.match(reference, wanted.end)
    if wanted.unit is None and named is not None and named[1].casefold() not in answer.casefold():
        return False
    return all(each.unit == wanted.unit and not each.matches(wanted, RELATIVE_TOLERANCE) for each in given)


def _by_conclusion(answer: str, reference: str) -> _Match | None:
    """A short sentence that begins or ends with the reference, next to "is" or the like, and doubts nothing."""
    wanted, given = _plain(reference).split(), _plain(answer).split()
    if not wanted or len(given) > len(wanted) + _MOST_WORDS_AROUND or _doubt(answer, 0):
        return None
    if len("".join(wanted)) < 3 and not answer.rstrip(" .!").endswith(reference):
        return None
    size = len(wanted)
    at_end = len(given) > size and given[-size:] == wanted and given[-size - 1] in _CONCLUDING
    at_start = len(given) > size and given[:size] == wanted and given[size] in _CONCLUDING
    return _Match(True, "the answer concludes with the reference") if at_end or at_start else None


def _mentions(answer: str, reference: str) -> bool:
    """Whether a whole sentence, not a mere name or list, holds the words of the reference and doubts nothing."""
    wanted, given = _plain(reference), _plain(answer)
    long_enough = len(given.split()) >= len(wanted.split()) + LEAST_WORDS_AROUND
    return len(wanted) > 2 and long_enough and f" {wanted} " in f" {given} " and not _doubt(answer, 0)


_COMPARISONS: Final[tuple[Callable[[str, str], _Match | None], ...]] = (
    _by_words,
    _by_yes_or_no,
    _by_letter,
    _by_day,
    _by_number,
    _by_conclusion,
)


def _plain(text: str) -> str:
    """The words alone, without articles. Signs that carry meaning, as in C++ and C#, stay."""
    words = re.findall(r"[\w+#%]+", folded(text))
    return " ".join(word for word in words if word not in _ARTICLES) or " ".join(words)


def _doubt(text: str, place: int) -> str | None:
    """Why what stands at that place of a text does not count: its sentence, or what follows, denies or hedges it."""
    start = max((end.end() for end in re.finditer(r"[.!?;:]\s|\n", text[:place])), default=0)
    said = folded(text[start:])
    words = set(re.findall(r"[a-z]+", said))
    if "n't" in said or words & _DENIALS:
        return "the answer denies something, so it does not count"
    return "the answer leaves several open, so it does not count" if words & _HEDGES else None


def _is_number(reference: str) -> bool:
    """Whether a reference is one number, maybe with a currency before it and a short unit behind it."""
    found = numbers(reference)
    if len(found) != 1:
        return False
    before, after = reference[: found[0].start], reference[found[0].end :]
    scale = re.sub(r"^\s?(?:[eE][-+]?\d+|[/⁄]\s?\d+(?:\.\d+)?)", "", after)
    return not before.strip(" $€£~≈=+-−–") and bool(_UNIT_BEHIND.fullmatch(scale))


def _shown(value: Decimal) -> str:
    return f"{value:,f}" if abs(value.adjusted()) < 15 else f"{value:.6e}"
