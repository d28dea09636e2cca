"""Two rankings of one ballot by one person: what stands where, and which pairs flipped."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefs.judgement import Judgement
from prefs.second_look import Flips, SecondLook, flips
from prefs.simulated_looks import simulated_looks

(EXAMPLE,) = simulated_looks(1, 1)
Groups = tuple[tuple[int, ...], ...]


def look(blind: Groups, revealed: Groups, usd: tuple[str, ...] = ("1", "2", "3", "4")) -> SecondLook:
    """Four alternatives, the later ones dearer and slower."""
    shown = tuple(
        replace(one, features=replace(one.features, cost_usd=Decimal(price), latency_s=float(place)))
        for place, (one, price) in enumerate(zip(EXAMPLE.blind.candidates, usd, strict=True))
    )

    def said(judgement: Judgement, groups: Groups) -> Judgement:
        placed = {place for group in groups for place in group}
        return replace(
            judgement, candidates=shown, groups=groups, unranked=tuple(p for p in range(4) if p not in placed)
        )

    return SecondLook(said(EXAMPLE.blind, blind), said(EXAMPLE.revealed, revealed))


@st.composite
def orders(draw: st.DrawFn) -> Groups:
    places = draw(st.lists(st.integers(0, 4), min_size=4, max_size=4))
    levels = sorted(set(places) - {4})
    return tuple(tuple(place for place in range(4) if places[place] == level) for level in levels)


def test_standing_counts_the_others_below_and_halves_of_ties() -> None:
    one = look(((3,), (0, 2), (1,)), ((0,), (1,), (2,), (3,)))
    assert one.places == (0, 1, 2, 3)
    assert one.standing == (1.5, 0.0, 1.5, 3.0)


def test_only_what_both_rankings_place_is_compared() -> None:
    one = look(((3,), (1,)), ((1,), (0,), (3,)))
    assert one.places == (1, 3)
    assert one.reordered.groups == ((0,), (1,))
    assert [each.label for each in one.reordered.candidates] == ["B", "D"]
    assert flips([one]) == Flips(1, 1, 1, 1, to_cheaper=1, to_quicker=1)


def test_a_flip_counts_for_the_cheaper_or_the_dearer_and_for_neither_at_one_price() -> None:
    up = look(((3,), (0,), (1,), (2,)), ((0,), (3,), (1,), (2,)))
    assert flips([up]) == Flips(1, 1, 6, 1, to_cheaper=1, to_quicker=1)
    down = look(((0,), (3,), (1,), (2,)), ((3,), (0,), (1,), (2,)), ("1", "1", "1", "1"))
    assert flips([down]) == Flips(1, 1, 6, 1, to_slower=1)
    assert flips([up, down]).pairs == 12


def test_rankings_of_two_people_are_no_second_look() -> None:
    with pytest.raises(ValueError, match="not of one ballot by one person"):
        SecondLook(EXAMPLE.blind, replace(EXAMPLE.revealed, annotator="bob"))


@given(orders(), orders())
def test_flips_are_symmetric_and_never_more_than_the_pairs(blind: Groups, revealed: Groups) -> None:
    there, back = flips([look(blind, revealed)]), flips([look(revealed, blind)])
    assert (there.pairs, there.flipped, there.changed) == (back.pairs, back.flipped, back.changed)
    assert there.flipped <= there.pairs <= 6
    assert there.to_cheaper + there.to_dearer == there.flipped
    assert (there.to_cheaper, there.to_quicker) == (back.to_dearer, back.to_slower)
    assert flips([look(blind, blind)]).flipped == 0


@given(orders(), orders())
def test_standing_adds_up_to_the_number_of_pairs(blind: Groups, revealed: Groups) -> None:
    one = look(blind, revealed)
    assert sum(one.standing) == len(one.places) * (len(one.places) - 1) / 2
    assert sorted(place for group in one.reordered.groups for place in group) == list(range(len(one.places)))
