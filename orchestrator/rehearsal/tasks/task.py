"""The noun of the rehearsal tasks: a question with a verified reference answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from orchestrator.rehearsal.chance import draw

Split = Literal["train", "dev", "test"]

DOMAINS: Final = ("arithmetic", "code", "lookup", "two_hop", "dates_units", "reasoning")
"""What the tasks are about. Skill is declared per domain."""


@dataclass(frozen=True, slots=True)
class Task:
    """A question of the rehearsal world. Everything about it is known, so that a run can be graded exactly."""

    id: str
    domain: str
    difficulty: int
    """1 (easy) to 3 (hard)."""
    question: str
    reference: str
    wrong: tuple[str, ...]
    """Plausible wrong answers, none of them equal to the reference."""
    search_phrase: str
    """A search query that finds the needed articles, where any are needed."""
    needs_document: tuple[str, ...] = ()
    """Ids of the articles that hold the needed facts."""
    program: str | None = None
    """Python that prints the reference, where computing helps."""
    needs_program: bool = False
    """Whether an answer without the program's output is mostly luck."""

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS or self.difficulty not in (1, 2, 3):
            raise ValueError(f"task {self.id} has domain {self.domain!r} and difficulty {self.difficulty}")
        if self.reference in self.wrong or len(self.wrong) < 2:
            raise ValueError(f"task {self.id} needs at least two wrong answers that differ from {self.reference!r}")
        if self.needs_program and self.program is None:
            raise ValueError(f"task {self.id} needs a program and has none")

    @property
    def split(self) -> Split:
        """Where the task belongs: 70 % train, 10 % dev, 20 % test, by a hash of its id."""
        place = draw("split", self.id)
        if place < 0.7:
            return "train"
        return "dev" if place < 0.8 else "test"


def plausible(reference: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """At most four of the candidates, each once and none equal to the reference."""
    return tuple(dict.fromkeys(text for text in candidates if text != reference))[:4]


def decimal(value: Fraction | int, places: int = 6) -> str:
    """An exact decimal number in plain digits; raises ValueError where it needs more places."""
    scaled = Fraction(value) * 10**places
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than {places} decimal places")
    digits = f"{abs(scaled.numerator):0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def near(value: Fraction | int) -> list[str]:
    """Numbers that a careless reckoner could get instead of this one: whole ones for a whole number."""
    exact = Fraction(value)
    step = 10 ** max(0, len(str(abs(int(exact)))) - 4)
    slips = [exact + step, exact * 10, exact - step, exact + 10 * step, exact - 10 * step]
    if exact.denominator != 1:
        slips = [exact + Fraction(step, 10), exact * 10, exact / 10, exact + step, exact * Fraction(11, 10)]
    return [decimal(slip) for slip in slips if (slip * 10**6).denominator == 1]


PRINT_NUMBER: Final = "print(int(x) if x == int(x) else round(x, 6))"
"""The last line of programs that print the number x in plain digits."""
