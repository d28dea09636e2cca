"""Lookup in the corpus: one fact, one article."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.corpus import article_id
from orchestrator.rehearsal.fact_table import known
from orchestrator.rehearsal.tasks.task import Task, plausible


@dataclass(frozen=True, slots=True)
class _Question:
    """How one column of a table is asked for."""

    kind: str
    column: str
    difficulty: int
    tasks: int
    wordings: tuple[str, ...]
    """Each names `{name}`, or another column that identifies the row."""
    phrase: str


_QUESTIONS = (
    _Question(
        "countries", "capital", 1, 26,
        ("What is the capital of {name}?", "Which city is the capital of {name}?", "Name the capital of {name}."),
        "capital of {name}",
    ),
    _Question(
        "elements", "symbol", 1, 18,
        ("What is the chemical symbol of {lower}?", "Which symbol stands for {lower} in the periodic table?"),
        "{lower} element symbol",
    ),
    _Question(
        "works", "creator", 1, 22,
        ("Whose work is the {kind} {name}?", "Who made the {kind} {name}?", "Who is the creator of the {kind} {name}?"),
        "{kind} {name} work of",
    ),
    _Question(
        "countries", "currency", 2, 18,
        ("Which currency does one pay with in {name}?", "What is the currency of {name}?"),
        "currency of {name}",
    ),
    _Question(
        "countries", "area_km2", 2, 18,
        ("What is the area of {name} in square kilometres?", "How many square kilometres does {name} cover?"),
        "area of {name} square kilometres",
    ),
    _Question(
        "mountains", "height_m", 2, 16,
        ("How many metres high is {name}?", "What is the height of {name} in metres?"),
        "height of {name} metres above sea level",
    ),
    _Question(
        "works", "year", 2, 18,
        ("From which year is the {kind} {name}?", "What year does the {kind} {name} date from?"),
        "{name} year",
    ),
    _Question(
        "people", "died", 2, 16,
        ("In which year did {name} die?", "What is the year of death of {name}?"),
        "{name} died",
    ),
    _Question(
        "countries", "name", 3, 16,
        ("Which country has the capital {capital}?", "{capital} is the capital of which country?"),
        "{capital} is the capital of",
    ),
    _Question(
        "elements", "name", 3, 18,
        ("Which chemical element has the atomic number {number}?", "Name the element of atomic number {number}."),
        "{lower} element atomic number {number}",
    ),
    _Question(
        "people", "name", 3, 14,
        ("Which person of science is known for {known_for}?", "Who is remembered for {known_for}?"),
        "known for {known_for}",
    ),
)  # fmt: skip


def lookup() -> Iterator[Task]:
    """All tasks of the domain."""
    for number, question in enumerate(_QUESTIONS):
        rows = known(question.kind, question.column)
        for place, row in enumerate(Dice("lookup", number).several(rows, question.tasks)):
            yield _task(question, row, rows, place)


def _task(question: _Question, row: Mapping[str, str], rows: Sequence[Mapping[str, str]], place: int) -> Task:
    columns = {**row, "lower": row["name"].lower()}
    reference = row[question.column].removeprefix("the ")
    dice = Dice("lookup wrong", question.kind, question.column, row["name"])
    others = [other[question.column].removeprefix("the ") for other in dice.several(rows, min(12, len(rows)))]
    identifier = article_id(question.kind, row["name"])
    return Task(
        f"lookup/{question.column}/{identifier.removeprefix('corpus/')}",
        "lookup",
        question.difficulty,
        question.wordings[place % len(question.wordings)].format_map(columns),
        reference,
        plausible(reference, others),
        question.phrase.format_map(columns),
        (identifier,),
    )
