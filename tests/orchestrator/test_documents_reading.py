import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from orchestrator.documents.jsonl import MalformedLine
from orchestrator.documents.passage import MOST_CHARACTERS, packed
from orchestrator.documents.reading import NoDocuments, decoded, read_documents
from orchestrator.trajectory import Document

HTML = """<!doctype html><html><head><title>Pumps — Manual 2.1</title><style>p {color: red}</style></head><body>
<nav><ul><li><a href="/">Home</a></li><li>Navigation junk</li></ul></nav>
<main><h1 id="pumps">Pumps<a class="headerlink" href="#pumps">¶</a></h1><p>A pump moves fluids.</p>
<section id="service"><h2>Service</h2><p>Change the <b>seal</b> every 400&nbsp;hours.</p>
<pre>pump --reset
pump --start</pre><table><tr><th>Model</th><td>P-7</td></tr></table></section>
<dl><dt id="pump.start">pump.start(speed)</dt><dd><p>Starts the pump.</p></dd></dl></main>
<script>alert("script junk")</script><footer>footer junk</footer></body></html>"""

RFC = """



Network Working Group                                           A. Writer
Request for Comments: 9999                                    Example Org
Category: Standards Track                                   January 2001


                     A Protocol for Watering Plants

Status of This Memo

   This memo may be distributed without limit.

Table of Contents

   1. Introduction ..................................................2
   2. Ports .........................................................2

1.  Introduction

   The protocol carries water from the tap to the plant.  A gardener is
   able to read



Writer                      Standards Track                     [Page 1]
\f
RFC 9999                    Watering Plants                 January 2001


   this sentence in one piece.

2.  Ports

   The service listens on TCP port 4242.
"""


def by_section(documents: tuple[Document, ...]) -> dict[str, Document]:
    return {document.title.rsplit(" > ", 1)[-1]: document for document in documents}


def a_pdf(path: Path, text: str) -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(300, 300)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(path)


def test_html_keeps_the_content_with_its_anchors_and_drops_navigation_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "pumps.html").write_text(HTML)
    documents = read_documents(tmp_path).passages
    assert "junk" not in " ".join(document.text for document in documents)
    sections = by_section(documents)
    assert sections["Pumps"].source == "pumps.html#pumps"
    assert sections["Pumps"].text == "A pump moves fluids."
    assert sections["Service"].title == "Pumps > Service"
    assert sections["Service"].source == "pumps.html#service"
    assert sections["Service"].text == ("Change the seal every 400 hours.\n\npump --reset\npump --start\n\nModel | P-7")
    assert sections["pump.start(speed)"].source == "pumps.html#pump.start"


def test_rfc_loses_its_pages_and_furniture_and_keeps_its_headings(tmp_path: Path) -> None:
    (tmp_path / "rfc9999.txt.gz").write_bytes(gzip.compress(RFC.encode()))
    documents = read_documents(tmp_path).passages
    sections = by_section(documents)
    assert set(sections) == {"Authors and date", "1. Introduction", "2. Ports"}
    assert sections["2. Ports"].title == "RFC 9999: A Protocol for Watering Plants > 2. Ports"
    assert sections["2. Ports"].text == "The service listens on TCP port 4242."
    assert sections["2. Ports"].source == "rfc9999.txt.gz"
    assert "A gardener is able to read this sentence in one piece." in sections["1. Introduction"].text


def test_markdown_headings_links_code_and_front_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(
        "---\ntitle: My notes\n---\n# Top\n\nSee [the site](https://example.org) and `x`.\n\n"
        "Set-up steps\n------------\n\n- one\n- two\n\n```sh\n# no heading\n\nrun it\n```\n"
    )
    sections = by_section(read_documents(tmp_path).passages)
    assert sections["Top"].text == "See the site and x."
    assert sections["Top"].title == "My notes > Top"
    assert sections["Set-up steps"].source == "notes.md#set-up-steps"
    assert sections["Set-up steps"].text == "- one\n- two\n\n# no heading\n\nrun it"


