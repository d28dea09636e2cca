"""Two-hop tasks: facts from one or two articles, and a computation on them."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.corpus import article_id
from orchestrator.rehearsal.fact_table import known
from orchestrator.rehearsal.tasks.task import PRINT_NUMBER, Task, decimal, near, plausible

Row = Mapping[str, str]


def two_hop() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("two hop")
    yield from _heights(dice)
    yield from _births(dice)
    yield from _masses(dice)
    yield from _lengths(dice)
    yield from _densities(dice)
    yield from _areas_by_capital(dice)
    yield from _years_after_death(dice)


def _task(
    name: str, ids: tuple[str, ...], difficulty: int, question: str, value: Fraction | int, program: str, phrase: str
) -> Task:
    reference = decimal(value)
    return Task(
        f"two_hop/{name}/{'+'.join(identifier.split('/')[-1] for identifier in ids)}",
        "two_hop",
        difficulty,
        question,
        reference,
        plausible(reference, near(value)),
        phrase,
        ids,
        program=program,
        needs_program=difficulty > 1,
    )


def _ids(kind: str, *rows: Row) -> tuple[str, ...]:
    return tuple(article_id(kind, row["name"]) for row in rows)


def _pairs(dice: Dice, kind: str, columns: tuple[str, ...], count: int) -> Iterator[tuple[Row, Row]]:
    rows = known(kind, *columns)
    seen: set[frozenset[str]] = set()
    while len(seen) < count:
        first, second = dice.several(rows, 2)
        names = frozenset((first["name"], second["name"]))
        if names not in seen and first[columns[0]] != second[columns[0]]:
            seen.add(names)
            yield first, second


def _heights(dice: Dice) -> Iterator[Task]:
    for one, two in _pairs(dice, "mountains", ("height_m",), 24):
        high, low = (one, two) if int(one["height_m"]) > int(two["height_m"]) else (two, one)
        question = f"By how many metres is {high['name']} higher than {low['name']}?"
        program = f"print({high['height_m']} - {low['height_m']})"
        value = int(high["height_m"]) - int(low["height_m"])
        phrase = f"height {high['name']} {low['name']} metres"
        yield _task("heights", _ids("mountains", high, low), 1, question, value, program, phrase)


def _births(dice: Dice) -> Iterator[Task]:
    for one, two in _pairs(dice, "people", ("born", "died"), 28):
        early, late = (one, two) if int(one["born"]) < int(two["born"]) else (two, one)
        question = f"How many years before {late['name']} was {early['name']} born, going by the years of birth?"
        program = f"print({late['born']} - {early['born']})"
        value = int(late["born"]) - int(early["born"])
        yield _task(
            "births", _ids("people", early, late), 1, question, value, program, f"born {early['name']} {late['name']}"
        )


def _masses(dice: Dice) -> Iterator[Task]:
    for one, two in _pairs(dice, "elements", ("mass",), 24):
        a, b = dice.between(1, 4), dice.between(1, 4)
        question = (
            f"What is the mass of {a} mol of {one['name'].lower()} atoms and {b} mol of {two['name'].lower()} atoms "
            "together, in grams, with the standard atomic masses of the corpus?"
        )
        value = a * Fraction(one["mass"]) + b * Fraction(two["mass"])
        program = f"x = {a} * {one['mass']} + {b} * {two['mass']}\n{PRINT_NUMBER}"
        phrase = f"mass {one['name'].lower()} {two['name'].lower()} element standard atomic"
        yield _task("masses", _ids("elements", one, two), 2, question, value, program, phrase)


def _lengths(dice: Dice) -> Iterator[Task]:
    for one, two in _pairs(dice, "rivers", ("length_km",), 22):
        first, second = (row["name"].replace("The ", "the ") for row in (one, two))
        question = f"How long are {first} and {second} together, in kilometres, going by the lengths of the corpus?"
        value = int(one["length_km"]) + int(two["length_km"])
        program = f"print({one['length_km']} + {two['length_km']})"
        phrase = f"length river {first.removeprefix('the ')} {second.removeprefix('the ')}"
        yield _task("lengths", _ids("rivers", one, two), 1, question, value, program, phrase)


def _densities(dice: Dice) -> Iterator[Task]:
    for row in dice.several(known("countries", "population_millions", "area_km2"), 28):
        people = Fraction(row["population_millions"]) * 1_000_000
        value = int(people / int(row["area_km2"]) + Fraction(1, 2))
        question = (
            f"About how many people lived on one square kilometre of {row['name']} in 2020? "
            "Divide the population by the area and round to a whole number."
        )
        program = f"print(int({people.numerator} / {row['area_km2']} + 0.5))"
        phrase = f"population and area of {row['name']}"
        yield _task("density", _ids("countries", row), 2, question, value, program, phrase)


def _areas_by_capital(dice: Dice) -> Iterator[Task]:
    for one, two in _pairs(dice, "countries", ("area_km2", "capital"), 24):
        large, small = (one, two) if int(one["area_km2"]) > int(two["area_km2"]) else (two, one)
        question = (
            f"By how many square kilometres is the country with the capital {large['capital']} larger than "
            f"the country with the capital {small['capital']}?"
        )
        value = int(large["area_km2"]) - int(small["area_km2"])
        program = f"print({large['area_km2']} - {small['area_km2']})"
        phrase = f"country with the capital {large['capital']} {small['capital']} area"
        yield _task("areas", _ids("countries", large, small), 3, question, value, program, phrase)


def _years_after_death(dice: Dice) -> Iterator[Task]:
    people, works = known("people", "died", "known_for"), known("works", "year")
    made: set[str] = set()
    while len(made) < 24:
        person, work = dice.one_of(people), dice.one_of(works)
        years = int(work["year"]) - int(person["died"])
        if years <= 0 or person["name"] in made:
            continue
        made.add(person["name"])
        question = (
            f"How many years lie between the death of the person known for {person['known_for']} "
            f"and the {work['kind']} {work['name']}?"
        )
        ids = _ids("people", person) + _ids("works", work)
        program = f"print({work['year']} - {person['died']})"
        phrase = f"{person['name']} died; {work['kind']} {work['name']} year"
        yield _task("after-death", ids, 3, question, years, program, phrase)
