"""The released code's reward, with the numbers that running the released code gave."""

from decimal import Decimal

import pytest

from prefs.features import Features
from prefs.released_reward import as_released
from prefs.reward import advantages


def solved(usd: str = "0", outcome: int | None = 1, seconds: float = 0.0, **uses: int) -> Features:
    return Features(outcome, Decimal(usd), seconds, {name.replace("_", "-"): n for name, n in uses.items()})


def rounded(rewards: tuple[float, ...] | None, digits: int = 2) -> list[float]:
    assert rewards is not None
    return [round(reward, digits) for reward in rewards]


COSTS = [solved(usd) for usd in ("0.01", "0.02", "0.05", "0.10")]


def test_the_dearest_wins_with_a_positive_cost_weight() -> None:
    assert rounded(as_released(COSTS, {"cost": 1})) == [2.33, 2.44, 2.78, 3.33]
    assert rounded(advantages(as_released(COSTS, {"cost": 1}))) == [-0.87, -0.62, 0.12, 1.36]


def test_the_cheapest_wins_with_a_negative_cost_weight() -> None:
    assert rounded(as_released(COSTS, {"cost": -1})) == [-2.33, -2.44, -2.78, -3.33]


def test_latency_has_the_same_fault() -> None:
    assert rounded(as_released([solved(seconds=s) for s in (1, 2, 5, 10)], {"latency": 1})) == [2.33, 2.44, 2.78, 3.33]


def test_the_wrong_answer_wins_when_costs_lie_close_together() -> None:
    batch = [solved("0.0100"), solved("0.0101"), solved("0.0100"), solved("0.0100", outcome=0)]
    released = as_released(batch, {"accuracy": 1, "cost": -0.3})
    assert rounded(released, 1) == [-89.6, -89.9, -89.6, 0.0]
    assert rounded(advantages(released), 1) == [-0.5, -0.5, -0.5, 1.5]


def test_used_once_and_never_used_are_not_told_apart() -> None:
    batch = [solved(answer_1=1), solved(answer_1=1), solved(), solved()]
    assert as_released(batch, {"answer-1": 1}) == (0, 0, 0, 0)


def test_not_using_an_alias_can_fall_below_zero() -> None:
    batch = [solved(answer_1=1), solved(answer_1=2), solved()]
    assert as_released(batch, {"answer-1": 1}) == (0, 1, -1)


def test_equal_costs_contribute_nothing() -> None:
    assert as_released([solved("0.01"), solved("0.01")], {"cost": 1, "latency": 1}) == (0, 0)


def test_an_unknown_outcome_or_cost_is_refused() -> None:
    for unknown in (Features(None, Decimal(0), 0.0), Features(1, None, 0.0)):
        with pytest.raises(ValueError, match="every outcome and every cost"):
            as_released([unknown, solved()], {"cost": 1})
