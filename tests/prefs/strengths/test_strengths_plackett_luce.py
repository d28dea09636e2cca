"""Plackett–Luce with ties: against closed forms, against plain enumeration, and what must not matter."""

import math
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from prefs.strengths.bradley_terry import bradley_terry
from prefs.strengths.comparisons import comparisons
from prefs.strengths.connection import NoEstimate
from prefs.strengths.newton import Likelihood, maximise
from prefs.strengths.orders import of_table, orders, orders_with_ties
from prefs.strengths.plackett_luce import plackett_luce, plackett_luce_bootstrap
from prefs.strengths.plain_choice import PlainChoices
from prefs.strengths.tied_choice import TiedChoices
from tests.prefs.strengths.drawn import NAMES, Groups, Pair, linked_pairs, plackett_luce_draws, rankings_with_ties


def enumerated(
    rankings: list[Groups], names: tuple[str, ...], sizes: tuple[int, ...], at: NDArray[np.float64]
) -> float:
    """Davidson–Luce log-likelihood, written down as it is defined."""
    strength = dict(zip(names, at, strict=False))
    readiness = dict(zip(sizes, at[len(names) :], strict=True)) | {1: 0.0}

    def worth(group: tuple[str, ...]) -> float:
        return math.exp(readiness[len(group)] + sum(strength[name] for name in group) / len(group))

    total = 0.0
    for groups in rankings:
        left = [name for group in groups for name in group]
        for group in groups:
            every = sum(worth(s) for t in (1, *sizes) for s in combinations(left, t))
            if len(left) > 1:
                total += math.log(worth(tuple(group)) / every)
            left = left[len(group) :]
    return total


@given(rankings_with_ties(), st.data())
def test_the_likelihood_and_its_derivatives_are_those_of_davidson_and_luce(
    rankings: list[Groups], data: st.DataObject
) -> None:
    likelihood = TiedChoices(orders_with_ties(rankings))
    names = orders_with_ties(rankings).names
    at = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=likelihood.size, max_size=likelihood.size)))
    point = likelihood.at(at)
    assert point.value == pytest.approx(enumerated(rankings, names, likelihood.sizes, at), abs=1e-9)
    _check_derivatives(likelihood, at)
    np.testing.assert_allclose(likelihood.scores(at).sum(axis=0), point.gradient, atol=1e-9)


@given(st.lists(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5), min_size=1, max_size=8), st.data())
def test_without_ties_the_short_form_is_the_long_one_even_where_an_item_comes_twice(
    rankings: list[list[str]], data: st.DataObject
) -> None:
    seen = orders(rankings)
    short, long = PlainChoices(seen), TiedChoices(seen)
    at = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=short.size, max_size=short.size)))
    one, other = short.at(at), long.at(at)
    assert one.value == pytest.approx(other.value, abs=1e-9)
    np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-9)
    np.testing.assert_allclose(one.information, other.information, atol=1e-9)
    clusters = np.arange(len(rankings)) % 2
    for cluster in (None, clusters):
        np.testing.assert_allclose(short.meat(at, cluster), long.meat(at, cluster), atol=1e-9)
    weights = np.arange(len(rankings)) % 3.0
    np.testing.assert_allclose(
        short.weighted(weights).at(at).gradient, long.weighted(weights).at(at).gradient, atol=1e-9
    )


@given(rankings_with_ties(), st.permutations(NAMES))
def test_what_ranked_items_are_called_does_not_matter(rankings: list[Groups], names: list[str]) -> None:
    new = dict(zip(NAMES, names, strict=True))
    one = plackett_luce(orders_with_ties(rankings), prior_sd=2.0)
    other = plackett_luce(orders_with_ties([[[new[n] for n in g] for g in r] for r in rankings]), prior_sd=2.0)
    assert [one.of(n) for n in one.names] == pytest.approx([other.of(new[n]) for n in one.names], abs=1e-7)


