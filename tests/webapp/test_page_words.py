"""Scripts of the pages say only what the words have, and write it as text."""

import re
from pathlib import Path

import pytest

from webapp.pages.mount import PAGES
from webapp.pages.page import Page, build
from webapp.pages.words import join, shell
from webapp.views import island_words

SCRIPTS = Path(__file__).parents[2] / "webapp" / "pages" / "scripts"
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
COMMENT = re.compile(r"(?m)(?:^|\s)//.*$")
SENTENCE = re.compile(r"(?<![\w.#\-\[])[A-Za-z][a-z']*[,;:]? [a-z']+(?![\w\-(=\]])")
"""Two words of letters alone, one after the other: names of classes have hyphens."""
SELECTOR = re.compile(r"(?:a|button|dialog|input|select|summary|textarea)?(?:[.\[:].*)?")
NO_SENTENCES = {"use strict", "if correct", "left out", "no words for "}
"""Of the language, of the HTTP interface, and an error for whoever writes scripts."""


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


def test_a_phone_has_words_for_all_that_its_scripts_say_and_says_every_one() -> None:
    code = "\n".join(source.read_text(encoding="utf-8") for source in SCRIPTS.glob("join*.js"))
    page = (SCRIPTS.parent / "templates" / "join.html").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"\bsay\(\s*\"(\w+)\"", code)) - set(join.WORDS)) == []
    assert [key for key in join.WORDS if f'"{key}"' not in code and f"words.{key}" not in page] == []


def sentences(code: str) -> list[str]:
    """What a script has in quotes that reads like English."""
    texts = [re.sub(r"\$\{.*?\}", "", found[1:-1]) for found in LITERAL.findall(COMMENT.sub("", code))]
    selectors = {text for text in texts if all(SELECTOR.fullmatch(part) for part in text.split(", "))}
    return [text for text in texts if SENTENCE.search(text) and text not in NO_SENTENCES | selectors]


@pytest.mark.parametrize("source", sorted(SCRIPTS.glob("*.js")), ids=lambda source: source.stem)
def test_a_script_has_no_sentences_of_its_own(source: Path) -> None:
    assert sentences(source.read_text(encoding="utf-8")) == []


def test_a_sentence_in_a_script_is_found() -> None:
    code = """// A comment says things.
    el("p", "pd-note pd-bad", "There is nothing here.", { title: `${count} are left over` }).closest("input, dialog");
    const tag = "a tag";"""
    assert sentences(code) == ["There is nothing here.", " are left over", "a tag"]


def test_scripts_of_pages_write_data_only_as_text() -> None:
    for source in SCRIPTS.glob("*.js"):
        text = source.read_text(encoding="utf-8")
        for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert unsafe not in text, (source.name, unsafe)
