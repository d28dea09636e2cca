"""What nobody saw is not weighed: cost and latency that a ballot hid."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from prefs.fit.preference import fit
from prefs.judgement import Judgement
from prefs.simulated import simulated_judgements

WEIGHTS = {"accuracy": 1.0, "cost": 0.8, "latency": 0.4}
BLIND = {"accuracy": 1.0, "cost": 0.0, "latency": 0.0}
"""Of people who cannot know cost and latency."""


def blind(judgements: Sequence[Judgement]) -> list[Judgement]:
    return [replace(one, hidden=("cost", "latency"), ranking=f"blind {one.ranking}") for one in judgements]


def test_where_nobody_saw_cost_and_latency_nothing_is_said_of_them() -> None:
    found = fit(blind(simulated_judgements(WEIGHTS, 4, ballots=60, annotators=4, seed=1)), aliases=(), folds=0)
    assert set(found.weights) == {"accuracy"}
    assert {"cost", "latency"} <= set(found.ballot.unidentified) & set(found.absolute.unidentified)


def test_blind_rankings_do_not_water_down_what_others_reveal_of_cost() -> None:
    seeing = simulated_judgements(WEIGHTS, 4, ballots=120, annotators=4, seed=2)
    unseeing = blind(simulated_judgements(BLIND, 4, ballots=120, annotators=4, seed=3))
    naive = [replace(one, hidden=()) for one in unseeing]
    alone, together, watered = (
        fit(some, aliases=(), folds=0).ballot.free["cost"].mean for some in (seeing, seeing + unseeing, seeing + naive)
    )
    assert together == pytest.approx(alone, rel=0.1)
    assert watered < 0.75 * alone