@given(rankings_with_ties(), st.randoms(use_true_random=False))
def test_the_order_of_rankings_and_within_ties_does_not_matter(rankings: list[Groups], chance: Random) -> None:
    other = [[chance.sample(group, len(group)) for group in groups] for groups in rankings]
    chance.shuffle(other)
    one, two = (plackett_luce(orders_with_ties(r), prior_sd=2.0) for r in (rankings, other))
    np.testing.assert_allclose(one.values, two.values, atol=1e-7)
    assert one.covariance is not None
    assert two.covariance is not None
    np.testing.assert_allclose(one.covariance, two.covariance, atol=1e-6)


@given(rankings_with_ties())
def test_strengths_have_mean_nought_and_a_higher_place_never_hurts(rankings: list[Groups]) -> None:
    before = plackett_luce(orders_with_ties(rankings), prior_sd=2.0)
    assert before.values.mean() == pytest.approx(0, abs=1e-12)
    first, second = before.names[0], before.names[1]
    after = plackett_luce(orders_with_ties([*rankings, [[first], [second]]]), prior_sd=2.0)
    assert after.of(first) - after.of(second) >= before.of(first) - before.of(second) - 1e-9


def test_rankings_of_two_are_comparisons() -> None:
    chance = np.random.default_rng(1)
    table = plackett_luce_draws(chance, np.linspace(-1, 1, 8), 500, 2)
    names = np.array(list("abcdefgh"))
    ranked = plackett_luce(of_table(table, names.tolist()))
    compared = bradley_terry(comparisons(names[table[:, 0]], names[table[:, 1]]))
    np.testing.assert_allclose(ranked.values, compared.values, atol=1e-9)
    assert ranked.covariance is not None
    assert compared.covariance is not None
    np.testing.assert_allclose(ranked.covariance, compared.covariance, atol=1e-9)


@given(linked_pairs(), st.data())
def test_rankings_of_two_with_ties_are_comparisons_after_davidson(pairs: list[Pair], data: st.DataObject) -> None:
    clusters = data.draw(st.none() | st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)))
    better, worse, tied = zip(*pairs, strict=True)
    compared = bradley_terry(comparisons(better, worse, tied=tied, clusters=clusters), ties="davidson", prior_sd=2.0)
    groups = [[[a, b]] if level else [[a], [b]] for a, b, level in pairs]
    ranked = plackett_luce(orders_with_ties(groups, clusters=clusters), prior_sd=2.0)
    np.testing.assert_allclose(ranked.values, compared.values, atol=1e-8)
    assert [value for _, value in ranked.ties] == pytest.approx([value for _, value in compared.ties], abs=1e-8)
    assert (ranked.covariance is None) == (compared.covariance is None)
    if ranked.covariance is not None and compared.covariance is not None:
        np.testing.assert_allclose(ranked.covariance, compared.covariance, atol=1e-6)


def test_all_ways_of_giving_rankings_are_one() -> None:
    table = plackett_luce_draws(np.random.default_rng(2), np.zeros(5), 40, 3)
    names = ["e", "d", "c", "b", "a"]
    lists = [[names[at] for at in row] for row in table]
    found = [
        plackett_luce(made)
        for made in (of_table(table, names), orders(lists), orders_with_ties([[[n] for n in r] for r in lists]))
    ]
    for other in found[1:]:
        assert other.names == found[0].names
        np.testing.assert_allclose(other.values, found[0].values, atol=1e-9)


def test_planted_strengths_come_back_with_intervals_that_hold_them() -> None:
    chance = np.random.default_rng(5)
    truth = np.array([1.0, 0.4, 0.0, -0.4, -1.0])
    held, trials = 0, 200
    for _ in range(trials):
        table = plackett_luce_draws(chance, truth, 120, 4)
        # Every ranking is given twice by its annotator: two rankings, one cluster.
        seen = of_table(table.repeat(2, axis=0), list("abcde"), clusters=np.arange(120).repeat(2))
        ends = plackett_luce(seen).ends()
        assert ends is not None
        held += int(((ends[0] <= truth) & (truth <= ends[1])).sum())
    assert 0.92 <= held / (5 * trials) <= 0.98


