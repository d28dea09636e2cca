"""The winner of each query under P, and what always taking it comes to."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.preference import PRESETS, PreferenceVector
from orchestrator.trajectory import Outcome, Step, Verdict
from prefs.reward import rewards
from prefs.tuning.exact import weight_units
from prefs.tuning.packed import Rule, Ungraded
from prefs.tuning.stored import Stored, stored
from prefs.tuning.winners import Tuning
from tests.examples import call, model_call, trajectory
from tests.prefs.tuning.alternatives import RULES, WEIGHTS, alternative, preferences, several, worths

CLOSE = Fraction(1, 10**6)
"""Scaled elements and weights are whole numbers of tiny units; nothing closer than this can be told apart."""


def by_query(alternatives: list[Stored]) -> dict[str, list[Stored]]:
    found = defaultdict(list)
    for one in alternatives:
        found[one.query].append(one)
    return found


@given(several(), preferences(), RULES)
def test_the_winner_has_the_greatest_worth_of_its_query(
    alternatives: list[Stored], p: PreferenceVector, rule: Rule
) -> None:
    tuning = Tuning.of(alternatives, rule)
    won = tuning.ids(tuning.winners(p))
    for query, shown in by_query(alternatives).items():
        worth = {one.id: value for one, value in zip(shown, worths(shown, p, rule), strict=True) if value is not None}
        winner = won[query]
        assert (winner is None) == (not worth)
        if winner is not None:
            assert max(worth.values()) - worth[winner] <= CLOSE


@given(several(), preferences(), st.randoms())
def test_winners_and_totals_do_not_depend_on_the_order_of_what_is_stored(
    alternatives: list[Stored], p: PreferenceVector, chance: object
) -> None:
    shuffled = list(alternatives)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Tuning.of(alternatives), Tuning.of(shuffled)
    assert one.ids(one.winners(p)) == other.ids(other.winners(p))
    assert one.winners(p).totals == other.winners(p).totals


@given(several(), preferences(), st.sampled_from(["100", "0.92", "0.0000137", "1e6"]))
def test_winners_do_not_depend_on_the_unit_of_money(alternatives: list[Stored], p: PreferenceVector, rate: str) -> None:
    def exchanged(one: Stored) -> Stored:
        usd = one.known_usd * Decimal(rate)
        cost = None if one.features.cost_usd is None else usd
        return replace(one, features=replace(one.features, cost_usd=cost), known_usd=usd)

    one, other = Tuning.of(alternatives), Tuning.of(map(exchanged, alternatives))
    assert one.ids(one.winners(p)) == other.ids(other.winners(p))
    assert other.winners(p).totals.usd == one.winners(p).totals.usd * Decimal(rate)


@given(several((1,), unpriced=False), preferences(), WEIGHTS)
def test_a_greater_weight_of_cost_never_costs_more_where_all_are_solved(
    alternatives: list[Stored], p: PreferenceVector, other: float
) -> None:
    tuning = Tuning.of(alternatives)
    low, high = sorted((p.cost, other))
    usd = [tuning.winners(replace(p, cost=cost)).totals.usd for cost in (low, high)]
    assert usd[1] <= usd[0]


@given(several(), preferences(), RULES)
def test_totals_are_exact_sums_over_the_winners(alternatives: list[Stored], p: PreferenceVector, rule: Rule) -> None:
    tuning = Tuning.of(alternatives, rule)
    winners = tuning.winners(p)
    known = {one.id: one for one in alternatives}
    won = [known[id] for id in tuning.ids(winners).values() if id is not None]
    totals = winners.totals
    assert totals.usd == sum((one.known_usd for one in won), Decimal(0))
    assert totals.usd_float == float(totals.usd)
    assert totals.latency_s == pytest.approx(sum(one.features.latency_s for one in won))
    assert (totals.unpriced, totals.unpriced_calls) == (
        sum(one.features.cost_usd is None for one in won),
        sum(one.unpriced_calls for one in won),
    )
    assert totals.solved == sum(one.features.outcome == 1 for one in won)
    assert totals.ungraded == sum(one.features.outcome is None for one in won)
    assert totals.simulated == sum(one.simulated for one in won)
    assert totals.queries + totals.left_out == len({one.query for one in alternatives})
    assert sum(totals.alias_share.values()) == pytest.approx(1 if won else 0)


@given(several((1, 0, None)), preferences())
def test_a_wrong_answer_never_wins_against_a_right_one(alternatives: list[Stored], p: PreferenceVector) -> None:
    tuning = Tuning.of(alternatives)
    won = tuning.ids(tuning.winners(p))
    known = {one.id: one.features.outcome for one in alternatives}
    for query, shown in by_query(alternatives).items():
        if any(one.features.outcome == 1 for one in shown):
            assert known[str(won[query])] != 0


def test_sums_beyond_64_bits_stay_exact() -> None:
    usd = ["123456789012.000000000001", "987654321098.999999999999"]
    tuning = Tuning.of([alternative(str(n), f"q{n}", amount) for n, amount in enumerate(usd)])
    assert tuning.winners(PreferenceVector()).totals.usd == sum(map(Decimal, usd))


def test_of_equal_alternatives_the_cheaper_wins_and_the_tie_is_counted() -> None:
    tuning = Tuning.of([alternative("dear and quick", usd="2", seconds=1), alternative("cheap", usd="1", seconds=2)])
    tie = tuning.winners(PreferenceVector(1, 0.5, 0.5))
    assert tuning.ids(tie) == {"q": "cheap"}
    assert tie.totals.tied == 1
    assert tuning.winners(PreferenceVector(1, 0.5, 0.500001)).totals.tied == 0


def test_three_tenths_and_three_tenths_are_a_tie_although_floats_cannot_hold_them() -> None:
    tuning = Tuning.of(
        [
            alternative("a", usd="0", seconds=3, uses={"answer-1": 1}),
            alternative("b", usd="3", seconds=3, uses={"answer-2": 1, "search-1": 1}),
        ]
    )
    p = PreferenceVector(1, 0.3, 0, {"answer-2": 0.1, "search-1": 0.2})
    assert tuning.winners(p).totals.tied == 1


def test_where_no_answer_is_right_the_cheapest_is_taken_and_said() -> None:
    tuning = Tuning.of([alternative("dear", usd="2", outcome=0), alternative("cheap", usd="1", seconds=9, outcome=0)])
    found = tuning.winners(PreferenceVector(1, 0, 1))
    assert tuning.ids(found) == {"q": "cheap"}
    assert (found.totals.none_right, found.totals.tied, found.totals.solved) == (1, 0, 0)


def test_without_the_gate_a_wrong_answer_can_win_by_its_price() -> None:
    shown = [alternative("right", usd="2"), alternative("wrong", usd="1", outcome=0)]
    weighed = Tuning.of(shown, Rule(gated=False))
    assert weighed.ids(weighed.winners(PreferenceVector(0.4, 0.6, 0))) == {"q": "wrong"}
    assert weighed.ids(weighed.winners(PreferenceVector(0.6, 0.4, 0))) == {"q": "right"}


def test_an_ungraded_alternative_competes_as_if_correct_or_not_at_all() -> None:
    shown = [alternative("graded", usd="2"), alternative("ungraded", usd="1", outcome=None)]
    p = PreferenceVector()
    tuning, strict = Tuning.of(shown), Tuning.of(shown, Rule(ungraded=Ungraded.LEFT_OUT))
    assert tuning.ids(tuning.winners(p)) == {"q": "ungraded"}
    assert (tuning.winners(p).totals.ungraded, tuning.winners(p).totals.solved_share) == (1, None)
    assert strict.ids(strict.winners(p)) == {"q": "graded"}
    nobody = Tuning.of(shown[1:], Rule(ungraded=Ungraded.LEFT_OUT)).winners(p)
    assert (nobody.totals.queries, nobody.totals.left_out) == (0, 1)


def test_one_unknown_price_leaves_cost_out_of_its_query_only() -> None:
    shown = [
        alternative("unpriced", usd=None, seconds=2),
        alternative("quick", usd="0.005", seconds=1),
        alternative("dear 2", "other", "2", 1),
        alternative("cheap 2", "other", "1", 2),
    ]
    tuning = Tuning.of(shown)
    found = tuning.winners(PreferenceVector(1, 1, 0.5))
    assert tuning.ids(found) == {"q": "quick", "other": "cheap 2"}
    slow = Tuning.of(shown[:1]).winners(PreferenceVector()).totals
    assert (slow.usd, slow.unpriced, slow.unpriced_calls) == (Decimal("0.001"), 1, 1)


def test_winners_agree_with_the_reward_of_whole_trajectories() -> None:
    routes = [("0.02", 1.0, "solved"), ("0.01", 3.0, "solved"), ("0.001", 0.5, "unsolved"), ("0.03", 0.9, "ungraded")]
    shown = [
        trajectory(
            id=str(number),
            steps=(Step(0, "", call(f"answer-{1 + number % 2}"), None, (model_call(usd, seconds),)),),
            outcome=Outcome(Verdict(verdict)),
        )
        for number, (usd, seconds, verdict) in enumerate(routes)
    ]
    tuning = Tuning.of(map(stored, shown))
    for p in PRESETS.values():
        worth = [r.if_correct if r.value is None else r.value for r in rewards(shown, p)]
        winner = tuning.ids(tuning.winners(p))[shown[0].query]
        assert worth[int(str(winner))] == pytest.approx(max(worth), abs=1e-9)


def test_changes_against_a_reference_are_counted() -> None:
    tuning = Tuning.of(
        [
            alternative("a", usd="1", seconds=9),
            alternative("b", usd="9", seconds=1),
            alternative("only", "other"),
        ]
    )
    cheap, quick = tuning.winners(PreferenceVector(1, 1, 0)), tuning.winners(PreferenceVector(1, 0, 1))
    assert [tuning.packed.queries[number] for number in quick.changed(cheap)] == ["q"]


def test_a_weight_is_read_to_the_nearest_of_six_decimals() -> None:
    assert [weight_units(weight) for weight in (0.0, 0.9999999, 1e-7, 0.31)] == [0, 1_000_000, 0, 310_000]


def test_nothing_stored_and_a_trajectory_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="no finished trajectories"):
        Tuning.of([])
    with pytest.raises(ValueError, match="given twice"):
        Tuning.of([alternative("a"), alternative("a")])
