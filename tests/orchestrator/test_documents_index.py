import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents.building import State
from orchestrator.documents.index import Index
from orchestrator.documents.jsonl import MalformedLine
from orchestrator.documents.ranking import ranked, sought
from orchestrator.documents.words import stem
from orchestrator.extract import extract
from orchestrator.trajectory import Document

CORPUS = (
    Document("fr", "France", "France is a country in Europe. Its capital is Paris.", "corpus:france"),
    Document("it", "Italy", "Italy is a country in Europe. Its capital is Rome.", "corpus:italy"),
    Document("au", "Gold", "Gold is a chemical element with the symbol Au.", "corpus:gold"),
)
PYTHON_DOCS = Path("/usr/share/doc/python3.11/html")


@pytest.fixture(scope="module")
def corpus_index() -> Iterator[Index]:
    index = Index.open(CORPUS)
    yield index
    index.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "pump.md").write_text("# Pump\n\n## Seal\n\nChange the seal of the pump every 400 hours.\n")
    (notes / "valve.txt").write_text("The valve opens at 7 bar.")
    return notes


@given(st.text(max_size=300) | st.text(alphabet="\"*()^:-+{}[].,;NEAR ANDORNOT'\\\0é", max_size=60))
@settings(max_examples=300)
def test_any_text_is_a_safe_query(corpus_index: Index, query: str) -> None:
    found = corpus_index.search(query, limit=2)
    assert len(found) <= 2
    assert all(document.score is not None for document in found)


@pytest.mark.parametrize(
    "query", ["title:france", "NEAR(paris rome)", "a AND", '"unclosed', "col:*", "capital*", "^gold"]
)
def test_search_syntax_is_taken_as_plain_words(corpus_index: Index, query: str) -> None:
    corpus_index.search(query)


def test_passage_that_covers_more_of_the_query_comes_first(corpus_index: Index) -> None:
    assert corpus_index.search("capital of Italy")[0].source == "corpus:italy"
    assert corpus_index.search("chemical symbol of gold")[0].source == "corpus:gold"


def test_nothing_is_found_where_no_word_occurs(corpus_index: Index) -> None:
    assert corpus_index.search("zyzzyva quux") == ()
    assert corpus_index.search("   ") == ()
    assert corpus_index.search("???") == ()


def test_limit_is_kept_and_scores_fall(corpus_index: Index) -> None:
    found = corpus_index.search("country capital Europe", limit=1)
    assert len(found) == 1
    scores = [document.score or 0.0 for document in corpus_index.search("country capital Europe")]
    assert scores == sorted(scores, reverse=True)


def test_accents_and_word_forms_do_not_matter(corpus_index: Index) -> None:
    assert corpus_index.search("Capitals of Itály")[0].source == "corpus:italy"


def test_corpus_and_folder_are_searched_together(folder: Path) -> None:
    index = Index.open(CORPUS, [folder])
    assert (index.passages, index.files) == (5, 2)
    assert index.search("How often is the pump seal changed?")[0].source == "pump.md#seal"
    assert index.search("capital of France")[0].source == "corpus:france"
    index.close()


def test_index_is_kept_and_rebuilt_only_when_files_change(folder: Path, tmp_path: Path) -> None:
    builds: list[int] = []

    def opened() -> Index:
        return Index.open(
            CORPUS, [folder], cache=tmp_path / "data", on_progress=lambda done, total: builds.append(done)
        )

    opened().close()
    assert builds == [1, 2]
    index = opened()
    assert builds == [1, 2]
    assert index.search("valve bar")[0].text == "The valve opens at 7 bar."
    index.close()
    (folder / "valve.txt").write_text("The valve opens at 9 bar now.")
    index = opened()
    assert builds == [1, 2, 1, 2]
    assert index.search("valve bar")[0].text == "The valve opens at 9 bar now."
    index.close()
    assert len(list((tmp_path / "data").iterdir())) == 1