def test_planted_readiness_to_tie_comes_back() -> None:
    chance = np.random.default_rng(6)
    strength, log_delta = dict(zip("abcd", (0.9, 0.3, -0.3, -0.9), strict=True)), 0.5
    ways = [(s, t) for t in (1, 2) for s in combinations("abcd", t)]
    rankings = []
    for _ in range(4000):
        left, groups = set("abcd"), []
        while left:
            open_ways = [s for s, t in ways if left.issuperset(s)]
            worth = [math.exp(log_delta * (len(s) == 2) + sum(strength[n] for n in s) / len(s)) for s in open_ways]
            group = open_ways[int(np.searchsorted(np.cumsum(worth), chance.random() * sum(worth)))]
            groups.append(list(group))
            left -= set(group)
        rankings.append(groups)
    found = plackett_luce(orders_with_ties(rankings))
    assert [found.of(n) for n in "abcd"] == pytest.approx(list(strength.values()), abs=0.1)
    assert found.ties == ((2, pytest.approx(log_delta, abs=0.1)),)


def test_it_is_said_where_no_ranking_strengths_are_best() -> None:
    with pytest.raises(NoEstimate, match=r"never compared|always preferred|never preferred") as said:
        plackett_luce(orders([["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]]))
    assert "a, b" in str(said.value) or "c, d" in str(said.value)
    with pytest.raises(NoEstimate, match="always preferred"):
        plackett_luce(orders([["a", "b", "c"], ["a", "c", "b"]]))
    with pytest.raises(NoEstimate, match="prior_sd"):
        plackett_luce(orders_with_ties([[["a", "b"]]] * 3))


def test_rankings_that_say_nothing_or_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        orders([["a"], []])
    with pytest.raises(ValueError, match="cannot be empty"):
        orders_with_ties([[["a"], []]])
    with pytest.raises(ValueError, match="a cluster for each of the 2 rankings"):
        orders([["a", "b"], ["b", "a"]], clusters=[1])
    with pytest.raises(ValueError, match="not among the 2 names"):
        of_table(np.array([[0, 2]]), ["a", "b"])
    halves = orders_with_ties([["abcdefghijklm", "nopqrstuvwxyz"]])
    with pytest.raises(ValueError, match="ways to begin"):
        plackett_luce(halves, prior_sd=1.0)


def test_a_bootstrap_of_rankings_agrees_with_the_sandwich() -> None:
    table = plackett_luce_draws(np.random.default_rng(8), np.array([0.6, 0.0, -0.2, -0.4]), 200, 3)
    seen = of_table(table.repeat(2, axis=0), list("abcd"), clusters=np.arange(200).repeat(2))
    found = plackett_luce(seen)
    drawn = plackett_luce_bootstrap(seen, found, times=300, seed=1)
    assert found.covariance is not None
    np.testing.assert_allclose(drawn.values.std(axis=0), np.sqrt(np.diag(found.covariance)), rtol=0.15)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_newton_ends_where_the_gradient_does(seed: int) -> None:
    chance = np.random.default_rng(seed)
    table = plackett_luce_draws(chance, chance.normal(scale=2.0, size=12), 60, 4)
    seen = of_table(table, [f"i{n}" for n in range(12)])
    best = maximise(PlainChoices(seen), prior_sd=3.0)
    gradient = PlainChoices(seen).at(best.parameters).gradient - best.parameters / 9
    assert np.abs(gradient).max() < 1e-8


def _check_derivatives(likelihood: Likelihood, at: NDArray[np.float64]) -> None:
    point, step = likelihood.at(at), 1e-5
    for place in range(likelihood.size):
        shift = np.zeros(likelihood.size)
        shift[place] = step
        up, down = likelihood.at(at + shift), likelihood.at(at - shift)
        assert (up.value - down.value) / (2 * step) == pytest.approx(point.gradient[place], abs=1e-5)
        np.testing.assert_allclose((down.gradient - up.gradient) / (2 * step), point.information[place], atol=1e-5)
