"""The tables of facts that the corpus and the tasks are made from."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

KINDS = (
    "countries",
    "elements",
    "planets",
    "units",
    "people",
    "works",
    "mountains",
    "rivers",
    "languages",
    "inventions",
)
"""The tables, each a CSV file with a `name` column. An empty cell is a fact that nobody here vouches for."""

FACTS = files("orchestrator.rehearsal") / "facts"
"""Where the tables lie."""


@cache
def facts(kind: str) -> tuple[Mapping[str, str], ...]:
    """The rows of one table, in the order of the file; raises ValueError for an unknown table."""
    if kind not in KINDS:
        raise ValueError(f"there is no table of facts {kind!r}; choose one of: {', '.join(KINDS)}")
    text = (FACTS / f"{kind}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def known(kind: str, *columns: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a table in which all of these columns are filled."""
    return tuple(row for row in facts(kind) if all(row[column] for column in columns))


def grouped(number: str) -> str:
    """A whole number with thousands separators, as articles print it; other text unchanged."""
    return f"{int(number):,}" if number.isdigit() and len(number) > 4 else number
