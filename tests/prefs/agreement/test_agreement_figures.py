"""Kendall's W, Krippendorff's α and leave-one-out τ-b, held against books, libraries and symmetries."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from prefs.agreement.alpha import additive_alpha, library_alpha, ordinal_alpha
from prefs.agreement.annotator import leave_one_out, tau_b
from prefs.agreement.concordance import concordance, concordances, permutation_p
from prefs.agreement.report import agreement_report
from prefs.agreement.shared_ballot import mid_ranks, shared_ballots, table
from prefs.judgement import Judgement
from prefs.simulated import Habits, simulated_judgements
from tests.prefs.agreement.judged import judged, tables

ANXIETY = np.array(
    [
        [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3],
        [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4],
        [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2],
    ],
    dtype=np.float64,
)
"""Anxiety ratings of 20 subjects by three raters, the example of the R package irr: many ties."""


def reversed_groups(one: Judgement) -> Judgement:
    return replace(one, groups=one.groups[::-1])


def shuffled(one: Judgement) -> Judgement:
    """The same ranking of the same trajectories, shown in the opposite order."""
    last = len(one.candidates) - 1
    return replace(
        one,
        candidates=tuple(replace(c, position=last - c.position) for c in one.candidates[::-1]),
        groups=tuple(tuple(sorted(last - place for place in group)) for group in one.groups),
        unranked=tuple(sorted(last - place for place in one.unranked)),
    )


def test_w_with_ties_is_that_of_the_anxiety_example() -> None:
    found = concordance(mid_ranks(ANXIETY))
    assert found.w.value == pytest.approx(0.54, abs=0.0005)
    assert found.chi_squared == pytest.approx(30.8, abs=0.05)
    assert found.freedom == 19
    assert found.p == pytest.approx(0.0429, abs=0.0001)


def test_chi_squared_of_w_is_friedmans() -> None:
    ranks = mid_ranks(ANXIETY[:, :6])
    assert concordance(ranks).chi_squared == pytest.approx(stats.friedmanchisquare(*ANXIETY[:, :6].T).statistic)


@pytest.mark.parametrize("people", [2, 3, 5])
def test_w_of_people_who_order_independently_is_what_chance_gives(people: int) -> None:
    chance = np.random.default_rng(people)
    drawn = [
        judged(f"p{person}", chance.permutation(4).tolist(), query=f"q{query}")
        for query in range(400)
        for person in range(people)
    ]
    found = concordances(drawn).overall
    assert found.by_chance == pytest.approx(1 / people)
    assert found.w.value == pytest.approx(found.by_chance, abs=0.03)


def test_permutation_p_of_three_people_in_full_agreement_is_one_in_thirty_six() -> None:
    ranks = np.array([[1, 2, 3]] * 3, dtype=np.float64)
    assert permutation_p(ranks, times=20_000) == pytest.approx(1 / 36, abs=0.005)


def test_tau_b_is_that_of_the_textbook_with_ties() -> None:
    one, other = np.array([12.0, 2, 1, 12, 2]), np.array([1.0, 4, 7, 1, 0])
    assert tau_b(one, other) == pytest.approx(-0.47140452079103173)
    assert tau_b(np.ones(3), one[:3]) is None


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=8))
def test_tau_b_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, dtype=np.float64).T
    found = tau_b(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.kendalltau(one, other).statistic)


def test_leave_one_out_is_tau_b_against_the_mean_rank_of_the_others() -> None:
    ranks = {"ann": [1, 2, 3, 4], "bob": [1, 3, 2, 4], "cid": [2, 1, 3, 3]}
    found = {one.annotator: one.tau.value for one in leave_one_out([judged(who, of) for who, of in ranks.items()])}
    others = np.mean([stats.rankdata(ranks["bob"]), stats.rankdata(ranks["cid"])], axis=0)
    assert found["ann"] == pytest.approx(stats.kendalltau(ranks["ann"], others).statistic)


def test_nobody_is_part_of_the_consensus_that_he_is_held_against() -> None:
    found = leave_one_out([judged("ann", [1, 2, 3]), judged("bob", [3, 2, 1])])
    assert [one.tau.value for one in found] == pytest.approx([-1, -1])


def test_alpha_of_the_library_is_its_documented_example() -> None:
    nan = np.nan
    data = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    )
    counts = (data.T[:, :, None] == np.arange(1, 6)).sum(axis=1)
    assert library_alpha(counts) == pytest.approx(0.815, abs=0.0005)
    assert additive_alpha([counts[:5], counts[5:]]) == pytest.approx(library_alpha(counts))


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=2, max_size=8).filter(
        lambda rows: sum(any(row[v] for row in rows if sum(row) > 1) for v in range(4)) > 1
    )
)
def test_alpha_that_is_resampled_is_the_librarys(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    assert additive_alpha([counts[:1], counts[1:]]) == pytest.approx(library_alpha(counts), abs=1e-9)


@given(tables())
@settings(max_examples=50, deadline=None)
def test_figures_depend_on_neither_labels_nor_the_order_of_judgements(judgements: list[Judgement]) -> None:
    assert agreement_report([shuffled(one) for one in judgements[::-1]]) == agreement_report(judgements)


@given(tables())
@settings(max_examples=50, deadline=None)
def test_w_alpha_and_tau_stay_when_everybody_ranks_the_other_way_round(judgements: list[Judgement]) -> None:
    other = [reversed_groups(one) for one in judgements]
    assert concordances(other).overall.w.value == pytest.approx(concordances(judgements).overall.w.value)
    assert ordinal_alpha(other).value == pytest.approx(ordinal_alpha(judgements).value)
    pairs = zip(leave_one_out(other), leave_one_out(judgements), strict=True)
    assert all(one.tau.value == pytest.approx(same.tau.value) for one, same in pairs)


@given(tables())
@settings(max_examples=50, deadline=None)
def test_figures_stay_in_their_ranges_and_intervals_hold_them(judgements: list[Judgement]) -> None:
    found = agreement_report(judgements)
    measured = [found.w.overall.w, found.alpha, found.ceiling.agreement, *(one.tau for one in found.leave_one_out)]
    for one in measured:
        assert (one.value is None) <= (one.note is not None)
        assert one.value is None or -1 - 1e-9 <= one.value <= 1 + 1e-9
        if one.interval is not None and one.value is not None:
            assert one.interval.low <= one.value <= one.interval.high
    assert all(0 <= (b.concordance.w.value or 0) <= 1 + 1e-9 for b in found.w.ballots)


def test_full_agreement_is_one_everywhere() -> None:
    judgements = [judged(who, [2, 1, 3, 4], query=f"q{q}") for who in ("ann", "bob", "cid") for q in range(20)]
    found = agreement_report(judgements)
    assert found.w.overall.w.value == pytest.approx(1)
    assert found.alpha.value == pytest.approx(1)
    assert [one.tau.value for one in found.leave_one_out] == pytest.approx([1, 1, 1])
    assert found.ceiling.agreement.value == 1
    assert found.warning is None
    assert found.alpha.note is None


def test_few_rankings_are_called_few() -> None:
    found = agreement_report([judged("ann", [1, 2, 3]), judged("bob", [1, 2, 3])])
    assert "2 rankings are few" in (found.warning or "")
    assert "below 50" in (found.w.overall.w.note or "")
    assert found.w.overall.w.interval is None


def test_one_person_alone_gives_no_figure_but_a_reason() -> None:
    found = agreement_report([judged("ann", [1, 2, 3])])
    for one in (found.w.overall.w, found.alpha, found.ceiling.agreement, found.leave_one_out[0].tau):
        assert one.value is None
        assert one.note
    assert found.w.left_out == 1


def test_partial_rankings_are_compared_where_they_overlap() -> None:
    show = ["a", "b", "c", "d"]
    some = [
        judged("ann", {"a": 1, "b": 2, "c": 3, "d": 4}, show=show),
        judged("bob", {"c": 1, "d": 2}, show=show),
    ]
    assert concordances(some).overall.w.value == pytest.approx(1)
    assert [one.tau.value for one in leave_one_out(some)] == pytest.approx([1, 1])


def test_one_partial_ranking_does_not_shrink_the_table_of_the_others() -> None:
    whole = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    people = [judged(f"person {i}", whole) for i in range(5)] + [judged("bob", {"c": 1, "d": 2}, show=list(whole))]
    found = table(shared_ballots(people)[0])
    assert found is not None
    assert found.shape == (5, 4)


def test_agreement_of_noisy_people_lies_between_chance_and_certainty() -> None:
    judgements = simulated_judgements(
        {"accuracy": 1, "cost": 0.5, "latency": 0.2}, 4, ballots=60, annotators=6, ties=0.2, seed=1, habits=Habits(3)
    )
    found = agreement_report(judgements)
    for one in (found.w.overall.w, found.alpha):
        assert one.value is not None
        assert one.interval is not None
        assert 0 < one.interval.low < one.value < one.interval.high < 1
    assert (found.w.overall.p or 1) < 1e-6


def test_interval_of_one_ballot_does_not_take_a_person_for_his_own_witness() -> None:
    chance = np.random.default_rng(3)
    ranks = np.array([chance.permutation(5) + 1.0 for _ in range(12)])
    found = concordance(ranks).w
    assert found.interval is not None
    assert found.value is not None
    assert found.interval.low < found.value - 0.02
    assert found.interval.high < 0.45
