"""Audiences and what they say without a model."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.audience import ALPHABET, Audience, check_minutes, is_code
from prefs.tally import tally
from tests.examples import NOON

ROOM = Audience("a1", "ABCDEFGH", "r1", "b1", NOON, NOON + timedelta(minutes=30))


def test_an_audience_is_open_until_its_time_is_up_or_somebody_ends_it() -> None:
    assert ROOM.open(NOON)
    assert not ROOM.open(NOON + timedelta(minutes=30))
    assert not replace(ROOM, closed_at=NOON).open(NOON)


def test_a_code_has_eight_letters_that_nobody_mistakes() -> None:
    assert len(ALPHABET) == 32
    assert is_code("abcdefgh")
    assert not is_code("ABCDEFG")
    assert not any(is_code(f"ABCDEFG{strange}") for strange in "01IOß/.")


@pytest.mark.parametrize("minutes", [0, 0.5, 241, float("nan"), float("inf")])
def test_no_audience_is_open_for_no_time_or_for_a_day(minutes: float) -> None:
    with pytest.raises(ValueError, match="1 to 240 minutes"):
        check_minutes(minutes)


def test_ties_share_the_first_choice_and_the_places() -> None:
    found = tally("ABC", [[["A", "B"], ["C"]], [["A"], ["B", "C"]]])
    assert [(one.first, one.place) for one in found] == [(0.75, 1.25), (0.25, 2.0), (0.0, 2.75)]


def test_before_anybody_ranked_there_is_no_place() -> None:
    assert [(one.label, one.first, one.place) for one in tally("AB", [])] == [("A", 0.0, None), ("B", 0.0, None)]


@st.composite
def orders(draw: st.DrawFn) -> list[list[str]]:
    """A ranking of A to D with ties, nobody left out."""
    labels = draw(st.permutations("ABCD"))
    cuts = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    groups = [[labels[0]]]
    for label, cut in zip(labels[1:], cuts, strict=True):
        groups.append([label]) if cut else groups[-1].append(label)
    return groups


@given(st.lists(orders(), min_size=1, max_size=20))
def test_first_choices_add_up_to_one_and_places_to_ten(rankings: list[list[list[str]]]) -> None:
    found = tally("ABCD", rankings)
    assert sum(one.first for one in found) == pytest.approx(1)
    assert sum(one.place or 0 for one in found) == pytest.approx(10)
