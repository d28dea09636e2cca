"""Bradley–Terry: closed forms, what must not matter, and what is said where no strengths are best."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prefs.strengths.bradley_terry import Ties, WinsLikelihood, bradley_terry, bradley_terry_bootstrap
from prefs.strengths.comparisons import Comparisons, comparisons
from prefs.strengths.connection import NoEstimate
from prefs.strengths.newton import maximise
from prefs.strengths.strength import Strengths
from tests.prefs.strengths.drawn import NAMES, Pair, linked_pairs

BOTH: tuple[Ties, Ties] = ("half", "davidson")


def seen(pairs: list[Pair], clusters: list[int] | None = None) -> Comparisons:
    better, worse, tied = zip(*pairs, strict=True)
    return comparisons(better, worse, tied=tied, clusters=clusters)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_two_items_differ_by_the_log_odds_of_their_wins(won: int, lost: int) -> None:
    names = np.array(["a", "b"])
    first = np.repeat([0, 1], [won, lost])
    found = bradley_terry(comparisons(names[first], names[1 - first]))
    odds = math.log(won / lost)
    assert found.of("a") - found.of("b") == pytest.approx(odds, abs=1e-9)
    assert found.probability("a", "b") == pytest.approx(won / (won + lost), abs=1e-9)
    apart = found.difference("a", "b")
    assert apart is not None
    assert apart.high - apart.mean == pytest.approx(1.959964 * math.sqrt(1 / won + 1 / lost), rel=1e-6)


def test_davidson_of_two_items_gives_the_shares_that_were_seen() -> None:
    found = bradley_terry(
        seen([("a", "b", False)] * 6 + [("b", "a", False)] * 3 + [("a", "b", True)] * 4), ties="davidson"
    )
    assert found.of("a") - found.of("b") == pytest.approx(math.log(6 / 3))
    assert found.ties == ((2, pytest.approx(math.log(4 / math.sqrt(6 * 3)))),)


def test_a_tie_counts_as_half_a_win_for_either_side() -> None:
    halves = bradley_terry(seen([("a", "b", False), ("b", "a", False), ("a", "b", False), ("a", "b", True)]))
    assert halves.of("a") - halves.of("b") == pytest.approx(math.log(2.5 / 1.5))


@given(linked_pairs())
def test_turning_all_comparisons_around_turns_the_strengths_around(pairs: list[Pair]) -> None:
    one, other = (bradley_terry(seen(p)) for p in (pairs, [(b, a, tied) for a, b, tied in pairs]))
    np.testing.assert_allclose(one.values, -other.values, atol=1e-8)
    assert one.covariance is not None
    assert other.covariance is not None
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-7)


@given(linked_pairs(), st.permutations(NAMES), st.sampled_from(BOTH))
def test_what_the_items_are_called_does_not_matter(pairs: list[Pair], names: list[str], ties: Ties) -> None:
    new = dict(zip(NAMES, names, strict=True))
    one = bradley_terry(seen(pairs), ties=ties, prior_sd=2.0)
    other = bradley_terry(seen([(new[a], new[b], tied) for a, b, tied in pairs]), ties=ties, prior_sd=2.0)
    for name in one.names:
        here, there = one.interval(name), other.interval(new[name])
        assert here is not None
        assert there is not None
        assert (there.mean, there.low, there.high) == pytest.approx((here.mean, here.low, here.high), abs=1e-6)


@given(linked_pairs(), st.randoms(use_true_random=False), st.sampled_from(BOTH))
def test_the_order_of_comparisons_and_of_tied_sides_does_not_matter(
    pairs: list[Pair], chance: Random, ties: Ties
) -> None:
    other = [(b, a, tied) if tied and chance.random() < 0.5 else (a, b, tied) for a, b, tied in pairs]
    chance.shuffle(other)
    one, two = (bradley_terry(seen(p), ties=ties, prior_sd=2.0) for p in (pairs, other))
    np.testing.assert_allclose(one.values, two.values, atol=1e-8)


@given(linked_pairs(), st.floats(-50, 50))
def test_adding_a_constant_to_all_strengths_changes_no_likelihood(pairs: list[Pair], constant: float) -> None:
    likelihood = WinsLikelihood(seen(pairs))
    strengths = np.linspace(-1, 1, likelihood.size)
    here, there = likelihood.at(strengths), likelihood.at(strengths + constant)
    assert there.value == pytest.approx(here.value)
    np.testing.assert_allclose(there.gradient, here.gradient, atol=1e-9)
    assert here.gradient.sum() == pytest.approx(0, abs=1e-9)


@given(linked_pairs())
def test_davidson_without_ties_is_bradley_terry(pairs: list[Pair]) -> None:
    clear = [(a, b, False) for a, b, _ in pairs]
    one, other = (bradley_terry(seen(clear), ties=ties) for ties in BOTH)
    np.testing.assert_allclose(one.values, other.values, atol=1e-8)
    assert one.covariance is not None
    assert other.covariance is not None
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-7)


@given(linked_pairs(), st.sampled_from(BOTH))
def test_each_comparison_as_its_own_cluster_is_no_cluster(pairs: list[Pair], ties: Ties) -> None:
    alone = bradley_terry(seen(pairs), ties=ties, prior_sd=5.0)
    apart = bradley_terry(seen(pairs, list(range(len(pairs)))), ties=ties, prior_sd=5.0)
    likelihood, clustered = WinsLikelihood(seen(pairs)), seen(pairs, list(range(len(pairs)))).clusters
    np.testing.assert_allclose(alone.values, apart.values, atol=1e-8)
    best = maximise(likelihood)
    one, other = likelihood.meat(best.parameters, None), likelihood.meat(best.parameters, clustered)
    np.testing.assert_allclose(one, other, atol=1e-9)
    assert apart.clusters == len(pairs)


def test_copying_every_comparison_within_its_cluster_changes_no_interval() -> None:
    pairs = [("a", "b", False), ("b", "c", False), ("c", "a", False), ("a", "b", False), ("b", "a", True)]
    once = bradley_terry(seen(pairs, list(range(5))))
    twice = bradley_terry(seen(pairs * 2, list(range(5)) * 2))
    assert once.covariance is not None
    assert twice.covariance is not None
    np.testing.assert_allclose(once.covariance, twice.covariance)


def test_one_cluster_leaves_no_interval() -> None:
    found = bradley_terry(seen([("a", "b", False), ("b", "a", False)], [0, 0]))
    assert found.covariance is None
    assert found.interval("a") is None
    assert found.ends() is None


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("a", "b", False)], "b were never preferred to the others|a were always preferred"),
        (
            [("a", "b", False), ("b", "a", False), ("c", "d", False), ("d", "c", False)],
            "were never compared with the others",
        ),
        ([("a", "b", False), ("b", "c", False), ("c", "b", False)], "a were always preferred|b, c were never"),
    ],
)
def test_without_a_prior_it_is_said_where_no_strengths_are_best(pairs: list[Pair], said: str) -> None:
    with pytest.raises(NoEstimate, match=said) as told:
        bradley_terry(seen(pairs))
    assert "prior_sd" in str(told.value)
    assert np.isfinite(bradley_terry(seen(pairs), prior_sd=3.0).values).all()


def test_davidson_says_so_where_ties_hold_two_items_together_but_nobody_lost() -> None:
    with pytest.raises(NoEstimate, match="prior_sd"):
        bradley_terry(seen([("a", "b", False)] * 5 + [("a", "b", True)] * 5), ties="davidson")


def test_items_that_nothing_links_are_as_far_apart_as_the_prior_lets_them_be() -> None:
    pairs = [("a", "b", False), ("b", "a", False)] * 500 + [("c", "d", False), ("d", "c", False)] * 500
    found = bradley_terry(seen(pairs), prior_sd=3.0)
    inside, across = found.difference("a", "b"), found.difference("a", "c")
    assert inside is not None
    assert across is not None
    assert inside.high < 0.2
    # The means of two pairs: each varies by 3 / √2, their difference by 3, and twice 1.96 of that is the width.
    assert across.high - across.low == pytest.approx(2 * 1.96 * 3.0, rel=0.02)


def test_intervals_cover_the_truth_where_people_repeat_themselves() -> None:
    chance = np.random.default_rng(7)
    truth = np.array([0.8, 0.2, -0.3, -0.7])
    names = np.array(["a", "b", "c", "d"])
    people, repeats, trials = 150, 4, 250
    clustered = alone = 0
    for _ in range(trials):
        # Everybody answers one question, and most of the time says the same when asked again.
        pairs = np.argsort(chance.random((people, 4)), axis=1)[:, :2]
        likely = 1 / (1 + np.exp(truth[pairs[:, 1]] - truth[pairs[:, 0]]))[:, None]
        won = chance.random((people, repeats)) < likely
        won = np.where(chance.random(won.shape) < 0.7, won[:, :1], won).ravel()
        one, other = names[pairs.repeat(repeats, axis=0)].T
        better, worse = np.where(won, one, other), np.where(won, other, one)
        whose = np.arange(people).repeat(repeats)
        clustered += _covered(bradley_terry(comparisons(better, worse, clusters=whose)), truth)
        alone += _covered(bradley_terry(comparisons(better, worse)), truth)
    assert 0.92 <= clustered / (4 * trials) <= 0.98
    assert alone / (4 * trials) < 0.88


def test_a_bootstrap_over_clusters_agrees_with_the_sandwich() -> None:
    chance = np.random.default_rng(3)
    names = np.array(["a", "b", "c"])
    table = np.argsort(-(np.array([0.5, 0.0, -0.5]) + chance.gumbel(size=(400, 3))), axis=1)
    data = comparisons(names[table[:, 0]], names[table[:, 2]], clusters=np.arange(400) // 4)
    found = bradley_terry(data)
    drawn = bradley_terry_bootstrap(data, found, times=400)
    assert drawn.without == 0
    assert found.covariance is not None
    np.testing.assert_allclose(drawn.values.std(axis=0), np.sqrt(np.diag(found.covariance)), rtol=0.15)
    low, high = drawn.ends()
    assert ((low < found.values) & (found.values < high)).all()
    assert (drawn.values == bradley_terry_bootstrap(data, found, times=400).values).all()


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        comparisons(["a"], ["b", "c"])
    with pytest.raises(ValueError, match="at least one"):
        comparisons([], [])
    with pytest.raises(ValueError, match="'a' is compared with itself"):
        comparisons(["b", "a"], ["c", "a"])
    with pytest.raises(ValueError, match="above 0"):
        bradley_terry(comparisons(["a"], ["b"]), prior_sd=0.0)
    with pytest.raises(KeyError, match="'z' is not among"):
        bradley_terry(comparisons(["a", "b"], ["b", "a"])).of("z")


def _covered(found: Strengths, truth: NDArray[np.float64]) -> int:
    ends = found.ends()
    assert ends is not None
    return int(((ends[0] <= truth) & (truth <= ends[1])).sum())
