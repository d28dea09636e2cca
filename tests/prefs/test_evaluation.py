"""Scores of policies against figures worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from orchestrator.model_call import unpriced
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Outcome, Step, StopReason, Trajectory, Verdict
from prefs.evaluation import Score, Tried, measures, score
from tests.examples import call, model_call, trajectory

P = ("Balanced", PreferenceVector(1, 0.5, 0.5))
STRONGEST = frozenset({"search-1", "answer-1"})


def ran(*aliases: str, solved: bool | None = True, usd: str = "0.01", seconds: float = 2.0, **more: Any) -> Trajectory:
    """A step for each alias, each of which costs `usd` and takes `seconds`."""
    steps = tuple(
        Step(i, "", call(alias), None, (model_call(usd, seconds, alias=alias),)) for i, alias in enumerate(aliases)
    )
    verdict = {True: Verdict.SOLVED, False: Verdict.UNSOLVED, None: Verdict.UNGRADED}[solved]
    values = {"steps": steps, "outcome": Outcome(verdict), "stop_reason": StopReason.ANSWERED}
    return trajectory(**(values | more))


BASE = ran("search-1", "answer-1", usd="0.05", seconds=4.0)


def tried(task: str, *alternatives: Trajectory, domain: str = "code") -> Tried:
    count = len(alternatives)
    return Tried(task, domain, alternatives, (BASE,) * count, (0.5,) * count)


def scored(*tasks: Tried, **changes: Any) -> Score:
    return score("random", P, tasks, STRONGEST, **changes)


def test_alternatives_are_averaged_before_tasks_are_added_up() -> None:
    found = scored(
        tried("a", ran("answer-1", usd="0.02"), ran("answer-2", usd="0.04", solved=False)),
        tried("b", ran("search-1", "answer-2"), ran("search-1", "answer-2")),
    )
    assert found.solved is not None
    assert found.calls is not None
    assert found.latency_s is not None
    assert found.solved.mean == pytest.approx(0.75)
    assert found.total_usd == Decimal("0.05")
    assert found.latency_s.mean == pytest.approx(6.0)
    assert found.calls.mean == pytest.approx(1.5)
    assert found.tasks == 2


def test_adherence_is_the_reward_against_the_baseline_with_the_same_seed() -> None:
    own = ran("answer-2", usd="0.02", seconds=2.0)
    found = scored(tried("a", own, ran("answer-2", solved=False)))
    assert found.adherence is not None
    # solved: 1·1 + 0.5·(0.10 / 1) + 0.5·(8 / 2); unsolved: 0
    assert found.adherence.mean == pytest.approx((1 + 0.05 + 2) / 2)


def test_shares_are_of_all_routed_calls_and_add_up_to_one() -> None:
    found = scored(tried("a", ran("search-1", "answer-2")), tried("b", ran("answer-1")), tried("c", ran("answer-2")))
    assert found.alias_share == {"answer-1": 0.25, "answer-2": 0.5, "search-1": 0.25}
    assert found.strongest_share is not None
    assert found.strongest_share.mean == 0.5


def test_where_no_price_is_known_the_strongest_share_is_unknown() -> None:
    assert score("random", P, [tried("a", ran("answer-1"))], frozenset()).strongest_share is None


def test_a_policy_that_calls_nobody_has_no_shares() -> None:
    nothing = ran(solved=False, stop_reason=StopReason.FAILED, stop_detail="nobody is there")
    found = scored(tried("a", nothing))
    assert found.alias_share == {}
    assert found.strongest_share is None
    assert found.all_failed
    assert found.failure == "nobody is there"


def test_unknown_dollars_are_counted_and_leave_cost_out_of_adherence() -> None:
    charged = (model_call(charge=unpriced("no price")),)
    own = ran(steps=(Step(0, "", call("answer-2"), None, charged),))
    found = scored(tried("a", own))
    assert (found.unpriced_calls, found.without_cost, found.total_usd) == (1, 1, Decimal(0))
    assert found.adherence is not None
    assert found.adherence.mean == pytest.approx(1 + 0.5 * 8 / 1)


def test_ungraded_trajectories_are_left_out_and_counted() -> None:
    found = scored(tried("a", ran("answer-2", solved=None), ran("answer-2")), tried("b", ran("answer-2", solved=None)))
    assert found.solved is not None
    assert (found.solved.mean, found.ungraded) == (1.0, 2)


def test_what_needed_more_turns_is_unsolved_and_paid_for_until_the_cut() -> None:
    long = ran(*["search-1"] * 6, "answer-1")
    found = scored(tried("a", long), tried("b", ran("answer-1")), turns=(5, 7, 50))
    figures = {one.turns: (one.solved.mean if one.solved else None, one.cost_usd) for one in found.turns}
    assert figures == {5: (0.5, Decimal("0.06")), 7: (1.0, Decimal("0.08")), 50: (1.0, Decimal("0.08"))}


def test_domains_are_scored_apart() -> None:
    found = scored(
        tried("a", ran("answer-2")), tried("b", ran("answer-2", solved=False)), tried("c", ran("answer-2"), domain="x")
    )
    assert {name: (one.tasks, one.solved and one.solved.mean) for name, one in found.domains.items()} == {
        "code": (2, 0.5),
        "x": (1, 1.0),
    }


def test_the_baseline_compared_with_itself_differs_in_nothing() -> None:
    found = scored(tried("a", BASE), tried("b", BASE)).against_baseline
    for difference in (found.solved, found.adherence):
        assert difference is not None
        assert (difference.low, difference.mean, difference.high) == (0, 0, 0)
    for ratio in (found.cost_usd, found.latency_s):
        assert ratio is not None
        assert (ratio.low, ratio.mean, ratio.high) == (1, 1, 1)


def test_a_cheaper_policy_is_told_as_a_share_of_the_baselines_dollars() -> None:
    found = scored(tried("a", ran("answer-2", usd="0.04"))).against_baseline
    assert found.cost_usd is not None
    assert found.cost_usd.mean == pytest.approx(0.4)


def test_means_of_dollars_are_decimal() -> None:
    found = measures([ran("answer-2", usd="0.1"), ran("answer-2", usd="0.2")], [BASE, BASE], P[1])
    assert found.cost_usd == Decimal("0.15")


def test_nothing_tried_and_missing_runs_of_the_baseline_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        scored()
    with pytest.raises(ValueError, match="was not tried"):
        Tried("a", "code", (), (), ())
    with pytest.raises(ValueError, match="a run of the baseline"):
        Tried("a", "code", (BASE,), (), (None,))
