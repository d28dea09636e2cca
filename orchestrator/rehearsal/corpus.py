"""The bundled corpus: short articles of checkable facts, rendered from the tables of facts."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from string import Formatter

from orchestrator.rehearsal.chance import draw
from orchestrator.rehearsal.fact_table import FACTS, KINDS, facts, grouped
from orchestrator.trajectory import Document

_SINGULAR = {
    "countries": "country",
    "elements": "element",
    "planets": "body",
    "units": "unit",
    "people": "person",
    "works": "work",
    "mountains": "mountain",
    "rivers": "river",
    "languages": "language",
    "inventions": "invention",
}

Slots = tuple[tuple[tuple[str, frozenset[str]], ...], ...]
"""For each sentence of an article its variants, each with the columns that it names."""


@cache
def articles() -> tuple[Document, ...]:
    """Every article, table after table."""
    return tuple(article for kind in KINDS for article in _articles(kind))


@cache
def article(identifier: str) -> Document:
    """The article of that id; raises KeyError."""
    return _by_id()[identifier]


@cache
def _by_id() -> Mapping[str, Document]:
    return {document.id: document for document in articles()}


@cache
def article_id(kind: str, name: str) -> str:
    """The id of the article on that row of a table, such as `corpus/country/france`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.removeprefix("the ")).strip("-")
    return f"corpus/{_SINGULAR[kind]}/{slug}"


def _articles(kind: str) -> Iterator[Document]:
    slots = _slots(kind)
    for number, row in enumerate(facts(kind)):
        identifier = article_id(kind, row["name"])
        columns = _columns(kind, number)
        title = columns["title"]
        text = " ".join(_sentences(identifier, slots, columns))
        yield Document(identifier, title, text, f"Podium corpus: {title}")


def _sentences(identifier: str, slots: Slots, columns: Mapping[str, str]) -> Iterator[str]:
    filled = {column for column, value in columns.items() if value}
    for number, variants in enumerate(slots):
        possible = [sentence for sentence, needed in variants if needed <= filled]
        if possible:
            sentence = possible[int(draw("prose", identifier, number) * len(possible))].format_map(columns)
            yield sentence[0].upper() + sentence[1:]


@cache
def _prose() -> Mapping[str, Mapping[str, Sequence[Sequence[str]]]]:
    loaded: Mapping[str, Mapping[str, Sequence[Sequence[str]]]] = tomllib.loads(
        (FACTS / "prose.toml").read_text(encoding="utf-8")
    )
    return loaded


def _slots(kind: str) -> Slots:
    return tuple(
        tuple(
            (sentence, frozenset(field for _, field, _, _ in Formatter().parse(sentence) if field)) for sentence in slot
        )
        for slot in _prose()[kind]["slots"]
    )


def _columns(kind: str, number: int) -> dict[str, str]:
    """The columns of a row as the sentences use them: large numbers grouped, and a few derived ones."""
    row = facts(kind)[number]
    name = row["name"]
    columns = {column: grouped(value) for column, value in row.items()}
    columns["title"] = name[0].upper() + name[1:]
    if kind != "works":
        columns["title"] = columns["title"].removeprefix("The ")
        columns["name"] = f"the {name[4:]}" if name.startswith("The ") else name
    derive = _DERIVED.get(kind)
    if derive is not None:
        columns |= derive(number, row)
    columns["title"] = columns["title"][0].upper() + columns["title"][1:]
    columns["Name"] = columns["name"][0].upper() + columns["name"][1:]
    return columns


def _of_country(_: int, row: Mapping[str, str]) -> dict[str, str]:
    several = " and " in row["languages"]
    return {"several_languages" if several else "one_language": row["languages"]}


def _of_element(number: int, row: Mapping[str, str]) -> dict[str, str]:
    names = [element["name"].lower() for element in facts("elements")]
    derived = {"name": names[number], "title": f"{row['name']} (element)"}
    if number + 1 in {43, 61} or number + 1 >= 84:
        derived["unstable"] = names[number]
    if 0 < number < len(names) - 1:
        derived |= {"before": names[number - 1], "after": names[number + 1]}
    return derived


def _of_planet(_: int, row: Mapping[str, str]) -> dict[str, str]:
    return {"around": "the Sun" if row["parent"] == "Sun" else row["parent"]}


def _of_person(_: int, row: Mapping[str, str]) -> dict[str, str]:
    derived = {} if row["born"] else {"death_only": row["name"]}
    return derived if row["from"] else derived | {"nowhere": row["name"]}


def _of_work(_: int, row: Mapping[str, str]) -> dict[str, str]:
    kinds = {"painting": "shown", "mural": "shown", "fresco": "shown", "building": "built"}
    kinds |= dict.fromkeys(("composition", "oratorio", "symphony"), "heard")
    return {kinds.get(row["kind"], "told"): row["about"]}


def _of_mountain(_: int, row: Mapping[str, str]) -> dict[str, str]:
    return {"feet": f"{round(int(row['height_m']) / 0.3048):,}"}


def _of_river(_: int, row: Mapping[str, str]) -> dict[str, str]:
    title = f"{row['name'].removeprefix('The ')} (river)"
    return {"title": title, "miles": f"{round(int(row['length_km']) / 1.609344):,}"}


_DERIVED: Mapping[str, Callable[[int, Mapping[str, str]], dict[str, str]]] = {
    "countries": _of_country,
    "elements": _of_element,
    "planets": _of_planet,
    "people": _of_person,
    "works": _of_work,
    "mountains": _of_mountain,
    "rivers": _of_river,
}
