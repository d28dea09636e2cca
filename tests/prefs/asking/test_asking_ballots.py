"""Which ballot is asked next, and what its ranking is expected to teach."""

from dataclasses import replace
from decimal import Decimal
from itertools import combinations, permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from orchestrator.preference import PreferenceVector
from prefs.asking import search
from prefs.asking.ask import Ask, next_ask
from prefs.asking.estimate import PRIOR_PRECISION, WeightEstimate, fitted, of_fit, stated
from prefs.asking.information import LARGEST, expected_information, gains
from prefs.asking.pool import AskingPool, asking_pools, columns, scaled
from prefs.features import Features, normalised
from prefs.fit.preference import fit
from prefs.simulated import simulated_judgements
from tests.examples import trajectory

NAMES = ("accuracy", "cost", "latency")
BALANCED = stated(PreferenceVector())


def pool(query: str, size: int, seed: int = 0) -> AskingPool:
    chance = Random(f"{query} {seed}")
    rows = tuple(
        Features(chance.randint(0, 1), Decimal(chance.randint(1, 99)) / 100, chance.uniform(1, 60), {"search-1": i % 3})
        for i in range(size)
    )
    return AskingPool(query, tuple(f"{query}-{i}" for i in range(size)), rows)


def by_every_order(x: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected information by the definition: each order with its probability."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for order in permutations(range(len(x))):
        probability, information = 1.0, np.zeros_like(total)
        for stage in range(len(x) - 1):
            left = x[list(order[stage:])]
            p = np.exp(left @ w) / np.exp(left @ w).sum()
            probability *= p[0]
            information += np.cov(left.T, aweights=p, bias=True).reshape(total.shape)
        total += probability * information
    return total


@given(st.integers(2, 5), st.integers(0, 1_000))
@settings(max_examples=40, deadline=None)
def test_expected_information_is_the_mean_over_all_orders(size: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    x, w = chance.random((size, 3)), chance.normal(0, 3, 3)
    assert np.allclose(expected_information(x[None], w)[0], by_every_order(x, w))


def test_without_preferences_a_pair_teaches_a_quarter_of_its_squared_difference() -> None:
    x = np.array([[[1.0, 0.0], [0.0, 2.0]]])
    found = expected_information(x, np.zeros(2))[0]
    assert np.allclose(found, np.outer([1, -2], [1, -2]) / 4)


def test_information_is_finite_for_people_who_never_waver() -> None:
    chance = np.random.default_rng(0)
    found = gains(chance.random((5, 4, 3)), np.array([1e6, -1e6, 1e5]), np.eye(3))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("size", [1, LARGEST + 1])
def test_a_ballot_nobody_could_rank_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="alternatives"):
        expected_information(np.zeros((1, size, 2)), np.zeros(2))


def test_features_are_scaled_as_in_the_reward() -> None:
    shown = pool("q", 4)
    x = scaled(columns(shown, NAMES))
    assert x[:, 1] == pytest.approx(normalised([-(one.cost_usd or 0) for one in shown.features]))
    assert x[:, 2] == pytest.approx(normalised([-one.latency_s for one in shown.features]))


def test_an_unknown_element_and_one_without_spread_are_zero() -> None:
    rows = (Features(1, None, 3.0), Features(1, Decimal(1), 5.0))
    assert np.array_equal(scaled(columns(AskingPool("q", ("a", "b"), rows), NAMES)), [[0, 0, 1], [0, 0, 0]])


def test_absolute_features_tell_ratios() -> None:
    rows = (Features(1, Decimal(1), 10.0), Features(1, Decimal(10), 10.0))
    x = scaled(columns(AskingPool("q", ("a", "b"), rows), NAMES, "absolute"), "absolute")
    assert x[0] - x[1] == pytest.approx([0, np.log(10), 0])


def test_the_exact_choice_is_the_best_of_all_sets_of_all_pools() -> None:
    pools = [pool("one", 6), pool("two", 7)]
    found = next_ask(pools, BALANCED, seed=1, random_share=0)
    best = max(
        float(gains(scaled(columns(of, NAMES)[list(places)])[None], BALANCED.mean, BALANCED.precision)[0])
        for of in pools
        for places in combinations(range(len(of.trajectories)), 4)
    )
    assert found is not None
    assert found.gain == pytest.approx(best)
    assert found.drawn == "chosen"


def test_exchange_finds_nearly_the_best_set_of_a_large_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = [pool("large", 16)]
    exact = next_ask(pools, BALANCED, seed=1, random_share=0)
    monkeypatch.setattr(search, "EXACT_SETS", 10)
    exchanged = next_ask(pools, BALANCED, seed=1, random_share=0)
    assert exact is not None
    assert exchanged is not None
    assert 0.97 * exact.gain <= exchanged.gain <= exact.gain + 1e-12
    again = next_ask(pools, BALANCED, seed=1, random_share=0, asked=[frozenset(exchanged.trajectories)])
    assert again is not None
    assert again.trajectories != exchanged.trajectories


@given(st.integers(0, 200), st.sampled_from([0.0, 0.3, 1.0]))
@settings(max_examples=40, deadline=None)
def test_the_same_arguments_give_the_same_ballot_of_one_query(seed: int, share: float) -> None:
    pools = [pool("one", 5), pool("two", 6)]
    found = next_ask(pools, BALANCED, seed=seed, random_share=share)
    assert found == next_ask(pools, BALANCED, seed=seed, random_share=share)
    assert found is not None
    own = next(one for one in pools if one.query == found.query)
    assert set(found.trajectories) <= set(own.trajectories)
    assert len(set(found.trajectories)) == 4


def drawn(count: int, share: float) -> list[Ask]:
    pools = [pool("one", 4), pool("two", 5)]
    asks = [next_ask(pools, BALANCED, seed=seed, random_share=share) for seed in range(count)]
    return [one for one in asks if one is not None]


def test_the_random_share_and_every_probability_are_what_happens() -> None:
    asks = drawn(2_000, 0.4)
    assert sum(one.drawn == "random" for one in asks) / len(asks) == pytest.approx(0.4, abs=0.04)
    by_set = {one.trajectories: one.probability for one in asks}
    assert sum(by_set.values()) == pytest.approx(1)
    for trajectories, probability in by_set.items():
        often = sum(one.trajectories == trajectories for one in asks) / len(asks)
        assert often == pytest.approx(probability, abs=0.04)


def test_probabilities_still_add_up_when_some_ballots_were_asked() -> None:
    pools = [pool("one", 4), pool("two", 5)]
    asked = [frozenset(pools[0].trajectories), frozenset(pools[1].trajectories[:4])]
    asks = [next_ask(pools, BALANCED, seed=seed, random_share=1, asked=asked) for seed in range(300)]
    assert {one.query for one in asks if one} == {"two"}
    assert sum({one.trajectories: one.probability for one in asks if one}.values()) == pytest.approx(1)


def test_no_ballot_comes_twice_until_none_is_left() -> None:
    pools, asked = [pool("one", 5)], set[frozenset[str]]()
    while (ask := next_ask(pools, BALANCED, seed=len(asked), random_share=0.5, asked=asked)) is not None:
        assert frozenset(ask.trajectories) not in asked
        asked.add(frozenset(ask.trajectories))
    assert len(asked) == 5


def test_a_ballot_that_the_fit_would_leave_out_is_not_chosen() -> None:
    """One unknown cost on a ballot, and its ranking teaches nothing."""
    unpriced = pool("q", 6)
    rows = tuple(replace(one, cost_usd=None) if place == 2 else one for place, one in enumerate(unpriced.features))
    unpriced = replace(unpriced, features=rows)
    asked: set[frozenset[str]] = set()
    for _ in range(5):  # all that can be made of the other five
        found = next_ask([unpriced], BALANCED, seed=1, random_share=0, asked=asked)
        assert found is not None
        assert found.gain > 0
        assert "q-2" not in found.trajectories
        asked.add(frozenset(found.trajectories))
    last = next_ask([unpriced], BALANCED, seed=1, random_share=0, asked=asked)
    assert last is not None
    assert last.gain == 0


def test_pools_that_are_too_small_are_left_out() -> None:
    assert next_ask([pool("small", 3)], BALANCED, seed=1) is None
    assert next_ask([], BALANCED, seed=1) is None


@pytest.mark.parametrize(("size", "share"), [(1, 0.2), (4, -0.1), (4, 1.1)])
def test_what_cannot_be_asked_is_refused(size: int, share: float) -> None:
    with pytest.raises(ValueError, match=r"must be|at least two"):
        next_ask([pool("one", 5)], BALANCED, seed=1, size=size, random_share=share)


def test_an_estimate_needs_a_prior_where_the_data_say_nothing() -> None:
    with pytest.raises(ValueError, match="add a prior"):
        WeightEstimate(("cost",), np.zeros(1), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="held fixed"):
        fitted(("cost", "latency"), [1, 0], [[1, 0], [0, 0]])
    with pytest.raises(ValueError, match="2 names need"):
        WeightEstimate(("cost", "latency"), np.zeros(3), np.eye(3))
    assert np.allclose(fitted(("cost", "latency"), [1, 2], [[2, 1], [1, 2]]).covariance, [[2, 1], [1, 2]])


def test_trajectories_are_pooled_by_query() -> None:
    found = asking_pools([trajectory(id="a"), trajectory(id="b", query="other"), trajectory(id="c")])
    assert [one.trajectories for one in found] == [("a", "c"), ("b",)]


def test_a_pool_holds_a_trajectory_once() -> None:
    rows = (Features(1, None, 1.0), Features(1, None, 1.0))
    with pytest.raises(ValueError, match="once"):
        AskingPool("q", ("a", "a"), rows)
    with pytest.raises(ValueError, match="needs its features"):
        AskingPool("q", ("a",), rows)


def test_a_fit_says_what_to_ask_next_about_its_weights_only() -> None:
    judgements = simulated_judgements(
        {"accuracy": 1, "cost": 0.6, "latency": 0.2}, 4, ballots=80, annotators=20, line=True, ties=0.2, seed=2
    )
    found = fit(judgements, aliases=["search-1", "never-used"], folds=2).ballot
    estimate = of_fit(replace(found, unidentified=(*found.unidentified, "position", "line", "tie of 3")))
    assert set(estimate.names) == {"accuracy", "cost", "latency", "search-1", "never-used"}
    assert estimate.mean[estimate.names.index("cost")] == pytest.approx(found.free["cost"].mean)
    place = found.labels.index("cost")
    own = estimate.names.index("cost")
    assert estimate.covariance[own, own] == pytest.approx(found.covariance[place, place])
    unused = estimate.names.index("never-used")
    assert (estimate.mean[unused], estimate.precision[unused, unused]) == (0, PRIOR_PRECISION)
    assert next_ask([pool("one", 6)], estimate, seed=1) is not None
