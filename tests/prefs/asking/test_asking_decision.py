"""When asking can stop: the certainty of a decision between settings."""

from decimal import Decimal
from math import erf, sqrt

import numpy as np
import pytest

from orchestrator.preference import PRESETS
from prefs.asking.decision import LEAST_RANKINGS, Decision, Setting, choosing, decision
from prefs.asking.estimate import WeightEstimate
from prefs.asking.pool import AskingPool
from prefs.features import Features

NAMES = ("accuracy", "cost", "latency")
POOLS = tuple(
    AskingPool(
        f"q{n}",
        (f"right-{n}", f"cheap-{n}", f"middle-{n}"),
        (Features(1, Decimal(3), 2.0), Features(0, Decimal(1), 2.0), Features(0, Decimal(2), 2.0)),
    )
    for n in range(4)
)
RIGHT = Setting("right", frozenset(f"right-{n}" for n in range(4)))
CHEAP = Setting("cheap", frozenset(f"cheap-{n}" for n in range(4)))
MIDDLE = Setting("middle", frozenset(f"middle-{n}" for n in range(4)))


def estimate(accuracy: float, cost: float, sd: float = 1.0) -> WeightEstimate:
    return WeightEstimate(NAMES, np.array([accuracy, cost, 0]), np.eye(3) / sd**2)


def test_two_settings_are_decided_in_closed_form() -> None:
    found = decision([RIGHT, CHEAP], POOLS, estimate(3, 1), used=20, planned=100)
    assert found.leader == "right"
    assert found.probability == pytest.approx((1 + erf(2 / sqrt(2) / sqrt(2))) / 2)
    assert found.queries == 4


def test_the_order_of_the_settings_does_not_matter() -> None:
    one = decision([RIGHT, CHEAP], POOLS, estimate(1, 2), used=20, planned=100)
    assert one == decision([CHEAP, RIGHT], POOLS, estimate(1, 2), used=20, planned=100)
    assert one.leader == "cheap"


def test_three_settings_are_decided_by_draws_that_agree_with_the_closed_form() -> None:
    two = decision([RIGHT, CHEAP], POOLS, estimate(3, 1), used=20, planned=100)
    three = decision([RIGHT, CHEAP, MIDDLE], POOLS, estimate(3, 1), used=20, planned=100)
    assert three.leader == "right"
    assert three.probability <= two.probability + 0.01
    alike = decision([RIGHT, CHEAP, Setting("cheap too", CHEAP.trajectories)], POOLS, estimate(3, 1), used=1, planned=2)
    assert alike.probability == pytest.approx(two.probability, abs=0.01)


def test_sharper_estimates_are_more_certain_and_stop_the_asking() -> None:
    vague = decision([RIGHT, CHEAP], POOLS, estimate(3, 1, sd=3), used=88, planned=400)
    sharp = decision([RIGHT, CHEAP], POOLS, estimate(3, 1, sd=0.5), used=88, planned=400)
    assert vague.probability < sharp.probability
    assert (vague.certain, vague.saved) == (False, None)
    assert (sharp.certain, sharp.saved) == (True, 312)
    assert sharp.sentence == "The decision between these settings is 99 % certain: right; 312 rankings saved."
    assert "right leads with" in vague.sentence


def test_a_handful_of_rankings_decides_nothing() -> None:
    found = decision([RIGHT, CHEAP], POOLS, estimate(9, 0, sd=0.1), used=LEAST_RANKINGS - 1, planned=50)
    assert found.probability > 0.999
    assert not found.certain
    assert "no decision before 10" in found.sentence


def test_settings_that_do_the_same_leave_nothing_to_decide() -> None:
    found = decision([RIGHT, Setting("same", RIGHT.trajectories)], POOLS, estimate(3, 1), used=50, planned=60)
    assert (found.leader, found.certain) == (None, False)
    assert "nothing to decide" in found.sentence


def test_only_queries_that_all_settings_have_count() -> None:
    half = Setting("half", frozenset({"cheap-0", "cheap-1"}))
    assert decision([RIGHT, half], POOLS, estimate(3, 1), used=20, planned=30).queries == 2


def test_a_decision_needs_two_settings_on_the_same_queries() -> None:
    with pytest.raises(ValueError, match="at least two settings"):
        decision([RIGHT], POOLS, estimate(3, 1), used=20, planned=30)
    with pytest.raises(ValueError, match="same queries"):
        decision([RIGHT, Setting("none", frozenset())], POOLS, estimate(3, 1), used=20, planned=30)


def test_weight_settings_take_what_they_weigh_most() -> None:
    assert choosing(PRESETS["Accuracy first"], POOLS, "right") == RIGHT
    assert choosing(PRESETS["Frugal"], POOLS, "cheap") == CHEAP


def test_nothing_is_saved_beyond_the_plan() -> None:
    assert Decision("a", 0.99, 0.95, used=30, planned=20, queries=1).saved == 0


def test_ninety_five_percent_is_right_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(4)
    claimed, right = [], []
    for _ in range(600):
        planted = chance.normal(0, 2, 3)
        precision = np.diag(chance.uniform(0.5, 4, 3))
        prior = np.eye(3) / 4
        seen = chance.multivariate_normal(planted, np.linalg.inv(precision))
        mean = np.asarray(np.linalg.solve(prior + precision, precision @ seen), np.float64)
        posterior = WeightEstimate(NAMES, mean, prior + precision)
        found = decision([RIGHT, CHEAP], POOLS, posterior, used=20, planned=30)
        claimed.append(found.probability)
        right.append(found.leader == ("right" if planted[0] > planted[1] else "cheap"))
    assert np.mean(right) == pytest.approx(np.mean(claimed), abs=0.03)