def test_damaged_cache_is_rebuilt(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "data"
    Index.open((), [folder], cache=cache).close()
    (kept,) = cache.iterdir()
    kept.write_bytes(b"no database" * 1000)
    index = Index.open((), [folder], cache=cache)
    assert index.search("valve")
    index.close()


def test_failed_build_leaves_no_index_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "fine"}\nnot json\n')
    with pytest.raises(MalformedLine, match=r"bad\.jsonl, line 2"):
        Index.open((), [bad], cache=tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_skipped_files_are_known_also_at_the_second_start(folder: Path, tmp_path: Path) -> None:
    (folder / "binary.txt").write_bytes(b"\0\0\0")
    for _ in range(2):
        index = Index.open((), [folder], cache=tmp_path / "data")
        assert [(s.path, s.reason) for s in index.skipped] == [("binary.txt", "it is binary, not text")]
        assert index.files == 2
        index.close()


def test_index_is_read_only_when_kept(folder: Path, tmp_path: Path) -> None:
    index = Index.open((), [folder], cache=tmp_path / "data")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        index._database.execute("DELETE FROM passage")
    index.close()


def test_threads_can_search_at_the_same_time(corpus_index: Index) -> None:
    wrong: list[str] = []

    def ask(query: str, source: str) -> None:
        wrong.extend(query for _ in range(30) if corpus_index.search(query)[0].source != source)

    asked = [
        ("capital of Italy", "corpus:italy"),
        ("symbol of gold", "corpus:gold"),
        ("capital of France", "corpus:france"),
    ]
    threads = [threading.Thread(target=ask, args=pair) for pair in asked * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_identifier_is_found_by_its_definition_before_its_mentions() -> None:
    mentions = [
        Document(str(n), "Release notes", f"Entry {n}: pump.start is faster, pump.start is safer.", f"notes:{n}")
        for n in range(20)
    ]
    definition = Document("d", "pump — moving fluids > pump.start(speed)", "Starts the pump.", "pump.html#pump.start")
    index = Index.open([*mentions, definition])
    assert index.search("What does pump.start do?")[0].source == "pump.html#pump.start"
    index.close()


def test_ranking_nothing_gives_nothing() -> None:
    assert ranked(sought("anything"), [], {}, 8) == ()
    assert State((), (), (), "").strict is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caches", "cached"),
        ("running", "run"),
        ("cities", "city"),
        ("boxes", "box"),
        ("quickly", "quick"),
        ("uses", "use"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


ASKED_OF_PYTHON = (
    ("What does functools.lru_cache do?", "library/functools.html#functools.lru_cache", "Decorator to wrap a function"),
    ("When was str.removeprefix added?", "library/stdtypes.html#str.removeprefix", "New in version 3.9."),
    ("What exception does errno.ENOENT map to?", "library/errno.html#errno.ENOENT", "FileNotFoundError"),
    ("What does asyncio.gather do?", "library/asyncio-task.html#asyncio.gather", "Run awaitable objects"),
    ("What does textwrap.dedent do?", "library/textwrap.html#textwrap.dedent", "Remove any common leading whitespace"),
    ("What does the nonlocal statement do?", "reference/simple_stmts.html#the-nonlocal-statement", "enclosing scope"),
    ("What is the capital of Mongolia?", None, None),
    ("What does pandas.DataFrame.merge do?", None, None),
    ("When was the Eiffel Tower built?", None, None),
)


@pytest.mark.skipif(not PYTHON_DOCS.is_dir(), reason="needs Debian's package python3-doc")
def test_real_manual_is_indexed_and_answers_with_the_right_source(tmp_path: Path) -> None:
    index = Index.open((), [PYTHON_DOCS], cache=tmp_path)
    assert index.passages > 15_000
    for question, source, said in ASKED_OF_PYTHON:
        answer = extract(question, index.search(question))
        if source is None or said is None:
            assert answer is None, (question, answer)
        else:
            assert answer is not None, question
            assert (answer.source, said in answer.sentence) == (source, True), (question, answer)
    (kept,) = tmp_path.iterdir()
    assert os.path.getsize(kept) < 60 * 2**20  # noqa: PTH202 - one number is enough
    index.close()
