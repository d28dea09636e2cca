import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.documents.question import Asked, question_of
from orchestrator.documents.sentences import sentences
from orchestrator.extract import extract
from orchestrator.trajectory import Document

DOCUMENTS = (
    Document(
        "bridge",
        "Ostrand Bridge > History",
        "The Ostrand Bridge crosses the river Lume. It was designed by Maria Keller and opened on 4 May 1931. "
        "Traffic was light at first. The bridge is 412 metres long and carries two lanes.",
        "bridge.html#history",
    ),
    Document(
        "pump",
        "P-7 manual > pump.start(speed)",
        "pump.start(speed)\n\nSpin the impeller up to the given speed. The default speed is 1,200 revolutions per "
        "minute. New in version 2.3.",
        "manual.html#pump.start",
    ),
    Document(
        "glossary",
        "Glossary > impeller",
        "An impeller is a rotor that raises the pressure of a fluid. When an impeller is worn, the pump gets loud.",
        "manual.html#impeller",
    ),
    Document(
        "warranty",
        "Warranty",
        "Dr. Lindqvist signs each warranty card. The warranty of the P-7 pump lasts three years, i.e. 36 months.",
        "warranty.md",
    ),
)


@pytest.mark.parametrize(
    ("question", "said", "source"),
    [
        ("When did the Ostrand Bridge open?", "opened on 4 May 1931", "bridge.html#history"),
        ("Who designed the Ostrand Bridge?", "designed by Maria Keller", "bridge.html#history"),
        ("How long is the Ostrand Bridge?", "412 metres long", "bridge.html#history"),
        ("Which river does the Ostrand Bridge cross?", "crosses the river Lume", "bridge.html#history"),
        ("What does pump.start do?", "Spin the impeller up", "manual.html#pump.start"),
        ("What is the default speed of pump.start?", "1,200 revolutions", "manual.html#pump.start"),
        ("In which version was pump.start added?", "New in version 2.3.", "manual.html#pump.start"),
        ("What is an impeller?", "An impeller is a rotor", "manual.html#impeller"),
        ("How long does the warranty of the P-7 pump last?", "three years, i.e. 36 months.", "warranty.md"),
    ],
)
def test_answer_is_the_right_sentence_with_its_source(question: str, said: str, source: str) -> None:
    found = extract(question, DOCUMENTS)
    assert found is not None
    assert said in found.sentence
    assert found.source == source


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "Who invented the telephone?",
        "How much does the P-9 pump weigh?",
        "What does pump.stop do?",
        "When was the Eiffel Tower built?",
        "Who is the king of the river?",
        "How many people live near the Ostrand Bridge?",
        "",
        "?!",
    ],
)
def test_what_the_documents_do_not_say_is_not_answered(question: str) -> None:
    assert extract(question, DOCUMENTS) is None


@pytest.mark.parametrize(
    "question", ["What is a lindqvist?", "How do I paint the impeller?", "How do I spin the warranty card?"]
)
def test_passage_about_another_thing_with_the_same_words_does_not_answer(question: str) -> None:
    person = Document(
        "person", "Erik Lindqvist", "Erik Lindqvist was an engineer. He could spin any impeller.", "people.html"
    )
    assert extract(question, (*DOCUMENTS, person)) is None


def test_without_documents_there_is_no_answer() -> None:
    assert extract("What is an impeller?", ()) is None


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("When was it built?", Asked.DATE),
        ("In which year did it open?", Asked.DATE),
        ("Who wrote it?", Asked.NAME),
        ("How many lanes does it have?", Asked.NUMBER),
        ("What is the population of Oslo?", Asked.NUMBER),
        ("What is a generator?", Asked.MEANING),
        ("What does functools.wraps do?", Asked.MEANING),
        ("When should I use a lock?", Asked.ANYTHING),
        ("How do I stop the pump?", Asked.WAY),
        ("How to stop the pump?", Asked.WAY),
        ("Which module parses arguments?", Asked.MODULE),
        ("How long is a label?", Asked.EXTENT),
        ("How many octets has an address?", Asked.EXTENT),
        ("Which port does the service use?", Asked.PORT),
        ("What is the default speed?", Asked.DEFAULT),
        ("What does pump.stop raise?", Asked.FAILURE),
        ("What does pump.stop return?", Asked.RETURN),
        ("Where was she born?", Asked.PLACE),
        ("What is the IPv6 loopback address?", Asked.ADDRESS),
    ],
)
def test_kind_of_answer_is_recognised(question: str, asked: Asked) -> None:
    assert question_of(question).asked is asked


def test_sentences_are_not_cut_at_abbreviations_versions_and_initials() -> None:
    text = "Dr. J. Smith wrote it, e.g. in 3.11. It works. (See below.) Then?\nA new line"
    assert list(sentences(text)) == [
        "Dr. J. Smith wrote it, e.g. in 3.11.",
        "It works.",
        "(See below.)",
        "Then?",
        "A new line",
    ]


@given(st.text(max_size=400), st.lists(st.text(max_size=600), max_size=4))
def test_answer_is_always_copied_from_a_document(question: str, texts: list[str]) -> None:
    documents = [Document(str(n), "Title", text, f"source:{n}") for n, text in enumerate(texts)]
    found = extract(question, documents)
    if found is not None:
        copied = found.sentence.removesuffix("…")
        assert any(copied in d.text for d in documents if d.source == found.source)


def test_eight_long_passages_are_read_in_a_blink() -> None:
    text = " ".join(f"Sentence {n} tells of pumps, bridges and the speed of impeller {n}." for n in range(20))
    documents = [Document(str(n), "Long", text, str(n)) for n in range(8)]
    extract("How fast is the impeller of a bridge?", documents)
    fastest_s = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        extract("How fast is the impeller of a bridge?", documents)
        fastest_s = min(fastest_s, time.perf_counter() - began)
    assert fastest_s < 0.05
