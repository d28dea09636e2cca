"""Numbers and days as people write them, read from text. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Final

_SCALES: Final = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<sign>[-+−–]?)[ ]?[$€£]?(?P<body>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<exponent>[-+]?\d{1,3})(?!\w))?(?:\s?[/⁄]\s?(?P<below>\d+(?:\.\d+)?))?"
    rf"(?:\s?(?P<scale>{'|'.join(_SCALES)})\b)?\s?(?P<unit>%|per\s?cent\b|°\s?[CF]\b|[^\W\d_]+(?:/[^\W\d_]+)?)?",
    re.IGNORECASE,
)
_GROUPED: Final = re.compile(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_UNITS: Final = (
    "% percent",
    "mm millimetre millimetres millimeter millimeters",
    "cm centimetre centimetres centimeter centimeters",
    "m metre metres meter meters",
    "km kilometre kilometres kilometer kilometers",
    "mi mile miles",
    "ft foot feet",
    "mg milligram milligrams",
    "g gram grams",
    "kg kilogram kilograms",
    "lb lbs pound pounds",
    "s sec second seconds",
    "min minute minutes",
    "h hr hour hours",
    "day days",
    "week weeks",
    "month months",
    "year years",
    "°c celsius",
    "°f fahrenheit",
    "k kelvin kelvins",
    "km/h kmh kph",
    "m/s",
)
_UNIT_OF: Final = {name: units.split()[0] for units in _UNITS for name in units.split()}

_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_DAYS: Final = (
    re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"),
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>[a-z]{3,9})\.?,?\s+(?P<year>\d{4})(?!\d)"
    ),
    re.compile(r"\b(?P<month>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})(?!\d)"),
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text, its unit where that is a known one, and where it stands."""

    value: Decimal
    unit: str | None
    start: int
    end: int

    def matches(self, other: "Number", tolerance: Decimal) -> bool:
        """Equal within a part `tolerance` of the other, whole numbers exactly, and not in another unit."""
        if self.unit and other.unit and self.unit != other.unit:
            return False
        if _is_whole(self.value) and _is_whole(other.value):
            return self.value == other.value
        return abs(self.value - other.value) <= abs(other.value) * tolerance


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


@dataclass(frozen=True, slots=True)
class Day:
    """A day in a text, and where it stands."""

    day: date
    start: int
    end: int


def folded(text: str) -> str:
    """Lower case without accents, with one kind of minus, apostrophe and space."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.replace("−", "-").replace("’", "'").split())


def numbers(text: str) -> list[Number]:
    """Every number: thousands separators, signs, exponents, fractions a/b, million, % and known units."""
    found = (_number(match) for match in _NUMBER.finditer(_GROUPED.sub("", text)))
    return [number for number in found if number is not None]


def _number(match: re.Match[str]) -> Number | None:
    try:
        value = Decimal(re.sub(r"[^\d.]", "", match["body"])).scaleb(int(match["exponent"] or 0))
        value = value / Decimal(match["below"]) if match["below"] else value
    except (InvalidOperation, DivisionByZero):
        return None
    scale = _SCALES.get((match["scale"] or "").lower(), 0)
    written = (match["unit"] or "").casefold().replace(" ", "")
    unit = _UNIT_OF.get(written)
    negative = match["sign"] in ("-", "−", "–") and match["sign"] != ""
    value = value.scaleb(scale)
    return Number(-value if negative else value, unit, match.start("body"), match.end("unit" if unit else "body"))


def days(text: str) -> list[Day]:
    """Every day in a folded text: 1776-07-04, 4 July 1776, July 4th, 1776. In the order in which they stand."""
    found = [
        Day(day, match.start(), match.end())
        for form in _DAYS
        for match in form.finditer(text)
        if (day := _day(match)) is not None
    ]
    return sorted(found, key=lambda each: each.start)


def _day(match: re.Match[str]) -> date | None:
    month = match["month"]
    named = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(month[:9])]
    try:
        return date(int(match["year"]), int(month) if month.isdigit() else named[0], int(match["day"]))
    except (ValueError, IndexError):
        return None
