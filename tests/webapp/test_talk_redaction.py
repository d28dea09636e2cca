"""What is struck out of what leaves the house, and what stays."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.trajectory import Trajectory
from tests.webapp.canned import QUESTION, made_step
from tests.webapp.test_talk import NOW, trajectory_of
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
    [
        ("ok\n(unclosed", "line 2"),
        ("a*", "line 1"),
        ("\n\n[z-a]", "line 3"),
        ("ok\n" + "(" * 4_000 + "a" + ")" * 4_000, "line 2: groups within groups are too deep"),
        ("a{99999999999999999999}", "line 1"),
        ("a" * 10_001, "line 1: more than 10,000 characters"),
        ("a\n" * 600_000, "more than 1,048,576 bytes"),
    ],
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


PLAIN: Mapping[type, Any] = {bool: True, float: 1.0, Decimal: Decimal("0.5"), datetime: NOW, date: NOW.date()}
"""A value of each kind that is no text, no count and no choice."""
NAMES_OF_THINGS = {
    "Trajectory.id",
    "Trajectory.run",
    "Fork.trajectory",
    "ToolCall.tool",
    "ToolCall.model",
    "ModelCall.alias",
}


def filled(kind: Any, name: str = "") -> Any:
    """A value of a type with nothing left out, in which every text says whose it is."""
    inner = [one for one in get_args(kind) if one is not NoneType]
    if get_origin(kind) is Mapping:
        assert inner == [str, float], "a mapping to texts would have to be redacted"
        return {"answer-1": 1.0}
    if inner:
        value = filled(inner[0], name)
        return (value,) if get_origin(kind) is tuple else value
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{one.name: filled(hints[one.name], f"{kind.__name__}.{one.name}") for one in fields(kind)})
    if kind is int:
        return 0 if name == "Step.index" else 1
    return f"canary of {name}" if kind is str else PLAIN.get(kind) or next(iter(kind))


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in a value, and the field that it stands in."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield name, value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item, name)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name), f"{type(value).__name__}.{one.name}")


def test_every_text_of_a_trajectory_is_struck_out_but_the_names_by_which_things_are_found() -> None:
    whole = filled(Trajectory)
    known = {name for name, _ in texts(whole)}
    assert {"Document.text", "CodeRun.stderr", "Attempt.error", "Charge.source", "Outcome.reason"} <= known
    found = Redaction((re.compile("canary"),)).trajectory(whole)
    assert {name for name, text in texts(found.value) if "canary" in text} == NAMES_OF_THINGS
    kept_back = {"ModelCall.prompt", "ModelCall.reply"}
    assert {name for name, _ in texts(found.value)} == known - kept_back
    assert found.places == sum(name not in NAMES_OF_THINGS | kept_back for name, _ in texts(whole))


@pytest.mark.parametrize("pattern", [r"\d+", r"\w+", r"answered|solved|expert", r"."])
def test_a_greedy_pattern_of_ones_own_leaves_ids_money_times_and_reasons_to_stop(pattern: str) -> None:
    whole = trajectory_of((made_step(0, "search-1"), made_step(1, "answer-1")), run="run 12")
    found = Redaction((re.compile(pattern),)).trajectory(whole).value
    assert (found.id, found.run, found.started_at, found.stop_reason) == ("t1", "run 12", NOW, whole.stop_reason)
    assert (found.cost_usd, found.latency_s) == (whole.cost_usd, whole.latency_s)
    assert [step.call for step in found.steps] == [step.call for step in whole.steps]
    assert found.answer != "14.28" or pattern == "answered|solved|expert"
