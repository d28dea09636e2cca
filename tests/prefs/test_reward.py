"""R(τ) against numbers worked out by hand, and the page that explains it."""

import doctest
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.model_call import CallRole, Charge, ChargeStatus, ModelCall, unpriced
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Outcome, Step, ToolCall, Trajectory, Verdict
from prefs.features import features, normalised
from prefs.reward import advantages, against_baseline, rewards

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCURACY_ONLY = PreferenceVector(1, 0, 0)
COST_ONLY = PreferenceVector(0, 1, 0)


def alternative(
    verdict: Verdict = Verdict.SOLVED,
    usd: str | None = "0.01",
    seconds: float = 1.0,
    aliases: tuple[str, ...] = ("answer-2",),
    query: str = "a query",
) -> Trajectory:
    """One step per alias; the first step's call carries all the dollars and seconds."""
    charge = unpriced("nobody knows") if usd is None else Charge(Decimal(usd), ChargeStatus.PRICED, "a test")
    call = ModelCall(CallRole.EXPERT, aliases[0], "a model", None, charge, NOW, seconds)
    steps = tuple(
        Step(i, "", ToolCall("answer", alias), None, (call,) if i == 0 else ()) for i, alias in enumerate(aliases)
    )
    return Trajectory("t", query, PreferenceVector(), "random", "pool", 0, NOW, steps, outcome=Outcome(verdict))


def values(*batch: Trajectory, preference: PreferenceVector) -> list[float | None]:
    return [None if r.value is None else round(r.value, 4) for r in rewards(batch, preference)]


def test_the_cheapest_of_the_solved_scores_highest() -> None:
    batch = [alternative(usd=usd) for usd in ("0.01", "0.02", "0.05", "0.10")]
    assert values(*batch, preference=COST_ONLY) == [1.0, 0.8889, 0.5556, 0.0]


def test_accuracy_cost_latency_and_uses_add_up() -> None:
    batch = [
        alternative(usd="0.010", seconds=12),
        alternative(usd="0.050", seconds=30, aliases=("answer-1",)),
        alternative(Verdict.UNSOLVED, "0.030", 6),
    ]
    frugal, strong, hasty = rewards(batch, PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.2}))
    assert {p.name: p.contribution for p in frugal.parts} == {
        "accuracy": 1.0,
        "cost": 0.5,
        "latency": 0.375,
        "answer-1": 0.0,
    }
    assert (frugal.value, strong.value, hasty.value) == (1.875, 1.2, 0.0)
    assert hasty.if_correct == 0.75


def test_accuracy_tells_nothing_where_every_trajectory_is_solved() -> None:
    assert values(alternative(), alternative(), preference=ACCURACY_ONLY) == [0.0, 0.0]


def test_used_once_and_never_used_are_told_apart() -> None:
    once, never = alternative(aliases=("answer-1",)), alternative()
    assert values(once, once, never, never, preference=PreferenceVector(0, 0, 0, {"answer-1": 1})) == [1, 1, 0, 0]


def test_a_failed_routed_call_counts_as_a_use_and_an_invalid_reply_does_not() -> None:
    steps = (
        Step(0, "", ToolCall("search", "search-1"), None, (), "the index is empty"),
        Step(1, "", None, None, (), "no call in the reply"),
    )
    trajectory = Trajectory("t", "q", PreferenceVector(), "random", "pool", 0, NOW, steps)
    assert features(trajectory).uses == {"search-1": 1}


def test_an_ungraded_trajectory_has_no_value_but_one_if_correct() -> None:
    ungraded, wrong = alternative(Verdict.UNGRADED), alternative(Verdict.UNSOLVED)
    first, second = rewards([ungraded, wrong], ACCURACY_ONLY)
    assert (first.value, first.if_correct) == (None, 1.0)
    assert (second.value, second.if_correct) == (0.0, 0.0)
    assert first.note is not None
    assert "1 of 2 are ungraded" in first.note


