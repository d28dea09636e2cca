import pytest

from orchestrator.documents.candidate import coded, holds, passage_of, speaks_of
from orchestrator.documents.forms import forms
from orchestrator.documents.index import Index
from orchestrator.documents.question import question_of
from orchestrator.documents.words import heading_stems, stem, title_stems
from orchestrator.extract import extract
from orchestrator.trajectory import Document

MANUAL = (
    Document(
        "zero",
        "pump — Move fluids > pump.drain(level, timeout=30)",
        "pump.drain(level, timeout=30)\n\nEmpty the tank down to level and return the litres that left it. A "
        "DrainError is raised if the valve is stuck.\n\nNew in version 2.1.",
        "pump.html#pump.drain",
    ),
    Document(
        "lead",
        "pump — Move fluids",
        "Source code: Lib/pump.py\n\nThis module gives access to the pumps of a garden and reads their meters.",
        "pump.html#module-pump",
    ),
    Document(
        "term",
        "Glossary > sluice",
        "sluice\n\nA gate that holds water back. Sluices are old.",
        "glossary.html#term-sluice",
    ),
    Document(
        "other",
        "Garden FAQ > Why are there no sluices?",
        "Sluices are a frequent source of trouble, because a sluice is often left open at night.",
        "faq.html#sluices",
    ),
    Document(
        "codes",
        "RFC 9997: Garden Semantics > 7.4.4 404 Not Watered",
        "The 404 (Not Watered) status code indicates that the gardener did not find the plant. Values such as 600..999 "
        "are for internal use.",
        "rfc9997.html",
    ),
    Document(
        "label",
        "RFC 9996: Plant Names > 2. Labels",
        "A label is restricted to 63 octets. Labels are read in the order of up to four gardens. "
        "A name has UTF-8 text.",
        "rfc9996.html",
    ),
)


@pytest.mark.parametrize(
    ("question", "said", "source"),
    [
        ("What is a sluice?", "A gate that holds water back.", "glossary.html#term-sluice"),
        ("What does pump.drain return?", "return the litres that left it", "pump.html#pump.drain"),
        ("What does pump.drain raise if the valve is stuck?", "DrainError", "pump.html#pump.drain"),
        ("When was pump.drain added?", "New in version 2.1.", "pump.html#pump.drain"),
        ("What is the default timeout of pump.drain?", "timeout=30", "pump.html#pump.drain"),
        ("Which module reads the meters of pumps?", "This module gives access", "pump.html#module-pump"),
        ("What does the 404 status code mean?", "did not find the plant", "rfc9997.html"),
        ("How long may a label be?", "63 octets", "rfc9996.html"),
    ],
)
def test_question_about_a_manual_gets_the_right_sentence(question: str, said: str, source: str) -> None:
    index = Index.open(MANUAL)
    found = extract(question, index.search(question))
    index.close()
    assert found is not None
    assert said in found.sentence
    assert found.source == source


@pytest.mark.parametrize(
    "question",
    [
        "What is the default value of the colour argument of pump.drain?",
        "When was pump.refill added?",
        "What does pump.empty return?",
        "What exception does pump.meters raise?",
        "What does the 999 status code mean?",
        "What is PEP 8?",
        "Who invented the sluice?",
        "How many sluices are there in Friesland?",
        "Which port does the pump use?",
        "What percentage of labels is in use?",
    ],
)
def test_question_on_the_subject_that_the_manual_does_not_answer_is_not_answered(question: str) -> None:
    index = Index.open(MANUAL)
    assert extract(question, index.search(question)) is None
    index.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [("die", "death"), ("discovered", "discovery"), ("wrote", "author"), ("high", "height"), ("removal", "removes")],
)
def test_irregular_forms_of_a_word_share_a_stem_and_are_searched_together(one: str, other: str) -> None:
    assert stem(one) == stem(other)
    assert other in forms(one)


def test_word_is_found_by_another_form() -> None:
    index = Index.open([Document("a", "A. Fleming", "He is known for the discovery of a mould.", "a")])
    assert index.search("discovered")
    index.close()


def test_titles_stand_for_their_abbreviations_and_the_place_in_the_source() -> None:
    stems = title_stems("RFC 1: Post Office Protocol - Version 3 > 4.2 Use", "a.html#pump.drain")
    assert {"pop", "pop3", "pump", "drain"} <= set(stems)
    assert "4" not in stems
    assert "ipv6" in title_stems("IP Version 6 Addressing")


def test_heading_is_the_last_part_of_a_title_without_numbers_and_arguments() -> None:
    assert heading_stems("Manual > 3.2. Pumps") == ["pump"]
    assert heading_stems("pump — Move fluids") == ["pump"]
    assert heading_stems("RFC 7: Pumps") == ["pump"]


def test_name_in_code_is_held_only_as_a_whole() -> None:
    assert holds("call pump.drain() now", "pump.drain")
    assert not holds("call my_pump.drain_all() now", "pump.drain")
    assert coded(Document("x", "Codes > PUMP_DRAIN(i)", "", ""))


def test_passage_without_the_name_that_is_asked_about_does_not_speak_of_it() -> None:
    question = question_of("What does pump.fill do?")
    assert not speaks_of(question, passage_of(question, MANUAL[0]))
