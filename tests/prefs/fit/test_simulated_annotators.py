"""The simulated annotators: seeded, labelled, and as they are asked to be."""

import numpy as np
import pytest

from prefs.simulated import Habits, simulated_judgements
from tests.prefs.fit.judging import PLANTED


def test_the_same_seed_gives_the_same_judgements_and_another_seed_others():
    one = simulated_judgements(PLANTED, 4, ballots=20, annotators=5, ties=0.3, line=True, seed=1)
    assert one == simulated_judgements(PLANTED, 4, ballots=20, annotators=5, ties=0.3, line=True, seed=1)
    assert one != simulated_judgements(PLANTED, 4, ballots=20, annotators=5, ties=0.3, line=True, seed=2)


def test_every_name_says_that_it_is_simulated():
    for one in simulated_judgements(PLANTED, 4, ballots=5, annotators=2, seed=1):
        named = [one.ranking, one.ballot, one.annotator, one.query, *(c.trajectory for c in one.candidates)]
        assert all("simulated" in name for name in named)
        assert all(c.policy == "simulated" for c in one.candidates)


def test_rankings_name_each_candidate_once_with_ties_lines_and_trays_as_asked():
    plain = simulated_judgements(PLANTED, 4, ballots=50, annotators=3, alternatives=5, seed=1)
    rich = simulated_judgements(
        PLANTED, 4, ballots=50, annotators=3, alternatives=5, ties=0.5, line=True, partial=0.5, seed=1, habits=Habits(2)
    )
    for one in (*plain, *rich):
        assert sorted([*(p for g in one.groups for p in g), *one.unranked]) == list(range(5))
    assert all(len(one.groups) == 5 and one.acceptable is None for one in plain)
    assert len(rich) == 100
    assert len({one.ranking for one in rich}) == 100
    assert any(len(group) == 2 for one in rich for group in one.groups)
    assert any(one.unranked for one in rich)
    assert {one.acceptable for one in rich} >= {0, 1, 2}


def test_greater_beta_makes_annotators_more_consistent():
    def cheapest_first(beta):
        given = simulated_judgements({"cost": 1.0}, beta, ballots=300, annotators=3, seed=4)
        return np.mean(
            [j.groups[0][0] == min(range(4), key=lambda i: j.candidates[i].features.cost_usd) for j in given]
        )

    assert cheapest_first(0.0) < 0.35
    assert cheapest_first(6.0) > 0.6


def test_a_study_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="at least as many annotators"):
        simulated_judgements(PLANTED, 4, ballots=2, annotators=1, seed=1, habits=Habits(raters=2))
    with pytest.raises(ValueError, match="at least one ballot"):
        simulated_judgements(PLANTED, 4, ballots=0, annotators=1, seed=1)
