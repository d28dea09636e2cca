import json
import random
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.toml_lines import key_lines

TEXT = '''\
# name = "not this one"
name = "a"   # [alias.not-this]
"quoted key".b . 'c.d' = 1

[alias."answer-1"]
text = """
model = 3
[alias.answer-2]
ends in a mark""""
other = \'\'\'
stand_in = true\'\'\'
price = { a = 1, b.c = [1, { d = "}" }], "\\u0065" = 'x}#' }
list = [   # [
  1,
  { k = 2 }, "]",
]
  [ alias . answer-2 ]   # indented
model = "m # not a comment"
when = 1979-05-27 07:32:00

[[each]]
a = 1
[[each]]
a = 2
[each.inner]
z = -inf
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 2),
        ("quoted key", 3),
        ("quoted key/b/c.d", 3),
        ("alias", 5),
        ("alias/answer-1", 5),
        ("alias/answer-1/text", 6),
        ("alias/answer-1/other", 10),
        ("alias/answer-1/price/a", 12),
        ("alias/answer-1/price/b/c", 12),
        ("alias/answer-1/price/b/c/1/d", 12),
        ("alias/answer-1/price/e", 12),
        ("alias/answer-1/list", 13),
        ("alias/answer-1/list/1/k", 15),
        ("alias/answer-2", 17),
        ("alias/answer-2/model", 18),
        ("alias/answer-2/when", 19),
        ("each/0/a", 22),
        ("each/1/a", 24),
        ("each/1/inner/z", 26),
    ],
)
def test_a_key_is_found_on_its_line_however_it_is_written(path: str, line: int) -> None:
    assert key_lines(TEXT)[tuple(path.split("/"))] == line


@pytest.mark.parametrize("text", ['"""x""""', '"""x"""""', "'''x''''", '""""""', '"""\\""""', '"""a""b"""'])
def test_a_text_of_many_lines_ends_where_toml_says(text: str) -> None:
    written = f"a = {{ b = {text}, c = 1 }}"
    assert tomllib.loads(written)["a"]["c"] == 1
    assert ("a", "c") in key_lines(written)


def test_text_inside_strings_and_comments_is_no_key() -> None:
    lines = key_lines(TEXT)
    assert ("alias", "answer-1", "model") not in lines
    assert ("alias", "answer-1", "stand_in") not in lines
    assert not any("not-this" in path for path in lines)


def test_lines_of_windows_count_as_one() -> None:
    assert key_lines("a = 1\r\n\r\n[t]\r\nb = 2\r\n") == {("a",): 1, ("t",): 3, ("t", "b"): 4}


NAMES = st.text(st.sampled_from("abZ9-_.é\"'\\ \t#=[]{}\n"), min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(st.sampled_from("ab\n#=[]{}'\",.\\ "), max_size=8),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)


class Writer:
    """Writes TOML in a drawn style, and notes on which line each key came out."""

    def __init__(self, seed: int) -> None:
        self.text = ""
        self.lines: dict[tuple[str, ...], int] = {}
        self._style = random.Random(seed)

    def document(self, values: dict[str, Any]) -> None:
        tables = {
            name: value for name, value in values.items() if isinstance(value, dict) and self._style.random() < 0.6
        }
        for name, value in values.items():
            if name not in tables:
                self._between()
                self._pair((), name, value)
                self._end()
        for name, table in tables.items():
            self._between()
            self.text += "[" + self._blank()
            self._note((name,))
            self.text += self._key(name) + self._blank() + "]"
            self._end()
            for key, value in table.items():
                self._pair((name,), key, value)
                self._end()

    def _between(self) -> None:
        self.text += self._style.choice(["", "\n", "# [x]\n", "  \n", '# a = """\n'])

    def _end(self) -> None:
        self.text += self._style.choice(["\n", "  # ]\n", "\n\n"])

    def _blank(self) -> str:
        return self._style.choice(["", " ", "\t"])

    def _note(self, path: tuple[str, ...]) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def _key(self, name: str) -> str:
        if re.fullmatch(r"[A-Za-z0-9_-]+", name) and self._style.random() < 0.6:
            return name
        if "'" not in name and "\n" not in name and self._style.random() < 0.5:
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=self._style.random() < 0.5)

    def _pair(self, path: tuple[str, ...], name: str, value: Any) -> None:
        self._note((*path, name))
        self.text += self._key(name) + self._blank()
        if isinstance(value, dict) and len(value) == 1 and self._style.random() < 0.5:
            ((inner, value),) = value.items()
            self.text += "." + self._blank()
            self._pair((*path, name), inner, value)
            return
        self.text += "=" + self._blank()
        self._value((*path, name), value)

    def _value(self, path: tuple[str, ...], value: Any) -> None:
        match value:
            case dict():
                self.text += "{"
                for number, (name, inner) in enumerate(value.items()):
                    self.text += "," * bool(number) + self._blank()
                    self._pair(path, name, inner)
                self.text += self._blank() + "}"
            case list():
                self.text += "["
                for number, inner in enumerate(value):
                    self.text += self._style.choice(["", "\n", " # ,[\n"])
                    self._value((*path, str(number)), inner)
                    self.text += self._style.choice([",", "\n,", ", # {\n"])
                self.text += "]"
            case str():
                self.text += self._string(value)
            case _:
                self.text += json.dumps(value)

    def _string(self, value: str) -> str:
        style = self._style.randrange(4)
        if style == 0 and "'''" not in value:
            return f"'''\n{value}'''"
        if style == 1 and '"""' not in value:
            return '"""\n' + value.replace("\\", "\\\\") + '"""'
        if style == 2 and "'" not in value and "\n" not in value:
            return f"'{value}'"
        return json.dumps(value)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.integers(0, 2**32))
def test_every_key_of_any_document_is_found_where_it_was_written(values: dict[str, Any], seed: int) -> None:
    writer = Writer(seed)
    writer.document(values)
    assert tomllib.loads(writer.text) == values
    found = key_lines(writer.text)
    assert {path: found.get(path) for path in writer.lines} == writer.lines


@given(st.text(st.sampled_from("ab=.,[]{}\"'\\#\n \té"), max_size=60))
def test_any_text_is_gone_over_once_without_an_error(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in key_lines(text).values())


def test_brackets_without_an_end_are_no_trouble() -> None:
    assert key_lines("a = " + "[" * 20_000) == {("a",): 1}
