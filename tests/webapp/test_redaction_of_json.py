"""A secret in a prompt or reply that is JSON never survives, whether as text, name or number."""

import json
import re
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.redaction import REDACTED, Redaction

KEY: Final = "sk-abcdefgh12345678"
PHONE: Final = 5551234567
OWN = Redaction((re.compile(r"\d{10}"),))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f'{{"note": "{KEY}", "note": "x"}}', {"note": "x"}),
        ('{"note": "s\\u006b-abcdefgh12345678", "note": "x"}', {"note": "x"}),
        (f'[{{"a": {{"note": "x", "note": "{KEY}"}}}}]', [{"a": {"note": REDACTED}}]),
        ('{"password": 12345678}', {"password": REDACTED}),
        ('{"the api_key": [12345678.5, 1, true, null]}', {"the api_key": [REDACTED, 1, True, None]}),
        (f'{{"phone": {PHONE}}}', {"phone": REDACTED}),
        (f'{{"phone": -{PHONE}.0, "turns": 3}}', {"phone": REDACTED, "turns": 3}),
        (f'{{"{PHONE}": 1}}', {REDACTED: 1}),
    ],
)
def test_a_secret_in_json_is_struck_out(text: str, left: object) -> None:
    assert json.loads(OWN.written(text).value) == left


def test_a_pattern_of_ones_own_may_run_across_the_parts_of_json() -> None:
    found = Redaction((re.compile(r'"name": "[a-z]+"'),)).written('{"turns":1,"name":"ada"}')
    assert found.value == f'{{"turns": 1, {REDACTED}}}'
    assert found.places == 1


@pytest.mark.parametrize("text", ['{"a":1,  "b": [2.50, null, true]}', "[]", '{"max_tokens": 100000}', "[1, 2"])
def test_json_without_a_secret_stays_as_it_was_written(text: str) -> None:
    found = OWN.written(text)
    assert (found.value, found.places) == (text, 0)


def escaped(text: str) -> str:
    return '"' + "".join(f"\\u{ord(one):04x}" for one in text) + '"'


PLANTED = st.sampled_from([KEY, str(PHONE)])
TEXTS = st.one_of(
    st.text(max_size=9).map(json.dumps),
    st.sampled_from(['"note"', '"token"']),
    st.builds(lambda before, secret: json.dumps(f"{before} {secret}"), st.text(max_size=5), PLANTED),
    PLANTED.map(escaped),
)
NUMBERS = st.sampled_from([f"{PHONE}", f"-{PHONE}", f"{PHONE}.5", f"{PHONE}e0", f"{PHONE}e-3", f"7{PHONE}", "1.5", "0"])


def objects(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Written by hand, so that a name may come twice."""
    pairs = st.lists(st.tuples(TEXTS, parts), max_size=4)
    return pairs.map(lambda found: "{" + ",".join(f"{name}:{part}" for name, part in found) + "}")


def lists(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, max_size=4).map(lambda found: f"[{', '.join(found)}]")


JSON = st.recursive(
    TEXTS | NUMBERS | st.sampled_from(["null", "true", "NaN"]),
    lambda parts: objects(parts) | lists(parts) | parts.map(json.dumps),
    max_leaves=12,
)


def seen_in(value: object) -> str:
    """Everything that a reader of a value sees, JSON within its texts too."""
    if isinstance(value, dict):
        return " ".join(f"{seen_in(name)} {seen_in(part)}" for name, part in value.items())
    if isinstance(value, list):
        return " ".join(map(seen_in, value))
    if isinstance(value, str) and value[:1] in ("{", "[", '"'):
        try:
            return f"{value} {seen_in(json.loads(value))}"
        except ValueError:
            return value
    return str(value)


@given(JSON)
@example(f'{{"note":"{KEY}","note":"x"}}')
@settings(max_examples=400, deadline=None)
def test_a_planted_secret_survives_in_no_json(text: str) -> None:
    left = OWN.written(text).value
    for secret in (KEY, str(PHONE)):
        assert secret not in left
        assert secret not in seen_in(left)
