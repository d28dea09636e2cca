"""The bootstrap over tasks: what its intervals contain, where they shrink to a point, and how often they are right."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefs.bootstrap import Interval, Resamples

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@settings(max_examples=60)
@given(VALUES, st.integers(0, 5))
def test_an_interval_contains_the_mean_and_stays_within_the_sample(values: list[float], seed: int) -> None:
    found = Resamples(len(values), seed, times=80).mean(values)
    assert found is not None
    assert found.low <= found.mean <= found.high
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert min(values) - slack <= found.low
    assert found.high <= max(values) + slack


@given(st.floats(-1e6, 1e6), st.integers(1, 30))
def test_a_sample_of_equal_values_gives_a_point(value: float, size: int) -> None:
    found = Resamples(size, times=40).mean([value] * size)
    assert found is not None
    assert found.low == found.mean == found.high == pytest.approx(value)


def test_one_task_gives_a_point() -> None:
    assert Resamples(1).mean([0.25]) == Interval(0.25, 0.25, 0.25)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one() -> None:
    values = [float(n % 7) for n in range(40)]
    assert Resamples(40, 1).mean(values) == Resamples(40, 1).mean(values)
    assert Resamples(40, 1).mean(values) != Resamples(40, 2).mean(values)


def test_what_is_unknown_is_left_out_and_nothing_known_has_no_mean() -> None:
    found = Resamples(4).mean([1.0, None, 0.0, None])
    assert found is not None
    assert found.mean == 0.5
    assert Resamples(2).mean([None, None]) is None
    assert Resamples(0).mean([]) is None


def test_a_ratio_is_of_sums_and_not_of_tasks() -> None:
    found = Resamples(2).ratio([1.0, 0.0], [1.0, 9.0])
    assert found is not None
    assert found.mean == 0.1
    assert Resamples(2).ratio([0.0, 0.0], [0.0, 0.0]) is None


def test_a_difference_between_equal_policies_is_exactly_nothing() -> None:
    values = [0.0, 1.0, 0.5, None]
    assert Resamples(4).difference(values, values) == Interval(0.0, 0.0, 0.0)


def test_a_paired_difference_is_narrower_than_the_policies_themselves() -> None:
    chance = random.Random(4)
    task = [chance.random() for _ in range(60)]
    other = [value + 0.1 + 0.01 * chance.random() for value in task]
    resamples = Resamples(60)
    paired, alone = resamples.difference(other, task), resamples.mean(task)
    assert paired is not None
    assert alone is not None
    assert paired.high - paired.low < (alone.high - alone.low) / 5


def test_a_wrong_number_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="each of the 3 tasks"):
        Resamples(3).mean([1.0])
    with pytest.raises(ValueError, match="each of the 3 tasks"):
        Resamples(3).difference([1.0, 2.0, 3.0], [1.0])


@pytest.mark.parametrize("probability", [0.5, 0.85])
def test_intervals_cover_the_truth_about_as_often_as_they_say(probability: float) -> None:
    chance = random.Random(11)
    size, trials = 60, 150
    resamples = Resamples(size, times=300)
    hits = 0
    for _ in range(trials):
        found = resamples.mean([float(chance.random() < probability) for _ in range(size)])
        assert found is not None
        hits += found.low <= probability <= found.high
    assert 0.88 <= hits / trials <= 0.995


def test_more_tasks_give_a_narrower_interval() -> None:
    def width(size: int) -> float:
        found = Resamples(size).mean([float(n % 2) for n in range(size)])
        assert found is not None
        return found.high - found.low

    assert width(100) == pytest.approx(width(25) / 2, rel=0.25)
