"""What the fit of P promises for all rankings, and what it finds in planted ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.preference import PreferenceVector
from prefs.fit.preference import fit
from prefs.fit.result import ScaledFit
from prefs.fit.scaling import scaled
from prefs.fit.stated import stated_and_revealed
from prefs.judgement import Judgement
from prefs.simulated import Habits, simulated_judgements
from tests.prefs.fit.judging import PLANTED, candidate, judged, judgements


def same(one: ScaledFit, other: ScaledFit) -> None:
    assert one.theta == pytest.approx(other.theta, abs=1e-7)
    assert set(one.weights) == set(other.weights)
    for name, weight in one.weights.items():
        ends = (weight.mean, weight.low, weight.high)
        theirs = other.weights[name]
        assert ends == pytest.approx((theirs.mean, theirs.low, theirs.high), abs=1e-5)


def rearranged(one: Judgement, order: list[int]) -> Judgement:
    """The same ranking of the same candidates, listed in another order."""
    place = {old: new for new, old in enumerate(order)}
    return replace(
        one,
        candidates=tuple(one.candidates[old] for old in order),
        groups=tuple(tuple(sorted(place[old] for old in group)) for group in one.groups),
        unranked=tuple(sorted(place[old] for old in one.unranked)),
    )


@settings(max_examples=15, deadline=None)
@given(judgements(most=8), st.randoms(use_true_random=False))
def test_order_of_judgements_and_of_candidates_does_not_matter(given, chance):
    shuffled = [rearranged(j, chance.sample(range(len(j.candidates)), len(j.candidates))) for j in given]
    chance.shuffle(shuffled)
    try:
        ours = fit(given)
    except ValueError:
        with pytest.raises(ValueError, match="nothing to fit"):
            fit(shuffled)
        return
    theirs = fit(shuffled)
    same(ours.ballot, theirs.ballot)
    same(ours.absolute, theirs.absolute)
    assert ours.comparisons == theirs.comparisons == sum(len(list(j.comparisons())) for j in given)
    assert ours.gate.pairs == theirs.gate.pairs


def test_the_same_judgements_give_the_same_fit_to_the_last_digit():
    given = simulated_judgements(PLANTED, 4, ballots=40, annotators=8, ties=0.3, seed=1)
    assert repr(fit(given)) == repr(fit(list(given)))


@settings(max_examples=15, deadline=None)
@given(judgements(line=False))
def test_a_ranking_of_two_is_a_comparison(given):
    pairs = [judged(j.candidates[:2], [[1], [0]], name=j.ranking) for j in given]
    back = []
    for one in pairs:
        (said,) = one.comparisons()
        back.append(judged(one.candidates, [[said.better], [said.worse]], name=one.ranking))
    same(fit(pairs).ballot, fit(back).ballot)


@settings(max_examples=25, deadline=None)
@given(judgements(), st.integers(0, 3), st.floats(1, 100))
def test_fitted_utility_never_rises_with_cost_or_latency(given, place, factor):
    try:
        found = fit(given).ballot
    except ValueError:
        return
    assert all(0 <= w.low <= w.mean <= w.high <= 1 for w in found.weights.values())
    names = list(found.weights) or ["cost"]
    p = np.array([found.weights[name].mean if name in found.weights else 0.0 for name in names])
    one = given[0]
    place %= len(one.candidates)
    seen = one.candidates[place].features
    assert seen.cost_usd is not None
    for worse in (
        replace(seen, latency_s=seen.latency_s * factor),
        replace(seen, cost_usd=seen.cost_usd * round(factor)),
    ):
        changed = [replace(c, features=worse) if i == place else c for i, c in enumerate(one.candidates)]
        before = (scaled([one], names, "ballot") @ p)[0, place]
        after = (scaled([replace(one, candidates=tuple(changed))], names, "ballot") @ p)[0, place]
        assert after <= before + 1e-9


def test_separable_rankings_stay_finite():
    """Everyone always prefers the right, cheap, quick answer."""
    shown = [candidate(0, 1, "0.01", 1), candidate(1, 0, "0.05", 5), candidate(2, 0, "0.9", 50)]
    found = fit([judged(shown, [[0], [1], [2]], name=f"r{i}", annotator=f"a{i % 7}", acceptable=1) for i in range(200)])
    assert np.isfinite(found.ballot.theta).all()
    assert np.isfinite(found.ballot.covariance).all()
    assert found.beta.mean > 1


def test_nothing_liked_gives_no_p():
    """People who prefer the wrong, dear and slow have no P in [0, 1]; the free weights say what they dislike."""
    shown = [candidate(0, 1, "0.01", 1), candidate(1, 0, "0.5", 50)]
    found = fit([judged(shown, [[1], [0]], name=f"r{i}") for i in range(20)]).ballot
    assert (found.beta.mean, found.beta.low) == (0, 0)
    assert found.preference is None
    assert all(one.mean == 0 for one in found.weights.values())
    assert found.free["cost"].mean < 0


def test_what_never_differs_is_named_and_not_estimated():
    shown = [candidate(0, 1, "0.01", 2), candidate(1, 1, "0.5", 2)]
    found = fit([judged(shown, [[int(i % 3 == 0)], [int(i % 3 != 0)]], name=f"r{i}") for i in range(12)]).ballot
    assert set(found.unidentified) == {"accuracy", "latency"}
    assert set(found.weights) == {"cost"}
    assert found.preference == PreferenceVector(accuracy=0.0, cost=1.0, latency=0.0)


def test_a_disliked_alias_is_negative_without_bounds_and_zero_in_p():
    given = simulated_judgements({**PLANTED, "search-1": -0.5}, 4, ballots=300, annotators=300, seed=5)
    found = fit(given, aliases=("search-1",)).ballot
    assert found.free["search-1"].high < 0
    assert found.weights["search-1"].mean == 0
    assert found.weights["accuracy"].mean == 1


def test_planted_weights_line_ties_and_position_are_found():
    habits = Habits(position=0.5, unpriced=0.1)
    given = simulated_judgements(
        PLANTED, 4, ballots=2500, annotators=2500, ties=0.3, line=True, partial=0.3, seed=2, habits=habits
    )
    found = fit(given, aliases=())
    assert sum(found.left_out.values()) + found.rankings == 2500
    assert 150 < found.left_out["a candidate has no known cost"] < 350
    for name, planted in PLANTED.items():
        assert found.weights[name].mean == pytest.approx(planted, abs=0.1)
    assert found.beta.mean == pytest.approx(4, abs=0.4)
    assert found.ballot.ties[2].low < 0.3 < found.ballot.ties[2].high
    assert found.ballot.line is not None
    assert found.ballot.position is not None
    assert found.ballot.position.low > 0
    assert found.pair_accuracy.ballot is not None
    assert found.pair_accuracy.ballot.low > 0.7
    assert found.pair_accuracy.better == "ballot"
    assert found.gate.wrong_above is not None
    assert 0.02 < found.gate.wrong_above.mean < 0.3
    assert found.willingness_to_pay is not None
    assert found.willingness_to_pay.usd_per_solved is not None
    assert found.willingness_to_pay.usd_per_solved.low > 0


def test_the_gate_counts_wrong_answers_above_right_ones():
    shown = [candidate(0, 1), candidate(1, 0, "0.2"), candidate(2, 1, "0.3"), candidate(3, None, "0.4")]
    found = fit([judged(shown, [[1], [0, 3], [2]], name="a"), judged(shown, [[0, 1], [2]], name="b", unranked=(3,))])
    assert found.gate.pairs == 4
    assert found.gate.wrong_above is not None
    assert found.gate.wrong_above.mean == pytest.approx(3 / 4)
    assert found.gate.tied is not None
    assert found.gate.tied.mean == pytest.approx(1 / 4)


def test_willingness_to_pay_is_not_given_where_people_do_not_mind_the_cost():
    shown = [candidate(0, 1, "0.5", 1), candidate(1, 0, "0.01", 50)]
    found = fit([judged(shown, [[0], [1]], name=f"r{i}") for i in range(20)])
    assert found.willingness_to_pay is not None
    assert found.willingness_to_pay.usd_per_solved is None


def test_stated_and_revealed_weights_are_set_side_by_side():
    stated = PreferenceVector(accuracy=0.5, cost=0.5, latency=0.25)
    said = simulated_judgements(PLANTED, 4, ballots=200, annotators=50, seed=3, habits=Habits(stated=stated))
    few = simulated_judgements(PLANTED, 4, ballots=5, annotators=5, seed=4)
    (revealed,) = stated_and_revealed([*said, *few], aliases=())
    assert revealed.stated == stated
    assert revealed.rankings == 200
    by_name = {one.name: one for one in revealed.weights}
    assert by_name["cost"].stated == 1.0
    assert by_name["latency"].stated == 0.5
    assert by_name["cost"].revealed.high < 1.0
