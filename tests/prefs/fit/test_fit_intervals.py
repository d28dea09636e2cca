"""Intervals: the sandwich against its definition, the bootstrap, and a short form of the planted-truth study."""

import numpy as np
import pytest

from prefs.fit.choices import Choices
from prefs.fit.estimation import fitted, scaled_fit
from prefs.fit.likelihood import evaluate
from prefs.fit.resampling import bootstrap
from prefs.fit.sandwich import codes, of_ratio, sandwich
from prefs.simulated import Habits, simulated_judgements
from tests.prefs.fit.judging import PLANTED

COUNTED = ("cost", "latency")


def clustered(seed: int) -> Choices:
    given = simulated_judgements(
        PLANTED, 4, ballots=60, annotators=24, spread=0.3, ties=0.3, line=True, partial=0.3, seed=seed, habits=Habits(4)
    )
    choices = Choices("ballot", aliases=())
    choices.extend(given)
    return choices


def test_the_mean_of_clusters_has_the_variance_of_cluster_means():
    """For a mean of equal clusters the sandwich is the textbook variance of the mean of the clusters' means."""
    values = np.random.default_rng(1).normal(size=(12, 5))
    who = codes([f"a{i}" for i in range(12) for _ in range(5)], range(60))
    score = (values - values.mean()).reshape(1, -1)
    found = sandwich(score, np.array([[1 / 60]]), who, "annotator")
    assert found.matrix[0, 0] == pytest.approx(values.mean(axis=1).var(ddof=1) / 12)
    assert found.clustering.clusters == 12
    assert found.clustering.about == "annotators like these"


def test_two_way_clusters_are_annotators_plus_ballots_less_both():
    chance = np.random.default_rng(2)
    who = codes([f"a{i % 9}" for i in range(90)], [f"b{i % 10}" for i in range(90)])
    score, bread = chance.normal(size=(1, 90)), np.eye(1)
    ways = {kind: sandwich(score, bread, who, kind).matrix[0, 0] for kind in ("two-way", "annotator", "ballot")}
    each = sandwich(score, bread, who, "ranking").matrix[0, 0]
    assert ways["two-way"] == pytest.approx(max(0.0, ways["annotator"] + ways["ballot"] - each))


def test_few_annotators_are_taken_as_given():
    who = codes(["a", "b"] * 10, range(20))
    found = sandwich(np.random.default_rng(3).normal(size=(1, 20)), np.eye(1), who)
    assert found.clustering.kind == "ballot"
    assert found.clustering.about == "these annotators, on ballots like these"


def test_a_share_of_nothing_is_unknown():
    assert of_ratio(np.zeros(2), np.zeros(2), codes(["a", "b"], ["x", "y"]), "auto") is None


def test_bootstrap_and_sandwich_agree():
    choices = clustered(4)
    optima = fitted(choices)
    fit, drawn = scaled_fit(choices, optima), bootstrap(choices, optima, resamples=100)
    again = bootstrap(choices, optima, resamples=100)
    assert drawn == again
    for name in COUNTED:
        ratio = (drawn[name].high - drawn[name].low) / (fit.weights[name].high - fit.weights[name].low)
        assert 0.6 < ratio < 1.8
        assert drawn[name].mean == pytest.approx(fit.weights[name].mean, abs=1e-6)


def test_clustered_intervals_cover_the_planted_weights_and_independent_ones_do_not():
    """The short form of `python -m bench.planted`."""
    covered: dict[str, list[bool]] = {"auto": [], "ranking": []}
    for seed in range(60):
        choices = clustered(seed)
        optima = fitted(choices)
        for kind, found in covered.items():
            weights = scaled_fit(choices, optima, kind).weights
            found += [weights[name].low <= PLANTED[name] <= weights[name].high for name in COUNTED]
    clusters, independent = np.mean(covered["auto"]), np.mean(covered["ranking"])
    assert clusters > 0.88
    assert independent < clusters - 0.05


def test_the_optimum_is_where_prior_and_rankings_balance():
    choices = clustered(5)
    found = fitted(choices, prior_sd=2.0)
    at = evaluate(choices, found.kept, found.free.theta)
    assert np.allclose(at.gradient, found.free.theta / 4, atol=1e-6)
