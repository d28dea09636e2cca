"""What is struck out of what leaves the house, and what stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webapp.canned import QUESTION, made_step
from tests.webapp.test_talk import trajectory_of
from webapp.redaction import REDACTED, Redaction, RedactionError, without_texts

CANARIES = {
    "openai": "sk-proj-Zq7xW2vK9pR4tY8uB3nM6",
    "anthropic": "sk-ant-api03-AbCdEf012345678_9",
    "hugging face": "hf_AbCdEfGhIjKlMnOpQr",
    "github": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github fine": "github_pat_11ABCDEFG0abcdefghij_klmnop",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "slack": "xoxb-123456789012-abcdefghijkl",
    "google": "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "tavily": "tvly-dev-Ub4nE7xJ2qL9wF1cK6",
    "token of the web": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "e-mail": "ada.lovelace+talk@example.co.uk",
}


@pytest.mark.parametrize("kind", CANARIES)
@pytest.mark.parametrize("around", ["{}", "say {} now", '{{"key": "{}"}}', "x={}.", "<b>{}</b>", "line\n{}\nline"])
def test_a_key_or_address_is_struck_out_wherever_it_stands(kind: str, around: str) -> None:
    secret = CANARIES[kind]
    found = Redaction().text(around.format(secret))
    assert secret not in found.value
    assert REDACTED in found.value
    assert found.places == 1


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("password=hunter2 ok", f"password={REDACTED} ok"),
        ("?api_key=abc123def&x=1", f"?api_key={REDACTED}&x=1"),
        ('"OPENAI_API_KEY": "abc123456"', f'"OPENAI_API_KEY": "{REDACTED}"'),
        ("api_key=sk-abcdefghijklmnop", f"api_key={REDACTED}"),
        ("Authorization: Bearer abc123def456", f"Authorization: {REDACTED}"),
        ("postgresql://ada:pw12@db/podium", f"postgresql://{REDACTED}@db/podium"),
    ],
)
def test_the_name_of_a_secret_stays_and_each_place_counts_once(said: str, left: str) -> None:
    found = Redaction().text(said)
    assert (found.value, found.places) == (left, 1)


@pytest.mark.parametrize(
    "said",
    [
        "$0.0131 after 4 steps",
        "max_tokens: 4096, tokens=12",
        "sorted(a, key=lambda x: x[1])",
        "The secret: work hard and rest",
        "a basic understanding of 12 things",
        "a risk-averse task-force",
        "see https://example.org/a?b=c",
        "18 @ 25 and user@ nothing",
    ],
)
def test_what_is_no_secret_stays(said: str) -> None:
    found = Redaction().text(said)
    assert (found.value, found.places) == (said, 0)


@given(st.text(max_size=300))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = Redaction().text(text).value
    assert Redaction().text(once).value == once


def test_a_long_text_is_read_in_no_time() -> None:
    Redaction().text("x" * 400_000 + "a.b" * 50_000)  # a pattern that goes back and forth would take minutes


def test_patterns_of_ones_own_are_struck_out_too(tmp_path: Path) -> None:
    file = tmp_path / "patterns.txt"
    file.write_text("# projects\nPROJECT-\\d+\n\n(?i)acme corp\n", "utf-8")
    found = Redaction.read(file).text("ACME Corp asked about PROJECT-17 and PROJECT-18")
    assert (found.value, found.places) == (f"{REDACTED} asked about {REDACTED} and {REDACTED}", 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("ok\n(unclosed", "line 2"), ("a*", "line 1"), ("\n\n[z-a]", "line 3")],
)
def test_a_bad_pattern_is_named_with_its_line(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "patterns.txt"
    file.write_text(content, "utf-8")
    with pytest.raises(RedactionError, match=complaint):
        Redaction.read(file)


def test_a_file_of_patterns_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RedactionError, match="PODIUM_REDACT"):
        Redaction.read(tmp_path / "nowhere.txt")


def test_a_trajectory_keeps_its_money_and_loses_prompts_and_secrets() -> None:
    key = CANARIES["openai"]
    whole = trajectory_of(
        (made_step(0, "search-1", thought=f"use {key}"), made_step(1, "answer-1")), answer=f"ask {key}"
    )
    found = Redaction().trajectory(whole)
    assert found.places == 2
    assert key not in repr(found.value)
    assert (found.value.cost_usd, found.value.latency_s) == (whole.cost_usd, whole.latency_s)
    assert all(call.prompt is None and call.reply is None for call in found.value.calls)
    assert found.value.query == QUESTION


def test_without_anything_to_strike_out_the_trajectory_is_the_same_but_for_its_texts() -> None:
    whole = trajectory_of((made_step(0, "search-1"), made_step(1, "answer-1")))
    assert Redaction().trajectory(whole).value == without_texts(whole)
