import json
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hearing import Hearing
from orchestrator.key import BadKey, Given, Key

KEYS = st.text(string.ascii_letters + string.digits + "-_/+=.%\\\"' ~", min_size=1, max_size=40).map(str.strip)
WAYS = (
    lambda key: key,
    lambda key: json.dumps(key)[1:-1],
    lambda key: json.dumps(json.dumps(key))[3:-3],
    lambda key: key.replace("/", "\\/"),
    lambda key: quote(key, safe=""),
    lambda key: quote(key, safe="").lower() if key.islower() else quote(key),
    lambda key: quote(quote(key, safe=""), safe=""),
    lambda key: "".join(f"\\u{ord(character):04x}" for character in key),
    lambda key: "".join(f"%{ord(character):02X}" for character in key),
)


def given_out(key: str) -> Key:
    """A key that was sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY", key)
        known = Key("CANARY")
        assert known.value() == key
        return known


@given(KEYS.filter(bool), st.sampled_from(WAYS), st.text(max_size=20), st.text(max_size=20))
def test_a_key_is_struck_out_however_it_is_written(key: str, way: object, before: str, after: str) -> None:
    assert callable(way)
    known = given_out(key)
    struck = known.struck(f"{before}{way(key)}{after}")
    assert way(key) not in struck.replace("[key]", "")
    assert "[key]" in struck


@given(st.text())
def test_a_text_without_the_key_stays_as_it_is(text: str) -> None:
    assert given_out("sk-canary-0123456789").struck(text) == text


@given(
    KEYS.filter(lambda key: len(key) > 3),
    st.sampled_from(WAYS),
    st.text(max_size=20),
    st.text(max_size=20),
    st.data(),
)
def test_a_key_is_not_heard_however_the_reply_is_cut(
    key: str, way: object, before: str, after: str, data: st.DataObject
) -> None:
    assert callable(way)
    heard: list[str] = []
    hearing = Hearing(lambda piece, thinking, fresh: heard.append(piece), given_out(key))
    text = f"{before}{way(key)}{after}"
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        hearing.says(text[start:end])
    hearing.end()
    whole = "".join(heard)
    assert key not in whole.replace("[key]", "")
    assert "[key]" in whole


def test_a_key_is_not_heard_around_thinking() -> None:
    heard: list[str] = []
    hearing = Hearing(lambda piece, thinking, fresh: None if thinking else heard.append(piece), given_out("sk-canary"))
    for piece in ("it is sk-", "can<thi", "nk>hm</think>", "ary."):
        hearing.says(piece)
    hearing.end()
    assert "".join(heard) == "it is [key]."


def test_every_value_that_was_sent_is_struck_also_when_another_took_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Key("CANARY")
    for value in ("sk-first", "sk-second"):
        monkeypatch.setenv("CANARY", value)
        assert key.value() == value
    assert key.struck("sk-first and sk-second") == "[key] and [key]"


def test_keys_that_share_what_was_given_out_strike_each_others_values(monkeypatch: pytest.MonkeyPatch) -> None:
    given: Given = {}
    one, other = Key("CANARY_1", given), Key("CANARY_2", given)
    monkeypatch.setenv("CANARY_1", "sk-first")
    monkeypatch.setenv("CANARY_2", "sk-second")
    assert (one.value(), other.value()) == ("sk-first", "sk-second")
    assert one.struck("sk-first and sk-second") == "[key] and [key]"


def test_a_key_that_cannot_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Key(None).value() is None
    monkeypatch.delenv("CANARY", raising=False)
    with pytest.raises(BadKey, match="set the environment variable CANARY"):
        Key("CANARY").value()
    monkeypatch.setenv("CANARY", "line\nbreak")
    with pytest.raises(BadKey, match="characters that no key has"):
        Key("CANARY").value()
