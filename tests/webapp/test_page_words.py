"""Scripts of the pages say only what the words have, and write it as text."""

import re
from pathlib import Path

import pytest

from webapp.pages.mount import PAGES
from webapp.pages.page import Page, build
from webapp.pages.words import shell
from webapp.views import island_words

SCRIPTS = Path(__file__).parents[2] / "webapp" / "pages" / "scripts"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_word_of_a_page_is_said_by_its_scripts(page: Page) -> None:
    script = build(page, "/assets/plotly.js").script.body.decode()
    code = script.split("Object.assign(window.Podium.words", 1)[1].split("\n", 1)[1]
    code += (SCRIPTS / "leave_behind.js").read_text(encoding="utf-8")  # has the words of the page it was saved from
    assert [key for key in page.words if key not in code and not _composed(key, code)] == []


def _composed(key: str, code: str) -> bool:
    """Whether a script makes that key of a beginning and a name, such as `runs_f_${name}`."""
    parts = key.split("_")
    return any("_".join(parts[:count]) + "_${" in code for count in range(1, len(parts)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_words_for_all_that_its_scripts_say(page: Page) -> None:
    code = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in ("page.js", *page.scripts))
    said = set(re.findall(r"\bsay\(\s*\"(\w+)\"", code))
    known = {*shell.WORDS, *page.words, *island_words.ISLANDS}
    assert sorted(said - known) == []


def test_scripts_of_pages_write_data_only_as_text() -> None:
    for source in SCRIPTS.glob("*.js"):
        text = source.read_text(encoding="utf-8")
        for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert unsafe not in text, (source.name, unsafe)
