from collections import Counter
from fractions import Fraction
from itertools import groupby, pairwise

import pytest

from orchestrator.rehearsal.corpus import article, article_id, articles
from orchestrator.rehearsal.fact_table import KINDS, facts, grouped, known

FACTS_IN_ARTICLES = {
    "countries": ("capital", "languages", "currency", "population_millions", "area_km2", "calling_code"),
    "elements": ("symbol", "number", "mass", "state", "discovered", "category"),
    "planets": ("mean_radius_km", "orbital_period_days", "mean_distance"),
    "units": ("quantity", "symbol", "factor", "bases"),
    "people": ("died", "field", "known_for"),
    "works": ("creator", "year", "kind", "about", "place"),
    "mountains": ("height_m", "where", "range"),
    "rivers": ("length_km", "through", "mouth"),
    "languages": ("creator", "year", "trait"),
    "inventions": ("inventor", "year", "what"),
}


def test_corpus_has_an_article_for_each_row_of_facts() -> None:
    assert len(articles()) == sum(len(facts(kind)) for kind in KINDS) >= 400
    assert len({document.id for document in articles()}) == len(articles())
    assert len({document.source for document in articles()}) == len(articles())
    assert len({document.text for document in articles()}) == len(articles())


def test_articles_are_short_prose_without_holes() -> None:
    for document in articles():
        assert 3 <= document.text.count(". ") + 1 <= 13, document.text
        assert document.text.endswith(".")
        assert not set("{}") & set(document.text)
        assert "  " not in document.text
        assert document.source == f"Podium corpus: {document.title}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_of_a_row_stands_in_its_article(kind: str) -> None:
    for row in facts(kind):
        text = article(article_id(kind, row["name"])).text
        for column in FACTS_IN_ARTICLES[kind]:
            assert grouped(row[column]) in text, (row["name"], column)


def test_articles_of_one_kind_are_worded_differently() -> None:
    openings = {
        document.text.replace(document.title, "NAME").split()[0]
        for document in articles()
        if document.id.startswith("corpus/country/")
    }
    assert len(openings) >= 2


def test_the_article_of_france_reads_as_a_person_would_write_it() -> None:
    france = article("corpus/country/france")
    assert (france.title, france.source) == ("France", "Podium corpus: France")
    assert "Paris" in france.text
    assert "The Netherlands" in article("corpus/country/netherlands").text


def test_unknown_table_is_refused_with_the_list_of_tables() -> None:
    with pytest.raises(ValueError, match="choose one of: countries"):
        facts("planet")


def test_the_periodic_table_is_complete_and_in_order() -> None:
    elements = facts("elements")
    assert [int(element["number"]) for element in elements] == list(range(1, 119))
    assert len({element["symbol"] for element in elements}) == 118
    lengths = [len(list(period)) for _, period in groupby(elements, key=lambda element: element["period"])]
    assert lengths == [2, 8, 8, 18, 18, 32, 32]
    masses = [(element["symbol"], float(element["mass"])) for element in known("elements", "mass")]
    falling = {(left, right) for (left, one), (right, two) in pairwise(masses) if two < one}
    assert falling == {("Ar", "K"), ("Co", "Ni"), ("Te", "I"), ("Th", "Pa")}


def test_planets_and_moons_obey_keplers_third_law() -> None:
    ratios: dict[str, list[float]] = {}
    for body in facts("planets"):
        ratio = float(body["mean_distance"]) ** 3 / float(body["orbital_period_days"]) ** 2
        ratios.setdefault(body["parent"], []).append(ratio)
    for parent, found in ratios.items():
        assert max(found) / min(found) == pytest.approx(1, rel=0.015), parent


def test_units_agree_with_each_other_and_with_their_notes() -> None:
    factor = {unit["name"]: Fraction(unit["factor"]) for unit in facts("units")}
    assert factor["foot"] == 12 * factor["inch"]
    assert factor["yard"] == 3 * factor["foot"]
    assert factor["mile"] == 1760 * factor["yard"] == 8 * factor["furlong"] == 80 * factor["chain"]
    assert factor["fathom"] == 6 * factor["foot"]
    assert factor["pound"] == 16 * factor["ounce"]
    assert factor["stone"] == 14 * factor["pound"]
    assert factor["troy ounce"] == 480 * factor["pound"] / 7000
    assert factor["US gallon"] == 231 * factor["inch"] ** 3 == 128 * factor["US fluid ounce"]
    assert factor["oil barrel"] == 42 * factor["US gallon"]
    assert factor["imperial gallon"] == 8 * factor["imperial pint"]
    assert factor["acre"] == 4840 * factor["yard"] ** 2
    assert factor["square mile"] == factor["mile"] ** 2 == 640 * factor["acre"]
    assert factor["light-year"] == 299_792_458 * factor["Julian year"]
    assert factor["Julian year"] == Fraction(1461, 4) * factor["day"]


def test_people_live_a_human_span_and_write_their_books_in_it() -> None:
    lives = {row["name"]: (int(row["born"]), int(row["died"])) for row in known("people", "born", "died")}
    assert all(20 <= died - born <= 100 for born, died in lives.values())
    darwin = next(work for work in facts("works") if work["name"] == "On the Origin of Species")
    born, died = lives["Charles Darwin"]
    assert born < int(darwin["year"]) < died


def test_countries_have_one_capital_and_one_code_each() -> None:
    countries = facts("countries")
    for column in ("capital", "iso", "name"):
        assert max(Counter(country[column] for country in countries).values()) == 1, column
    assert all(float(c["population_millions"]) > 0 for c in known("countries", "population_millions"))
