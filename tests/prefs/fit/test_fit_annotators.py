"""Each annotator's own weights, with partial pooling."""

from dataclasses import replace

import numpy as np
import pytest

from prefs.fit.annotators import annotator_fits
from prefs.fit.choices import Choices
from prefs.fit.each import evaluate_each
from prefs.fit.likelihood import evaluate, parameters
from prefs.simulated import simulated_judgements
from tests.prefs.fit.judging import PLANTED


def test_annotators_who_differ_are_told_apart_and_those_who_agree_are_not():
    one_mind = simulated_judgements(PLANTED, 4, ballots=160, annotators=8, seed=1)
    own_minds = simulated_judgements(PLANTED, 4, ballots=160, annotators=8, spread=0.5, seed=1)
    agreeing, differing = (annotator_fits(given, aliases=()) for given in (one_mind, own_minds))
    assert sum(agreeing.spread.values()) < 0.6 * sum(differing.spread.values())
    assert len(differing.each) == 8
    assert sum(own.rankings for own in differing.each) == 160
    assert all(0 <= weight <= 1 for own in differing.each for weight in own.p.values())


def test_annotators_with_few_rankings_are_drawn_to_the_population():
    given = simulated_judgements(PLANTED, 4, ballots=120, annotators=6, spread=0.2, seed=2)
    first = given[0].annotator
    kept = [j for j in given if j.annotator != first or j is given[0]]
    found = annotator_fits(kept, aliases=())
    rare = next(own for own in found.each if own.name == first)
    others = [own for own in found.each if own.name != first]
    assert rare.rankings == 1
    width = rare.weights["cost"].high - rare.weights["cost"].low
    assert width > np.mean([own.weights["cost"].high - own.weights["cost"].low for own in others])
    assert abs(rare.weights["cost"].mean - found.population["cost"].mean) < 2 * found.spread["cost"] + 0.1


def test_groups_are_fitted_as_one_person_each():
    frugal = simulated_judgements({"accuracy": 0.3, "cost": 1.0, "latency": 0.2}, 4, ballots=80, annotators=4, seed=3)
    keen = simulated_judgements({"accuracy": 1.0, "cost": 0.1, "latency": 0.2}, 4, ballots=80, annotators=4, seed=4)
    both = [
        *(replace(j, annotator="f" + j.annotator) for j in frugal),
        *(replace(j, annotator="k" + j.annotator) for j in keen),
    ]
    found = annotator_fits(both, groups={j.annotator: j.annotator[0] for j in both}, aliases=())
    f, k = found.each
    assert (f.name, k.name) == ("f", "k")
    assert f.p["cost"] > k.p["cost"]
    assert k.p["accuracy"] > f.p["accuracy"]


def test_one_annotator_alone_cannot_be_pooled():
    given = simulated_judgements(PLANTED, 4, ballots=5, annotators=1, seed=1)
    with pytest.raises(ValueError, match="at least two"):
        annotator_fits(given)


def test_the_likelihoods_of_people_add_up_to_that_of_all():
    given = simulated_judgements(PLANTED, 4, ballots=60, annotators=5, ties=0.3, line=True, partial=0.3, seed=6)
    choices = Choices("ballot")
    choices.extend(given)
    kept = parameters(choices)
    theta = np.random.default_rng(1).normal(size=kept.count)
    people = choices.annotator.values
    each = evaluate_each(choices, kept, np.repeat(theta[:, None], people.max() + 1, axis=1), people)
    together = evaluate(choices, kept, theta)
    assert each.value.sum() == pytest.approx(together.value)
    assert np.allclose(each.gradient.sum(axis=1), together.gradient)
    assert np.allclose(each.information.sum(axis=0), together.information)
