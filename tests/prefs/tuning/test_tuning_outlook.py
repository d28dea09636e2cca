"""The front of settings, the line through the chosen one, the forecast and the comparison of two P."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from orchestrator.preference import PreferenceVector
from prefs.tuning.comparison import changes
from prefs.tuning.forecast import DAYS, forecast
from prefs.tuning.front import front
from prefs.tuning.packed import Rule
from prefs.tuning.stored import Stored
from prefs.tuning.winners import Tuning
from tests.prefs.tuning.alternatives import RULES, alternative, preferences, several

CHEAP, QUICK = PreferenceVector(1, 1, 0), PreferenceVector(1, 0, 1)


def trade_offs(queries: int = 3, **changes: bool) -> list[Stored]:
    return [
        alternative(f"{query} {name}", f"q{query}", usd, seconds, **changes)
        for query in range(queries)
        for name, usd, seconds in (("cheap", f"0.0{query + 1}", 9.0), ("quick", f"0.{query + 1}", 1.0 + query))
    ]


@settings(max_examples=40)
@given(several(), preferences(), RULES)
def test_nothing_on_the_front_is_beaten_and_all_else_is(
    alternatives: list[Stored], p: PreferenceVector, rule: Rule
) -> None:
    found = front(Tuning.of(alternatives, rule), p, steps=2)
    points = [((s.totals.usd, s.totals.latency_s, -s.totals.solved), s.on_front) for s in found.settings]
    for point, on_front in points:
        beaten = any(other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other, _ in points)
        assert on_front == (not beaten)
    assert len({point for point, _ in points}) == len(points)
    assert sum(s.settings for s in found.settings) == (9 if rule.gated else 27)
    assert found.chosen.totals == Tuning.of(alternatives, rule).winners(p).totals


def test_more_dollars_for_the_same_seconds_are_not_on_the_front() -> None:
    shown = [
        alternative("cheap", usd="1", uses={"answer-2": 1}),
        alternative("dear", usd="2", uses={"answer-1": 1}),
    ]
    found = front(Tuning.of(shown), PreferenceVector(1, 0, 0, {"answer-1": 0.4}), steps=2)
    assert [(one.totals.usd, one.on_front, one.chosen) for one in found.settings] == [
        (1, True, False),
        (2, False, True),
    ]


def test_a_setting_says_what_it_comes_to() -> None:
    tuning = Tuning.of(trade_offs())
    for setting in front(tuning, PreferenceVector()).settings:
        assert tuning.winners(setting.preference).totals == setting.totals


def test_along_the_line_the_mean_query_is_worth_the_same() -> None:
    tuning = Tuning.of([alternative("cheap", usd="1", seconds=11), alternative("quick", usd="3", seconds=1)])
    line = front(tuning, PreferenceVector(1, 0.8, 0.4)).iso
    assert line is not None
    # 2 dollars or 10 seconds are the whole spread; at 0.8 against 0.4 a dollar is worth 10 seconds
    assert line.seconds_per_usd == pytest.approx(10)
    assert line.latency_at(line.usd + 0.5) == pytest.approx(line.latency_s - 5)


def test_without_a_weight_of_latency_the_line_is_upright_and_without_both_there_is_none() -> None:
    tuning = Tuning.of(trade_offs())
    line = front(tuning, CHEAP, steps=1).iso
    assert line is not None
    assert line.latency_at(1.0) is None
    assert front(tuning, PreferenceVector(1, 0, 0), steps=1).iso is None
    assert front(Tuning.of([alternative("a")]), CHEAP, steps=1).iso is None


def test_a_forecast_multiplies_the_mean_query_and_holds_it_within_its_interval() -> None:
    tuning = Tuning.of(trade_offs(9))
    winners = tuning.winners(CHEAP)
    found = forecast(tuning, winners, 1000, seed=1)
    assert found is not None
    assert found.query_usd == pytest.approx(float(winners.totals.usd) / 9)
    assert found.month_usd == pytest.approx(found.query_usd * 1000 * DAYS)
    assert found.interval is not None
    assert found.interval.low < found.query_usd < found.interval.high
    assert found.day is not None
    assert found.day.low == pytest.approx(found.interval.low * 1000)
    assert forecast(tuning, winners, 1000, seed=1) == found
    assert found.simulated_share == 0


def test_a_forecast_from_few_queries_has_no_interval_and_says_what_is_simulated_and_left_out() -> None:
    shown = [
        *trade_offs(1, simulated=True),
        alternative("real", "real", "0.03"),
        alternative("unpriced", "unpriced", None),
    ]
    tuning = Tuning.of(shown)
    found = forecast(tuning, tuning.winners(CHEAP), 10)
    assert found is not None
    assert (found.interval, found.day, found.sample, found.unpriced) == (None, None, 2, 1)
    assert (found.simulated_share, found.simulated_usd_share) == pytest.approx((0.5, 0.25))
    alone = Tuning.of(shown[-1:])
    assert forecast(alone, alone.winners(CHEAP), 10) is None
    with pytest.raises(ValueError, match="at least one query a day"):
        forecast(tuning, tuning.winners(CHEAP), 0)


def test_the_interval_of_a_forecast_holds_the_truth_about_as_often_as_it_says() -> None:
    import numpy as np  # noqa: PLC0415

    chance = np.random.default_rng(5)
    hits = 0
    for trial in range(60):
        amounts = chance.exponential(0.02, 80)
        tuning = Tuning.of([alternative(str(n), f"q{n}", f"{usd:.9f}") for n, usd in enumerate(amounts)])
        found = forecast(tuning, tuning.winners(CHEAP), 1, seed=trial)
        assert found is not None
        assert found.interval is not None
        hits += found.interval.low <= 0.02 <= found.interval.high
    assert 50 <= hits <= 60


@given(several(), preferences(), preferences(), RULES)
def test_what_changes_adds_up_to_the_difference_of_the_totals(
    alternatives: list[Stored], one: PreferenceVector, other: PreferenceVector, rule: Rule
) -> None:
    found = changes(Tuning.of(alternatives, rule), one, other)
    unpriced = {one.id for one in alternatives if one.unpriced_calls}
    known = not any({one.before, one.after} & unpriced for one in found.winners)
    assert found.usd == (found.after.usd - found.before.usd if known else None)
    assert found.latency_s == pytest.approx(found.after.latency_s - found.before.latency_s, abs=1e-6)


def test_a_comparison_names_weights_and_winners_that_differ() -> None:
    found = changes(Tuning.of(trade_offs(1)), QUICK, replace(QUICK, cost=1.0, latency=0.0))
    assert found.weights == {"cost": (0.0, 1.0), "latency": (1.0, 0.0)}
    assert [(one.query, one.before, one.after) for one in found.winners] == [("q0", "0 quick", "0 cheap")]
    assert found.usd == Decimal("-0.09")


def test_without_the_gate_the_front_weighs_accuracy_as_well() -> None:
    shown = [alternative("right", usd="2"), alternative("wrong", usd="1", outcome=0)]
    solved = {s.totals.solved for s in front(Tuning.of(shown, Rule(gated=False)), PreferenceVector(), steps=2).settings}
    assert solved == {0, 1}
