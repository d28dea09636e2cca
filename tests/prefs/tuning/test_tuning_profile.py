"""Profiles as text, there and back."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.tuning.plain_yaml import NotPlain, read_plain
from prefs.tuning.profile import BadProfile, Profile, dump_profile, dump_profile_yaml, load_profile, profile_json
from tests.examples import NOON
from tests.strategies import PREFERENCES

NAMES = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() and text == text.strip())
PROFILES = st.builds(
    Profile,
    NAMES,
    st.integers(1, 10**6),
    PREFERENCES,
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
SHIPPED = Profile(
    "Frugal EU", 3, PreferenceVector(0.6, 1.0, 0.2, {"answer-1": 0.5}), NOON, 'no "great" loss\nsince May'
)


@given(PROFILES)
def test_a_profile_comes_back_from_json_and_from_yaml_as_it_was(profile: Profile) -> None:
    assert load_profile(dump_profile(profile)) == profile
    assert load_profile(dump_profile_yaml(profile)) == profile


@given(PROFILES)
def test_a_library_reads_the_same(profile: Profile) -> None:
    assert yaml.safe_load(dump_profile_yaml(profile)) == profile_json(profile)
    assert json.loads(dump_profile(profile)) == profile_json(profile)


def test_a_profile_can_be_typed_by_hand() -> None:
    text = """
# what we ship
format: 1
name: Frugal EU   # the name
version: 3
made_at: "2026-05-04T14:00:00+02:00"
preference:
    accuracy: 0.6
    cost: 1
    latency: 0.2
    tools:
        answer-1: 0.5
why: "no \\"great\\" loss\\nsince May"
"""
    assert load_profile(text) == SHIPPED


@pytest.mark.parametrize("name", ["no", "1.10", "null", "a: b", "# x", "- x", "'", '"', "é ü", "2026-05-04", "{}"])
def test_a_name_that_yaml_could_misread_stays_a_text(name: str) -> None:
    profile = Profile(name, 1, PreferenceVector(), NOON)
    assert yaml.safe_load(dump_profile_yaml(profile))["name"] == name
    assert load_profile(dump_profile_yaml(profile)).name == name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 1, not 2"),
        ({"name": " "}, "needs a name"),
        ({"name": 7}, "'name' must be a text"),
        ({"version": 0}, "whole number from 1"),
        ({"version": "1"}, "whole number from 1"),
        ({"made_at": "yesterday"}, "'made_at'"),
        ({"made_at": "2026-05-04T12:00:00"}, "no time zone"),
        ({"preference": {"accuracy": 1, "cost": 2, "latency": 0}}, "weight of cost must be from 0 to 1"),
        ({"preference": {"accuracy": 1, "cost": 0.5}}, "lacks 'latency'"),
        ({"preference": {"accuracy": 1, "cost": 0.5, "latency": 0, "speed": 1}}, "no 'speed'"),
        ({"preference": [1]}, "must hold accuracy"),
        ({"owner": "me"}, "no 'owner'"),
    ],
)
def test_a_text_that_is_no_profile_is_refused_with_what_is_wrong(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadProfile, match=said):
        load_profile(json.dumps(profile_json(SHIPPED) | change))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [a, b]", "line 1: put"),
        ("name: yes", "line 1: put 'yes' into double quotes"),
        ("- name", "line 1: expected `key: value`"),
        ("a: 1\n  b: 2", "line 2: indented"),
        ("a: 1\na: 2", "'a' is given twice"),
        ('a: "\\q"', "line 1"),
    ],
)
def test_yaml_beyond_the_small_part_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(NotPlain, match=said):
        read_plain(text)


def test_a_new_version_follows_the_old_and_times_are_kept_in_utc() -> None:
    made = datetime(2026, 5, 5, 14, tzinfo=timezone(timedelta(hours=2)))
    following = SHIPPED.next(PreferenceVector(), made, "the default again")
    assert (following.name, following.version, following.made_at.hour) == ("Frugal EU", 4, 12)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(BadProfile, match="half of a surrogate pair"):
        Profile("x", 1, PreferenceVector(), NOON, "\ud83d")
