"""Dates and units: calendars, clocks and exact conversions."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.corpus import article_id
from orchestrator.rehearsal.fact_table import facts
from orchestrator.rehearsal.tasks.task import PRINT_NUMBER, Task, decimal, near, plausible

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

DAY_NUMBER = """def day_number(y, m, d):
    if m < 3:
        y -= 1
        m += 12
    return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m - 457) // 5 + d
"""
"""Python of the programs: days since a fixed day of the Gregorian calendar, in plain arithmetic."""


def dates_units() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("dates and units")
    yield from _clocks(dice)
    yield from _conversions(dice)
    yield from _weekdays(dice)
    yield from _spans(dice)
    yield from _later_dates(dice)
    yield from _double_conversions(dice)


def _task(
    name: str,
    difficulty: int,
    question: str,
    reference: str,
    wrong: list[str],
    program: str,
    needs_document: tuple[str, ...] = (),
    phrase: str | None = None,
) -> Task:
    return Task(
        f"dates_units/{name}",
        "dates_units",
        difficulty,
        question,
        reference,
        plausible(reference, wrong),
        phrase or f"calendar {name.split('/', maxsplit=1)[0]}",
        needs_document,
        program=program,
        needs_program=difficulty > 1,
    )


def _day(dice: Dice, low: int, high: int) -> date:
    return date(dice.between(low, high), 1, 1) + timedelta(days=dice.between(0, 364))


def _written(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _clocks(dice: Dice) -> Iterator[Task]:
    wordings = (
        "A concert begins at {start} and lasts {minutes} minutes. At what time does it end?",
        "What time is it {minutes} minutes after {start}?",
        "A train leaves at {start} and arrives {minutes} minutes later. When does it arrive?",
    )
    for number in range(24):
        start, minutes = dice.between(6 * 60, 20 * 60), dice.between(65, 215)
        shown = [_clock(start + minutes + slip) for slip in (0, 10, -10, 60, -60)]
        question = wordings[number % 3].format(start=_clock(start), minutes=minutes)
        program = f't = {start // 60} * 60 + {start % 60} + {minutes}\nprint(f"{{t // 60 % 24:02d}}:{{t % 60:02d}}")'
        yield _task(f"time-of-day/{start}-{minutes}", 1, question, shown[0], shown[1:], program)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _conversions(dice: Dice) -> Iterator[Task]:
    units = [unit for unit in facts("units") if Fraction(1, 1000) <= Fraction(unit["factor"]) < 10**8]
    for number in range(34):
        unit = units[number % len(units)]
        count = dice.between(3, 60)
        value = count * Fraction(unit["factor"])
        if (value * 10**6).denominator != 1:
            continue
        question = (
            f"How many {unit['bases']} are {count} {unit['plural']}?",
            f"Convert {count} {unit['plural']} to {unit['bases']}.",
        )[number % 2]
        program = f"x = {count} * {unit['factor']}\n{PRINT_NUMBER}"
        needed = (article_id("units", unit["name"]),)
        phrase = f"{unit['name']} {unit['bases']} exactly"
        name = f"conversion/{unit['name'].replace(' ', '-')}-{count}"
        yield _task(name, 1, question, decimal(value), near(value), program, needed, phrase)


def _weekdays(dice: Dice) -> Iterator[Task]:
    wordings = ("On which day of the week did {day} fall?", "Which day of the week was {day}?")
    for number in range(30):
        day = _day(dice, 1800, 2020)
        reference = WEEKDAYS[day.weekday()]
        wrong = [WEEKDAYS[(day.weekday() + slip) % 7] for slip in (1, 6, 2)]
        program = (
            f"{DAY_NUMBER}names = {list(WEEKDAYS)}\n"
            f"print(names[(day_number({day.year}, {day.month}, {day.day}) - day_number(2024, 1, 1)) % 7])"
        )
        question = wordings[number % 2].format(day=_written(day))
        yield _task(f"weekday/{day.isoformat()}", 2, question, reference, wrong, program)


def _spans(dice: Dice) -> Iterator[Task]:
    for number in range(30):
        first = _day(dice, 1850, 2010)
        last = first + timedelta(days=dice.between(40, 9000))
        days = (last - first).days
        question = (
            f"How many days are there from {_written(first)} to {_written(last)}, counting only one of the two days?",
            f"How many days after {_written(first)} was {_written(last)}?",
        )[number % 2]
        program = (
            f"{DAY_NUMBER}print(day_number({last.year}, {last.month}, {last.day})"
            f" - day_number({first.year}, {first.month}, {first.day}))"
        )
        name = f"days-between/{first.isoformat()}-{last.isoformat()}"
        yield _task(name, 2, question, str(days), near(days), program)


def _later_dates(dice: Dice) -> Iterator[Task]:
    for _ in range(22):
        first, days = _day(dice, 1850, 2010), dice.between(100, 5000)
        shown = [(first + timedelta(days=days + slip)).isoformat() for slip in (0, 1, -1, 2)]
        question = f"Which date is {days} days after {_written(first)}? Write it as YYYY-MM-DD."
        program = (
            f"{DAY_NUMBER}target = day_number({first.year}, {first.month}, {first.day}) + {days}\n"
            f"y, m = {first.year}, 1\n"
            "while day_number(y + 1, 1, 1) <= target:\n    y += 1\n"
            "while m < 12 and day_number(y, m + 1, 1) <= target:\n    m += 1\n"
            "d = target - day_number(y, m, 1) + 1\n"
            'print(f"{y}-{m:02d}-{d:02d}")'
        )
        yield _task(f"date-after/{first.isoformat()}-{days}", 3, question, shown[0], shown[1:], program)


_PAIRS = (
    ("mile", "foot"), ("fathom", "inch"), ("furlong", "yard"), ("nautical mile", "fathom"), ("stone", "ounce"),
    ("tonne", "carat"), ("week", "minute"), ("Julian year", "hour"), ("square mile", "acre"),
    ("imperial gallon", "litre"), ("oil barrel", "US gallon"),
    ("mebibyte", "byte"), ("chain", "foot"), ("standard atmosphere", "bar"),
)  # fmt: skip


def _double_conversions(dice: Dice) -> Iterator[Task]:
    units = {unit["name"]: unit for unit in facts("units")}
    for number in range(28):
        large, small = (units[name] for name in _PAIRS[number % len(_PAIRS)])
        count = dice.between(2, 9) + 10 * (number // len(_PAIRS))
        value = round(count * Fraction(large["factor"]) / Fraction(small["factor"]), 4)
        question = f"How many {small['plural']} are {count} {large['plural']}? Round to four decimal places."
        program = f"x = round({count} * {large['factor']} / {small['factor']}, 4)\n{PRINT_NUMBER}"
        needed = tuple(article_id("units", unit["name"]) for unit in (large, small))
        phrase = f"{large['name']} {small['name']} exactly {small['bases']}"
        name = f"double-conversion/{large['name'].replace(' ', '-')}-{small['name'].replace(' ', '-')}-{count}"
        yield _task(name, 3, question, decimal(value), near(value), program, needed, phrase)