def test_ungraded_others_are_neither_right_nor_wrong() -> None:
    first, _ = rewards([alternative(Verdict.UNGRADED), alternative(Verdict.UNGRADED)], ACCURACY_ONLY)
    assert first.if_correct == 0.0


def test_an_unpriced_call_leaves_cost_out_for_the_whole_batch() -> None:
    batch = [alternative(usd="0.10", seconds=1), alternative(usd=None, seconds=2)]
    for reward in rewards(batch, PreferenceVector(0, 1, 1)):
        assert [p.contribution for p in reward.parts if p.name == "cost"] == [None]
        assert reward.note == "Cost is left out: 1 of 2 have calls without a price."
    assert values(*batch, preference=PreferenceVector(0, 1, 1)) == [1.0, 0.0]


def test_an_unpriced_call_is_not_mentioned_to_those_who_do_not_care_about_cost() -> None:
    (reward,) = {r.note for r in rewards([alternative(usd=None), alternative()], ACCURACY_ONLY)}
    assert reward is None


def test_a_trajectory_alone_scores_nothing_and_says_why() -> None:
    (reward,) = rewards([alternative()], PreferenceVector())
    assert reward.value == 0.0
    assert reward.note is not None
    assert "nothing to be compared with" in reward.note


def test_no_trajectories_have_no_rewards() -> None:
    assert rewards([], PreferenceVector()) == ()


def test_trajectories_of_different_queries_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="group them by query"):
        rewards([alternative(), alternative(query="another")], PreferenceVector())


def test_normalised_columns() -> None:
    assert normalised([1, 3, 2]) == (0.0, 1.0, 0.5)
    assert normalised([7, 7]) == (0.0, 0.0)
    assert normalised([1, None]) == (None, None)
    assert normalised([]) == ()


def test_advantages_are_standard_scores() -> None:
    assert advantages([1.0, 2.0, 3.0]) == (-1.0, 0.0, 1.0)


@pytest.mark.parametrize("group", [[], [1.0], [1.0, 1.05], [0.0, 1.0, None]])
def test_a_group_that_teaches_nothing_is_dropped(group: list[float | None]) -> None:
    assert advantages(group) is None


def test_against_a_baseline_calls_are_ratios_to_it_and_magnitudes_ratios_from_it() -> None:
    run = alternative(usd="4", seconds=10, aliases=("answer-1", "answer-1", "answer-1"))
    base = alternative(usd="2", seconds=5, aliases=("answer-1", "answer-1"))
    reward = against_baseline(run, base, PreferenceVector(1, 0.5, 0.5, {"answer-1": 0.2}))
    assert {p.name: p.scaled for p in reward.parts} == {"accuracy": 1, "cost": 0.5, "latency": 0.5, "answer-1": 1.5}
    assert reward.value == pytest.approx(1 + 0.25 + 0.25 + 0.3)


def test_against_a_baseline_cost_below_a_dollar_is_divided_by_one() -> None:
    reward = against_baseline(alternative(usd="0.02"), alternative(usd="0.05"), COST_ONLY)
    assert reward.value == 0.05


def test_against_a_baseline_wrong_is_nothing_and_ungraded_unknown() -> None:
    assert against_baseline(alternative(Verdict.UNSOLVED), alternative(), PreferenceVector()).value == 0.0
    assert against_baseline(alternative(Verdict.UNGRADED), alternative(), PreferenceVector()).value is None


def test_against_a_baseline_unknown_dollars_are_left_out() -> None:
    reward = against_baseline(alternative(usd=None), alternative(), PreferenceVector(0, 1, 0))
    assert (reward.value, reward.note) == (0.0, "Cost is left out: a call has no price.")


def test_a_baseline_of_another_query_is_refused() -> None:
    with pytest.raises(ValueError, match="same query"):
        against_baseline(alternative(), alternative(query="another"), PreferenceVector())


def test_the_page_shows_what_the_code_computes() -> None:
    page = Path(__file__).parents[2] / "docs" / "reward.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted >= 12
    assert result.failed == 0
