"""Thresholds: where one weight changes a choice, exactly."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.tuning.flips import END, flips, reweighed
from prefs.tuning.packed import Rule
from prefs.tuning.stored import Stored
from prefs.tuning.winners import Tuning
from tests.prefs.tuning.alternatives import RULES, alternative, preferences, several

NAMES = st.sampled_from(("accuracy", "cost", "latency", "answer-1"))
MILLION = 1_000_000


def rows_at(tuning: Tuning, p: PreferenceVector, name: str, units: int) -> list[int]:
    return [int(row) for row in tuning.winners(reweighed(p, name, units / MILLION)).rows]


@given(several(), preferences(), RULES, NAMES)
def test_just_below_and_just_above_a_threshold_the_stated_alternatives_win(
    alternatives: list[Stored], p: PreferenceVector, rule: Rule, name: str
) -> None:
    tuning = Tuning.of(alternatives, rule)
    if name not in tuning.packed.columns:
        return
    found = flips(tuning, p, name)
    for query in range(len(tuning.packed.queries)):
        of_query = found.of_query(query)
        edges = [Fraction(0), *(flip.at for flip in of_query), END]
        for number, flip in enumerate(of_query):
            below, above = math.ceil(flip.at * MILLION) - 1, math.floor(flip.at * MILLION) + 1
            if edges[number] * MILLION < below:
                assert rows_at(tuning, p, name, below)[query] == flip.before
            if above < edges[number + 2] * MILLION:
                assert rows_at(tuning, p, name, above)[query] == flip.after


@given(several(), preferences(), RULES, NAMES, st.lists(st.integers(0, MILLION), max_size=4))
def test_any_weight_gives_the_winners_that_the_thresholds_foretell(
    alternatives: list[Stored], p: PreferenceVector, rule: Rule, name: str, weights: list[int]
) -> None:
    tuning = Tuning.of(alternatives, rule)
    if name not in tuning.packed.columns:
        return
    found = flips(tuning, p, name)
    at_zero = rows_at(tuning, p, name, 0)
    for units in weights:
        at = Fraction(units, MILLION)
        if at in found.thresholds:
            continue
        expected = list(at_zero)
        for flip in found.flips:
            if flip.at < at:
                expected[flip.query] = flip.after
        assert rows_at(tuning, p, name, units) == expected


@given(several(), preferences(), NAMES)
def test_every_piece_has_the_totals_of_its_winners(alternatives: list[Stored], p: PreferenceVector, name: str) -> None:
    tuning = Tuning.of(alternatives)
    if name not in tuning.packed.columns:
        return
    found = flips(tuning, p, name)
    assert (found.pieces[0].low, found.pieces[-1].high) == (0, 1)
    for piece, following in zip(found.pieces, found.pieces[1:], strict=False):
        assert piece.high == following.low
    for piece in found.pieces:
        middle = round((piece.low + piece.high) / 2 * MILLION)
        if piece.low < Fraction(middle, MILLION) < piece.high:
            totals = tuning.winners(reweighed(p, name, middle / MILLION)).totals
            assert (totals.usd, totals.solved) == (piece.usd, piece.solved)
            assert totals.latency_s == pytest.approx(piece.latency_s, abs=1e-6)


@given(several((1, 0, None)), preferences())
def test_accuracy_has_no_threshold_under_the_gate(alternatives: list[Stored], p: PreferenceVector) -> None:
    assert flips(Tuning.of(alternatives), p, "accuracy").flips == ()


def test_a_threshold_is_an_exact_fraction() -> None:
    tuning = Tuning.of(
        [
            alternative("cheap", usd="1", seconds=10),
            alternative("middle", usd="2", seconds=4),
            alternative("quick", usd="3", seconds=1),
        ]
    )
    found = flips(tuning, PreferenceVector(1, 0, 0.5), "cost")
    rows = {id: row for row, id in enumerate(tuning.packed.ids)}
    # scaled cost 1, ½, 0; scaled latency 0, ⅔, 1: quick is overtaken by middle at ⅓, middle by cheap at ⅔
    assert [(flip.before, flip.after) for flip in found.flips] == [
        (rows["quick"], rows["middle"]),
        (rows["middle"], rows["cheap"]),
    ]
    assert [float(at) for at in found.thresholds] == pytest.approx([1 / 3, 2 / 3], abs=1e-10)
    assert [piece.usd for piece in found.pieces] == [3, 2, 1]


def test_nothing_changes_between_the_nearest_thresholds() -> None:
    tuning = Tuning.of([alternative("cheap", usd="1", seconds=2), alternative("quick", usd="2", seconds=1)])
    assert flips(tuning, PreferenceVector(1, 0.3, 0.5), "cost").still() == (0, Fraction(1, 2))
    assert flips(tuning, PreferenceVector(1, 0.7, 0.5), "cost").still() == (Fraction(1, 2), 1)
    assert flips(tuning, PreferenceVector(1, 0.5, 0.5), "cost").still() == (Fraction(1, 2), Fraction(1, 2))


def test_a_tie_at_nothing_is_a_threshold_at_zero() -> None:
    tuning = Tuning.of([alternative("cheap", usd="1", seconds=2), alternative("quick", usd="2", seconds=1)])
    found = flips(tuning, PreferenceVector(1, 0, 0.5), "latency")
    assert [(flip.at, tuning.packed.ids[flip.before], tuning.packed.ids[flip.after]) for flip in found.flips] == [
        (0, "cheap", "quick")
    ]


def test_a_tie_at_one_is_a_threshold_at_one() -> None:
    tuning = Tuning.of([alternative("cheap", usd="1", seconds=2), alternative("quick", usd="2", seconds=1)])
    found = flips(tuning, PreferenceVector(1, 0.2, 1), "cost")
    assert [(flip.at, tuning.packed.ids[flip.before], tuning.packed.ids[flip.after]) for flip in found.flips] == [
        (1, "quick", "cheap")
    ]


def test_where_three_are_worth_the_same_the_choice_changes_once() -> None:
    tuning = Tuning.of(
        [
            alternative("cheap", usd="1", seconds=3),
            alternative("middle", usd="2", seconds=2),
            alternative("quick", usd="3", seconds=1),
        ]
    )
    found = flips(tuning, PreferenceVector(1, 0, 0.5), "cost")
    assert [(flip.at, tuning.packed.ids[flip.before], tuning.packed.ids[flip.after]) for flip in found.flips] == [
        (Fraction(1, 2), "quick", "cheap")
    ]


def test_a_weight_that_stands_alone_has_no_threshold() -> None:
    shown = [
        alternative("cheap", usd="1", seconds=2),
        alternative("quick", usd="2", seconds=1),
        alternative("alike", "other", "1", 1),
        alternative("twin", "other", "1", 1),
    ]
    assert flips(Tuning.of(shown), PreferenceVector(1, 0.5, 0), "cost").flips == ()


def test_of_two_that_tie_at_nothing_the_one_that_gains_leads_from_the_start() -> None:
    tuning = Tuning.of(
        [
            alternative("slow", usd="1", seconds=3),
            alternative("quick", usd="2", seconds=1),
            alternative("quick and dear", usd="3", seconds=1),
        ]
    )
    found = flips(tuning, PreferenceVector(1, 0, 0.25), "cost")
    assert [(flip.at, tuning.packed.ids[flip.before], tuning.packed.ids[flip.after]) for flip in found.flips] == [
        (Fraction(1, 2), "quick", "slow")
    ]


def test_an_alias_that_was_never_called_changes_nothing_and_an_unknown_name_is_refused() -> None:
    tuning = Tuning.of([alternative("a", usd="1"), alternative("b", usd="2")])
    assert flips(tuning, PreferenceVector(tools={"search-3": 0.5}), "search-3").flips == ()
    with pytest.raises(ValueError, match="no weight 'speed'; choose one of"):
        flips(tuning, PreferenceVector(), "speed")
