"""The likelihood against what it must be: finite differences, brute force, Bradley–Terry."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefs.fit import subsets
from prefs.fit.choices import Choices
from prefs.fit.estimation import fitted
from prefs.fit.likelihood import evaluate, parameters, slope
from prefs.judgement import Judgement
from tests.prefs.fit.judging import candidate, judged, judgements


def packed(given: list[Judgement]) -> Choices:
    choices = Choices("ballot")
    choices.extend(given)
    return choices


@settings(max_examples=25, deadline=None)
@given(judgements(), st.integers(0, 100))
def test_gradient_and_information_are_the_finite_differences(given, seed):
    choices = packed(given)
    kept = parameters(choices)
    theta = np.random.default_rng(seed).normal(size=kept.count)
    at = evaluate(choices, kept, theta, scores=True)
    steps = 1e-5 * np.eye(kept.count)
    ends = [(evaluate(choices, kept, theta + h), evaluate(choices, kept, theta - h)) for h in steps]
    assert np.allclose(at.gradient, [(a.value - b.value) / 2e-5 for a, b in ends], atol=1e-6)
    assert np.allclose(at.information, [(b.gradient - a.gradient) / 2e-5 for a, b in ends], atol=1e-6)
    assert np.allclose(at.scores.sum(axis=1), at.gradient)
    value, gradient = slope(choices, kept, theta)
    assert value == pytest.approx(at.value)
    assert np.allclose(gradient, at.gradient)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000), st.booleans())
def test_symmetric_polynomials_equal_enumeration(items, seed, line):
    chance = np.random.default_rng(seed)
    utility, ties = 3 * chance.normal(size=(items, 5)), np.append(0.0, chance.normal(size=3))
    possible = [(size, float(ties[place])) for place, size in enumerate((1, 2, 3, 5)) if size <= items]
    threshold = 0.4 if line else None
    one = subsets._enumerated(utility, possible, threshold, True)
    other = subsets._symmetric(utility, possible, threshold, True)
    assert np.allclose(one.log_total, other.log_total)
    assert np.allclose(one.inclusion, other.inclusion)
    assert np.allclose(one.pairs, other.pairs)
    assert one.line is None or np.allclose(one.line, other.line)


def test_probability_of_a_ranking_is_the_product_of_davidson_luce_choices():
    shown = [candidate(i, i % 2, f"0.0{i + 1}", 1.0 + i * i) for i in range(4)]
    choices = packed([judged(shown, [[3], [0, 1], [2]], acceptable=2)])
    kept = parameters(choices)
    theta = np.array([0.7, 0.4, -0.3, 0.2, 0.5, -0.8])
    assert kept.labels == ("accuracy", "cost", "latency", "position", "line", "tie of 2")
    u = [0.7 * (i % 2) + 0.4 * (3 - i) / 3 - 0.3 * (9 - i * i) / 9 + 0.2 * (0.5 - i / 3) for i in range(4)]

    def weight(group):
        return math.exp(sum(u[i] for i in group) / len(group) + (-0.8 if len(group) == 2 else 0))

    def total(left, line):
        groups = [g for size in (1, 2) for g in combinations(left, size)]
        return sum(map(weight, groups)) + (math.exp(0.5) if line else 0)

    expected = (
        weight([3]) / total([0, 1, 2, 3], True)
        * weight([0, 1]) / total([0, 1, 2], True)
        * math.exp(0.5) / total([2], True)
    )  # fmt: skip
    assert evaluate(choices, kept, theta).value == pytest.approx(math.log(expected))


def test_pairs_give_the_closed_form_of_bradley_terry():
    """Seven of ten prefer the right answer: its weight is the log odds, 7 to 3."""
    shown = [candidate(0, 1), candidate(1, 0)]
    choices = Choices("ballot", covariates=())
    choices.extend([judged(shown, [[0], [1]] if i < 7 else [[1], [0]], name=f"r{i}") for i in range(10)])
    found = fitted(choices, prior_sd=1e6)
    assert found.free.theta[0] == pytest.approx(math.log(7 / 3), abs=1e-9)


def test_ties_give_the_closed_form_of_davidson():
    """Among equals, δ is ties by the geometric mean of wins: 6 ties, 4 wins, so δ = 6 / 2 wins each."""
    shown = [candidate(0), candidate(1)]
    groups = [[[0, 1]]] * 6 + [[[0], [1]]] * 2 + [[[1], [0]]] * 2
    choices = Choices("ballot", covariates=())
    choices.extend([judged(shown, one, name=f"r{i}") for i, one in enumerate(groups)])
    found = fitted(choices, prior_sd=1e6)
    assert found.free.theta[-1] == pytest.approx(math.log(6 / 2), abs=1e-9)


@pytest.mark.parametrize("tie", [2, 13, 26])
def test_ballots_of_26_with_ties_of_any_size_can_be_fitted(tie):
    shown = [candidate(i, i % 2, f"0.{i + 10}", 26.0 - i) for i in range(26)]
    choices = packed([judged(shown, [list(range(tie)), *([i] for i in range(tie, 26))], acceptable=1)])
    found = fitted(choices)
    assert np.isfinite(found.free.theta).all()


@settings(max_examples=20, deadline=None)
@given(judgements(line=False))
def test_reversing_pairs_reverses_the_weights(given):
    """Swap antisymmetry: with two candidates and no tie, the other order is the other sign."""
    pairs = [judged(j.candidates[:2], [[0], [1]], name=j.ranking) for j in given]
    swapped = [judged(j.candidates[:2], [[1], [0]], name=j.ranking) for j in given]
    one, other = fitted(packed(pairs)), fitted(packed(swapped))
    assert np.allclose(one.free.theta, -other.free.theta, atol=1e-7)
