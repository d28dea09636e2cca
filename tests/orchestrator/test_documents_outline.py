from pathlib import Path

import pytest

from orchestrator.documents.html import read_html
from orchestrator.documents.outline import joined
from orchestrator.documents.passage import Reading, passages
from orchestrator.documents.plain import read_text
from orchestrator.documents.reading import read_documents

OLD_RFC = """\
Network Working Group                                         A. Gardener
Request for Comments: 9998                                       May 1983

                     Plant Watering Protocol

1.  Introduction

   This protocol moves water to plants in a simple manner. It is older
   than most gardens are today and it is still in use by many of them.

      1.2.3  Water Limits: see the pump

         The pump gives at most nine litres to a single plant each day.

         SOAK (SOAK)

            This command causes the server to give water until the ground
            is wet.

         DRAIN (DRAIN)

            This command causes the server to take all water away again.

      The protocol has no other commands than these two at the moment.

      Moisture Limit      8-bit unsigned integer.  Decremented by one for
                          each dry hour.
"""


def titled(reading: Reading) -> dict[str, str]:
    return {d.title.rsplit(" > ", 1)[-1]: d.text for d in passages(reading, "file.txt")}


def test_terms_with_an_indented_description_are_sections_below_their_heading() -> None:
    documents = list(passages(read_text(OLD_RFC, "rfc9998.txt"), "rfc9998.txt"))
    titles = [document.title for document in documents]
    assert "RFC 9998: Plant Watering Protocol > 1.2.3 Water Limits: see the pump > SOAK (SOAK)" in titles
    texts = {document.title.rsplit(" > ", 1)[-1]: document.text for document in documents}
    assert "give water until the ground is wet." in texts["SOAK (SOAK)"]
    assert "take all water away" in texts["DRAIN (DRAIN)"]


def test_text_after_a_list_of_terms_belongs_to_the_heading_again() -> None:
    texts = titled(read_text(OLD_RFC, "rfc9998.txt"))
    assert "no other commands" in texts["1.2.3 Water Limits: see the pump (continued)"]


def test_description_in_a_column_of_its_own_is_kept_with_its_term() -> None:
    texts = titled(read_text(OLD_RFC, "rfc9998.txt"))
    assert texts["Moisture Limit"] == ("Moisture Limit: 8-bit unsigned integer. Decremented by one for each dry hour.")


def test_front_of_an_rfc_tells_its_authors_and_date() -> None:
    texts = titled(read_text(OLD_RFC, "rfc9998.txt"))
    assert "A. Gardener" in texts["Authors and date"]
    assert "May 1983" in texts["Authors and date"]


def test_rfc_that_states_its_number_only_in_a_running_line_is_known_by_its_file_name() -> None:
    text = "RFC 768 J. Doe\n\n\n     User Datagram Protocol\n     ----------------------\n\nIntroduction\n\nText."
    assert read_text(text, "rfc768.txt").title == "RFC 768: User Datagram Protocol"
    assert read_text(text, "notes.txt").title != "RFC 768: User Datagram Protocol"


def test_headings_that_stand_on_every_page_are_no_headings() -> None:
    page = "Plant Watering\n\n   The pump gives water to plants and it stops when the ground is wet.\n\n"
    texts = titled(read_text("1. Start\n\n" + page * 5, "pump.txt"))
    assert set(texts) == {"1. Start"}


def test_justified_prose_is_joined_and_a_table_is_not() -> None:
    prose = [
        "This protocol  provides  a procedure   for  programs",
        "to send  messages   to  other  programs  at  once.",
    ]
    assert (
        joined(prose) == "This protocol provides a procedure for programs to send messages to other programs at once."
    )
    table = ["Code      Meaning", "9         discard", "7         echo"]
    assert joined(table) == "\n".join(table)


def test_rows_of_a_table_name_their_columns() -> None:
    page = (
        "<h1>Codes</h1><table><thead><tr><th>Code</th><th>Meaning</th></tr></thead>"
        "<tr><td>418</td><td>teapot</td></tr></table>"
    )
    (section,) = [s for s in read_html(page, "codes.html").sections if s.blocks]
    assert section.blocks == ["Code: 418; Meaning: teapot"]


def test_description_of_a_term_without_an_anchor_begins_with_the_term() -> None:
    page = (
        "<h1>Pump</h1><dl><dt>Pressure:</dt><dd>Given in bar.</dd><dt>Speed</dt><dd><p>High.</p><p>Low.</p></dd></dl>"
    )
    (section,) = [s for s in read_html(page, "pump.html").sections if s.blocks]
    assert section.blocks == ["Pressure: Given in bar.", "Speed: High.", "Low."]


@pytest.mark.parametrize("lines", [["x"], ["   "], ["=====", "====="], ["A. "], ["  Term", "      "]])
def test_odd_texts_are_read(lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_text("\n\n".join(lines))
    read_documents(tmp_path)