def test_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    a_pdf(tmp_path / "guide.pdf", "The warranty lasts three years.")
    (document,) = read_documents(tmp_path).passages
    assert document.text == "The warranty lasts three years."
    assert document.source == "guide.pdf#page=1"
    assert document.title == "guide.pdf > page 1"


def test_jsonl_takes_every_spelling_of_the_text_key(tmp_path: Path) -> None:
    lines = [
        {"text": "One.", "title": "First", "id": "a1", "source": "https://example.org/1"},
        {"contents": "Two."},
        {"content": "Three.", "id": 3},
    ]
    (tmp_path / "facts.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    first, second, third = read_documents(tmp_path).passages
    assert (first.id, first.title, first.text, first.source) == ("a1", "First", "One.", "https://example.org/1")
    assert (second.id, second.source) == ("facts.jsonl:3", "facts.jsonl#L3")
    assert (third.id, third.title) == ("3", "3")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "cut', "facts.jsonl, line 2: not JSON"),
        ("[1]", "facts.jsonl, line 2: a list where an object is needed"),
        ('{"body": "x"}', 'facts.jsonl, line 2: no "text"'),
        ('{"text": 5}', 'facts.jsonl, line 2: "text" must be a text'),
        ('{"text": "x", "title": []}', 'facts.jsonl, line 2: "title" must be a text'),
    ],
)
def test_malformed_line_is_named_with_its_file_and_number(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_text('{"text": "fine"}\n' + line)
    with pytest.raises(MalformedLine) as caught:
        read_documents(path)
    assert said in str(caught.value)
    reading = read_documents(tmp_path)
    assert said in reading.skipped[0].reason


def test_files_that_cannot_be_read_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Water boils at 100 degrees.")
    (tmp_path / "binary.txt").write_bytes(b"\x7fELF\0\0\0")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.txt").write_text("  \n")
    (tmp_path / "broken.txt.gz").write_bytes(b"\x1f\x8b\x08broken")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    (tmp_path / ".hidden.txt").write_text("hidden")
    (tmp_path / "_sources").mkdir()
    (tmp_path / "_sources" / "good.rst.txt").write_text("Water boils at 100 degrees.")
    reading = read_documents(tmp_path)
    assert [document.source for document in reading.passages] == ["good.txt"]
    reasons = {skipped.path: skipped.reason for skipped in reading.skipped}
    assert set(reasons) == {"binary.txt", "photo.png", "empty.txt", "broken.txt.gz", "broken.pdf"}
    assert reasons["binary.txt"] == "it is binary, not text"
    assert reasons["photo.png"] == "not a kind of file that is read"


def test_same_document_in_two_formats_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "pumps.html").write_text(HTML)
    (tmp_path / "pumps.txt").write_text("A pump moves fluids.")
    reading = read_documents(tmp_path)
    assert {document.source.split("#")[0] for document in reading.passages} == {"pumps.html"}
    assert reading.skipped[0].path == "pumps.txt"


@pytest.mark.parametrize(
    "data",
    ["Zürich — naïve".encode(), "Zürich — naïve".encode("cp1252"), "Zürich — naïve".encode("utf-16")],
)
def test_encodings_are_recognised(data: bytes) -> None:
    assert decoded(data) == "Zürich — naïve"


def test_charset_that_a_page_states_is_used() -> None:
    page = '<meta charset="iso-8859-2"><p>Łódź</p>'
    assert "Łódź" in decoded(page.encode("iso-8859-2"))


def test_path_that_does_not_exist_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoDocuments, match="--documents"):
        read_documents(tmp_path / "nowhere")


def test_progress_counts_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("Some text.")
    seen: list[tuple[int, int]] = []
    read_documents(tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@given(st.lists(st.text(max_size=4000), max_size=6))
def test_packing_loses_no_word_and_keeps_to_the_limit(blocks: list[str]) -> None:
    packed_texts = list(packed(blocks))
    assert all(0 < len(text) <= MOST_CHARACTERS + 4 for text in packed_texts)
    assert "".join("".join(packed_texts).split()) == "".join("".join(blocks).split())


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The lighthouse of Ar Men was finished in 1881.")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert [passage.source for passage in read_documents(tmp_path).passages] == ["a.txt"]
