"""What the fit must not be sure of: thin, collinear, one-sided and empty evidence."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefs.fit.annotators import annotator_fits
from prefs.fit.preference import fit
from prefs.fit.result import Clustering, Estimate
from prefs.fit.sandwich import Covariance, codes, of_difference, of_ratio
from prefs.judgement import Candidate, Judgement
from prefs.simulated import Habits, simulated_judgements
from tests.prefs.fit.judging import candidate, judged

THREE = ((1, "0.03", 9.0), (1, "0.02", 5.0), (0, "0.01", 2.0))
EVERYTHING = {"low": 0.0, "high": 1.0}


def shown(number: int, of: Sequence[tuple[int | None, str, float]] = THREE) -> list[Candidate]:
    return [candidate(place, *one, {}, f"q{number}") for place, one in enumerate(of)]


def span(one: Estimate) -> dict[str, float]:
    return {"low": one.low, "high": one.high}


def outcomes_differ(judgement: Judgement) -> bool:
    return len({one.features.outcome for one in judgement.candidates}) > 1


def test_a_weight_that_one_ballot_bears_upon_is_covered():
    """On 1 of 60 ballots a right answer lies beside a wrong one. The sandwich alone covers about half of such pools."""
    planted = {"accuracy": 0.5, "cost": 1.0, "latency": 0.3, "answer-1": 0.4}
    covered = []
    for seed in range(30):
        given = simulated_judgements(
            planted, 4, ballots=300, annotators=12, spread=0.1, ties=0.3, line=True, seed=seed + 1000
        )
        telling = [one for one in given if outcomes_differ(one)][:1]
        found = fit([*telling, *[one for one in given if not outcomes_differ(one)][:59]], folds=0)
        covered.append(found.weights["accuracy"].low <= 0.5 <= found.weights["accuracy"].high)
    assert np.mean(covered) >= 0.85


def test_weights_that_always_go_together_are_not_told_apart():
    """The dearer of two was always the slower. Their sum is known well, neither of the two is."""
    chance = random.Random(1)
    pairs = [shown(number, [(1, "0.03", 9.0), (1, "0.01", 3.0)]) for number in range(200)]
    found = fit(
        [
            judged(pair, [[1], [0]] if chance.random() < 0.8 else [[0], [1]], name=f"r{i}", annotator=f"p{i % 12}")
            for i, pair in enumerate(pairs)
        ]
    )
    assert span(found.weights["cost"]) == span(found.weights["latency"]) == EVERYTHING
    assert found.willingness_to_pay is not None
    assert found.willingness_to_pay.usd_per_second is None


def test_many_people_on_one_ballot_say_little_of_other_ballots():
    orders = [[[0], [1], [2]] if number % 3 else [[1], [2], [0]] for number in range(20)]
    found = fit([judged(shown(0), order, name=f"r{i}", annotator=f"p{i}") for i, order in enumerate(orders)])
    assert all(span(one) == EVERYTHING for one in found.weights.values())
    assert found.gate.wrong_above is not None
    assert found.gate.wrong_above.high > 0.5


def test_one_ranking_is_sure_of_nothing():
    found = fit([judged(shown(0), [[0], [1], [2]])])
    assert all(span(one) == EVERYTHING for one in found.weights.values())
    assert found.beta.low == 0 < found.beta.mean < found.beta.high


def test_rankings_at_random_leave_even_the_greatest_weight_uncertain():
    chance = random.Random(2)
    given = [
        judged(
            shown(i, chance.sample(THREE, 3)), chance.sample([[0], [1], [2]], 3), name=f"r{i}", annotator=f"p{i % 6}"
        )
        for i in range(30)
    ]
    found = fit(given)
    assert max(one.mean for one in found.weights.values()) == 1
    assert all(one.low == 0 for one in found.weights.values())


def test_who_ties_everything_likes_nothing_but_was_asked():
    found = fit([judged(shown(i), [[0, 1, 2]], name=f"r{i}", annotator=f"p{i % 6}") for i in range(30)])
    assert found.preference is None
    assert not {"accuracy", "cost", "latency"} & set(found.ballot.unidentified)
    assert {name: span(one) for name, one in found.weights.items()} == dict.fromkeys(found.weights, EVERYTHING)


def test_nobody_pays_nothing_for_answers_that_nobody_graded():
    """Without grades the weight of a right answer is unknown; $0 ± 0 was shown."""
    given = simulated_judgements(
        {"accuracy": 0.0, "cost": 1.0, "latency": 0.3}, 5, ballots=80, annotators=12, seed=3, habits=Habits(ungraded=1)
    )
    pay = fit(given, aliases=(), folds=0).willingness_to_pay
    assert pay is not None
    assert pay.usd_per_solved is None
    assert pay.usd_per_second is not None


def test_people_who_always_agree_do_not_make_the_population_certain():
    """The mean of twelve people is never known better than by the spread that they are fitted with."""
    given = [judged(shown(i), [[0], [1], [2]], name=f"r{i}", annotator=f"p{i % 12}") for i in range(240)]
    pooled = annotator_fits(given)
    for name, one in pooled.population.items():
        assert one.high - one.low > 2 * 1.96 * pooled.spread[name] / 12**0.5


def test_rankings_that_cannot_be_used_say_why():
    unpriced = [replace(one, features=replace(one.features, cost_usd=None)) for one in shown(0)]
    with pytest.raises(ValueError, match="1 left out because a candidate has no known cost"):
        fit([judged(unpriced, [[0], [1], [2]])])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=30), st.integers(1, 8))
@settings(max_examples=80, deadline=None)
def test_a_share_and_its_interval_lie_between_nought_and_one(counts: list[tuple[int, int]], people: int):
    over = np.array([min(one, of) for one, of in counts], float)
    under = np.array([of for _, of in counts], float)
    who = codes([f"a{i % people}" for i in range(len(counts))], range(len(counts)))
    found = of_ratio(over, under, who, "auto")
    assert found is not None
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert found.low < found.high
    apart = of_difference(over - under / 2, under, who, "auto")
    assert apart is not None
    assert -1 <= apart.low <= apart.mean <= apart.high <= 1


def test_five_of_five_is_not_certainty_and_many_rankings_are_nearly():
    def all_right(count: int) -> Estimate:
        found = of_ratio(np.ones(count), np.ones(count), codes(["a"] * count, range(count)), "auto")
        assert found is not None
        return found

    assert all_right(5).low < 0.5
    assert all_right(1000).low > 0.99


def test_a_share_of_independent_rankings_has_wilsons_interval():
    hits = np.array([1.0] * 81 + [0.0] * 182)
    found = of_ratio(hits, np.ones(263), codes([f"a{i}" for i in range(263)], range(263)), "ranking")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=2e-3)  # Newcombe 1998, table I


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=50, deadline=None)
def test_the_cautious_covariance_is_below_neither(seed: int, size: int):
    chance = np.random.default_rng(seed)
    roots = chance.normal(size=(2, size, size)) * chance.uniform(0.01, 10, (2, 1, size))
    sandwich, model = (root @ root.T + 1e-6 * np.eye(size) for root in roots)
    one = Covariance(sandwich, Clustering("ranking", 9, 9, 9), model)
    slope = chance.normal(size=size)
    assert one.variance(slope) == max(slope @ sandwich @ slope, slope @ model @ slope)
    for least in (sandwich, model):
        assert np.linalg.eigvalsh(one.cautious - least)[0] > -1e-9 * np.abs(one.cautious).max()
    assert np.allclose(Covariance(model * 2, one.clustering, model).cautious, model * 2)
