"""Names of accounts: which spellings are one name, and which texts are none."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.accounts.names import BadName, check_name, folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ann"),
        ("Ann", "  ANN "),
        ("Ann", "Ａｎｎ"),
        ("Zoë", "Zoe\u0308"),
        ("Straße", "STRASSE"),
        ("Ann  Lee", "ann\u00a0lee"),
        ("ﬁona", "FIONA"),
        ("Ann", "\u2003Ann"),
    ],
)
def test_spellings_of_one_name_are_folded_alike(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text(max_size=80))
@example("ͅΐ")
@example("\u1fb3\u0345\u0300")
def test_folding_again_changes_nothing_and_composition_and_spaces_do_not_count(name: str) -> None:
    once = folded(name)
    assert folded(once) == once
    assert folded(f"  {name}\t") == once
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, name)) == once


@given(st.text("aAzZßſéÉΣσςÅåﬁIiKKΩΩ", max_size=30))
def test_case_does_not_count(name: str) -> None:
    assert folded(name.upper()) == folded(name.lower()) == folded(name.casefold()) == folded(name)


@given(st.text(max_size=5_000))
def test_any_text_can_be_folded(name: str) -> None:
    folded(name)


@given(st.text(max_size=80))
def test_a_name_that_is_allowed_can_be_seen_and_is_the_same_when_checked_again(name: str) -> None:
    try:
        checked = check_name(name)
    except BadName:
        return
    assert check_name(checked) == checked == name.strip()
    assert checked.isprintable()
    assert folded(checked)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 61,
        "Ann\nLee",
        "Ann\0",
        "Ann\u200b",
        "Ann\u202eeel",
        "Ann\u2066",
        "Ann\ufeff",
        "A\u00adnn",
        "Ann\ufe0f",
        "An\u3164n",
        "\u2800",
        "\ud800nn",
        "...",
        "local",
        "LOCAL ",
        "ｌｏｃａｌ",
        "command line (root)",
        "Command  Line",
        "A stranger",
        "Forgotten-0123456789abcdef",
        "anon-1",
        "audience-AB23CD45-x",
    ],
)
def test_names_that_cannot_be_told_apart_or_mean_somebody_else_are_refused(name: str) -> None:
    with pytest.raises(BadName, match=r"name|'local'"):
        check_name(name)


@pytest.mark.parametrize("name", ["Ann", "Zoë Müller", "李小龍", "ann@example.org", "O'Neil-2", "x" * 60])
def test_names_of_people_are_allowed(name: str) -> None:
    assert check_name(f" {name} ") == name
