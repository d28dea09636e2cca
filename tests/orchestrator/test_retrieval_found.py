import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.retrieval.found import (
    LONGEST_SOURCE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_PASSAGES,
    Found,
    documents,
    link,
    one_line,
    plain,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("a <b>bold</b> word", "a bold word"),
        ("AT&amp;T &lt;b&gt;", "AT&T <b>"),
        ("<p>Shown<script>alert(1)</script><style>p {}</style> here", "Shown here"),
        ("<h1>Lima</h1><p>Capital of Peru.</p>", "Lima\n\nCapital of Peru."),
        ("<!-- no --><img src=x onerror=alert(1)>seen", "seen"),
        ("a std::vector<int> x; 3 < 4 && 5 > 4", "a std::vector<int> x; 3 < 4 && 5 > 4"),
        ("left\u202eright\u202c \x00\x07and\ufeff\u200b\U000e0041 more\ud800", "leftright and more"),
        ("one\r\ntwo\rthree\n\n\n\nfour\tfive", "one\ntwo\nthree\n\nfour\tfive"),
        ("سلام\u200cدنیا 👩\u200d🔬", "سلام\u200cدنیا 👩\u200d🔬"),
        ("<br>", ""),
        (" \n", ""),
        (None, ""),
        (7, ""),
        (["text"], ""),
    ],
)
def test_what_was_sent_becomes_plain_text(sent: object, text: str) -> None:
    assert plain(sent, 1_000) == text


@pytest.mark.parametrize(
    "address", ["https://example.org/a?b=c#d", "http://127.0.0.1:8000/x", "HTTPS://EXAMPLE.ORG", "http://[::1]/"]
)
def test_addresses_of_the_web_are_kept_as_links(address: str) -> None:
    assert link(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "ftp://example.org/",
        "//example.org",
        "example.org",
        "http:///path",
        "http://user@example.org/",
        "http://good.org\\@bad.org/",
        "http://exa mple.org/",
        "http://example.org/\n",
        "http://example.org/\u202egpj.exe",
        "http://[::1",
        "https://example.org/" + "a" * LONGEST_SOURCE,
        "",
        None,
        7,
    ],
)
def test_other_addresses_are_not(address: object) -> None:
    assert link(address) is None


def test_a_document_holds_text_title_address_and_score_and_is_marked_as_fetched() -> None:
    (document,) = documents([Found("Lima is big.", " Lima\n", "https://example.org/lima", None, 0.5)], "S", 5, web=True)
    assert (document.text, document.title, document.source) == ("Lima is big.", "Lima", "https://example.org/lima")
    assert (document.id, document.score, document.web) == ("https://example.org/lima", 0.5, True)


def test_a_passage_without_a_safe_address_keeps_its_text_but_no_link() -> None:
    (named, unnamed) = documents(
        [Found("one", None, "javascript:alert(1)", "wiki-7", "high"), Found("two\nmore", None, None, None)],
        "server",
        5,
        web=False,
    )
    assert (named.id, named.source, named.title, named.score, named.web) == (
        "wiki-7",
        "server: wiki-7",
        "one",
        None,
        False,
    )
    assert (unnamed.source, unnamed.title) == ("server: without an address", "two")
    assert unnamed.id not in ("", named.id)


def test_an_address_alone_marks_a_passage_as_fetched() -> None:
    (document,) = documents([Found("one", address="http://example.org/")], "server", 5, web=False)
    assert document.web


def test_empty_and_repeated_passages_are_dropped_and_the_order_stays() -> None:
    sent = [Found(text, score=score) for text, score in [("b", 1), ("", 9), ("a", 5), ("b", 7), (" a ", 2), ("c", 8)]]
    assert [document.text for document in documents(sent, "s", 10, web=True)] == ["b", "a", "c"]
    assert [document.text for document in documents(sent, "s", 2, web=True)] == ["b", "a"]


def test_size_and_number_of_passages_are_bounded() -> None:
    found = documents([Found(f"{n} " + "x" * 99_999, "t" * 999) for n in range(500)], "s", 1_000, web=True)
    assert len(found) == MOST_PASSAGES
    assert max(len(document.text) for document in found) == LONGEST_TEXT
    assert {len(document.title) for document in found} == {LONGEST_TITLE}


@given(st.lists(st.builds(Found, ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING), max_size=4), st.integers(0, 5))
def test_whatever_is_sent_becomes_sound_documents(sent: list[Found], most: int) -> None:
    kept = documents(sent, "server", most, web=False)
    assert len(kept) <= most
    assert len({document.text for document in kept}) == len(kept)
    for document in kept:
        assert document.text.strip() == document.text != ""
        assert document.title
        assert document.source
        assert document.id
        assert document.score is None or math.isfinite(document.score)
        f"{document}".encode()


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert len(one_line(text, 30).splitlines()) <= 1
    assert len(one_line(text, 30)) <= 30


@pytest.mark.parametrize(
    "hostile", ["<div>", "<a ", "<a x", "</b>", "<!--", "\n \n", "&amp;", "&", "<p>x", "<table><tr><td>"]
)
def test_hostile_markup_is_read_in_good_time(hostile: str) -> None:
    begun = time.process_time()
    sent: Any = hostile * (1_000_000 // len(hostile))
    plain(sent, LONGEST_TEXT)
    one_line(sent, LONGEST_TITLE)
    assert time.process_time() - begun < 2


def test_a_text_with_more_tags_than_sense_loses_them_all_the_same() -> None:
    assert plain("<div>" * 3_000 + "deep &amp; far" + "</div>" * 3_000, LONGEST_TEXT) == "deep & far"
    assert plain("<td>x</td>" * 3_000, 9) == "x  x  x"
