import pytest

from orchestrator.documents.assurance import ENOUGH, ahead_of_others, assurance
from orchestrator.documents.candidate import passage_of
from orchestrator.documents.index import Index
from orchestrator.documents.question import question_of
from orchestrator.extract import extract
from orchestrator.trajectory import Document

OWN = Document("own", "Pumps > Impeller", "An impeller is a rotor.", "pumps.html#impeller", 6.0)
SAME_PAGE = Document("same", "Pumps > Care", "Oil the impeller once a year.", "pumps.html#care", 5.9)
OTHER_PAGE = Document("other", "Boats > Engine", "The engine turns an impeller.", "boats.html#engine", 4.5)


def test_only_other_pages_are_rivals() -> None:
    passage = passage_of(question_of("What is an impeller?"), OWN)
    assert ahead_of_others([OWN, SAME_PAGE, OTHER_PAGE], passage) == pytest.approx(1.5)


def test_lead_is_unknown_where_search_gave_no_score() -> None:
    passage = passage_of(question_of("What is an impeller?"), OWN)
    assert ahead_of_others([OWN, Document("x", "X", "An impeller.", "x.html")], passage) is None


def test_assurance_grows_with_the_lead_up_to_a_limit() -> None:
    question = question_of("What is an impeller?")
    passage = passage_of(question, OWN)
    points = [assurance(question, passage, ahead) for ahead in (-3.0, -0.5, 0.0, 1.0, 2.0, 50.0)]
    assert points == sorted(points)
    assert points[0] == points[1] < points[2] < points[3] < points[4] == points[5]


def test_heading_that_is_the_subject_assures_more_than_one_that_only_has_it() -> None:
    question = question_of("What is an impeller?")
    longer = Document("longer", "Pumps > Impeller wear and seal leaks", "An impeller is a rotor.", "pumps.html#wear")
    plain, wide = (passage_of(question, document) for document in (OWN, longer))
    assert assurance(question, plain, 0.0) > assurance(question, wide, 0.0)


def test_changelog_assures_less_unless_a_date_is_asked_for() -> None:
    news = Document("news", "What's new in pumps 2 > Impeller", "The impeller was added in 2019.", "news.html#impeller")
    plain = Document("plain", "About pumps 2 > Impeller", "The impeller was added in 2019.", "about.html#impeller")
    for text, same in (("What does the impeller do?", False), ("When was the impeller added?", True)):
        question = question_of(text)
        told = [assurance(question, passage_of(question, document), 0.0) for document in (news, plain)]
        assert (told[0] == told[1]) is same


def test_page_that_only_mentions_the_words_is_not_enough() -> None:
    question = question_of("How many layers does the impeller have?")
    passage = passage_of(question, Document("b", "Boats > Engine", "The impeller has two layers.", "boats.html#engine"))
    assert assurance(question, passage, 1.0) < ENOUGH


def test_two_pages_that_fit_alike_are_not_answered_from() -> None:
    files = [
        Document(name, f"{title} > rename(old, new)", f"Rename a file {place}.", f"{name}.html#rename")
        for name, title, place in (("ftp", "Transfer", "on the server"), ("disk", "Disks", "on the disk"))
    ]
    with_index = Index.open(files)
    assert extract("How do I rename a file?", with_index.search("How do I rename a file?")) is None
    alone = Index.open(files[1:])
    found = extract("How do I rename a file?", alone.search("How do I rename a file?"))
    assert found is not None
    assert found.source == "disk.html#rename"
    with_index.close()
    alone.close()


@pytest.mark.parametrize(
    ("question", "source"), [("What does the -O option do?", "a.html#O"), ("What does the -o option do?", "a.html#o")]
)
def test_option_of_one_letter_is_found_in_its_own_case(question: str, source: str) -> None:
    index = Index.open(
        (
            Document("upper", "Command line > -O", "-O\n\nRemove assert statements from the code.", "a.html#O"),
            Document("lower", "Command line > -o file", "-o file\n\nWrite the output to a file.", "a.html#o"),
            Document("io", "Text I/O", "Text I/O expects strings, whatever option is given.", "io.html"),
        )
    )  # fmt: skip
    found = extract(question, index.search(question))
    index.close()
    assert found is not None
    assert found.source == source
