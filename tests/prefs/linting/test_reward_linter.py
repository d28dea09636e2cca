"""What the linter says of our reward, of the released one, and of rewards with one fault each."""

from typing import Any

import lawless
import pytest
from lawless import reward_with

from orchestrator.preference import PreferenceVector
from prefs.linting.case import Case, Rollout
from prefs.linting.law import LAWS
from prefs.linting.linter import lint
from prefs.linting.report import report_json, report_lines
from prefs.linting.scorer import Reward, Scorer, Unusable
from prefs.linting.signatures import from_trl, from_verl
from prefs.linting.trials import golden, trials
from prefs.released_reward import released_reward
from prefs.reward_functions.records import reward
from prefs.reward_functions.trl import trl_reward
from prefs.reward_functions.verl import compute_score
from storage.records import load_trajectory

MUTANTS: list[tuple[str, Reward, set[str]]] = [
    ("cost with its sign turned", reward_with(cost=lawless.negated_twice), {"cost"}),
    ("latency with its sign turned", reward_with(latency=lawless.negated_twice), {"latency"}),
    ("no gate on the outcome", reward_with(gate=lawless.ungated), {"wrong-below-right"}),
    ("a price on every right answer", reward_with(gate=lawless.penalising_wrong_less), {"wrong-below-right"}),
    ("1 where all are alike", reward_with(latency=lawless.one_where_alike), {"constant-element"}),
    ("accuracy as it is", reward_with(accuracy=list), {"constant-element"}),
    ("an epsilon below the fraction", reward_with(cost=lawless.with_epsilon), {"price-unit"}),
    ("dollars rounded to cents", reward_with(cost=lawless.rounded_to_cents), {"price-unit"}),
    ("not a number where all are alike", reward_with(cost=lawless.not_a_number_where_alike), {"finite"}),
    ("division by zero where all are alike", reward_with(cost=lawless.unguarded), {"runs"}),
    ("never used is left out of the scale", reward_with(uses=lawless.skipping_zeros), {"used-once"}),
    ("ungraded counts as right", reward_with(gate=lawless.assuming_right), {"ungraded"}),
    ("the first rollout is special", lawless.counting_from_the_first, {"order"}),
    ("equal costs lose their rewards", lawless.without_repeats, {"length"}),
    ("text instead of numbers", lawless.answering_with_text, {"finite"}),
    ("one number for the batch", lawless.answering_with_a_sum, {"length"}),
]


def broken(one: Reward, cases: int = 60) -> set[str]:
    return {violation.law for violation in lint(one, cases).violations}


@pytest.mark.parametrize(
    "lawful",
    [reward, from_trl(trl_reward), from_verl(compute_score), reward_with()],
    ids=["ours", "trl", "verl", "floats"],
)
def test_a_correct_reward_breaks_no_law(lawful: Reward) -> None:
    report = lint(lawful, 40, seed=3)
    assert report.clean, list(report_lines(report))


def test_the_released_reward_fails_with_the_dearest_winning() -> None:
    report = lint(released_reward, 30)
    laws = {violation.law: violation for violation in report.violations}
    assert set(laws) == {"cost", "latency", "wrong-below-right", "used-once"}
    shown = laws["cost"]
    assert shown.what == "B costs more than A and is otherwise the same, yet it scores higher."
    assert shown.before.case.preference == PreferenceVector(0, 1, 0)
    assert [str(r.cost_usd) for r in shown.before.case.rollouts] == ["0.01", "0.02"]
    assert shown.before.scores == pytest.approx((5.0, 6.0))


def test_the_first_case_is_the_papers_sign_case() -> None:
    case = golden()[0]
    scores = Scorer(released_reward)(case)
    assert [round(score, 2) for score in scores if score is not None] == [2.33, 2.44, 2.78, 3.33]


@pytest.mark.parametrize(("mutant", "laws"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_reward_with_one_fault_fails_for_its_own_law(mutant: Reward, laws: set[str]) -> None:
    violations = lint(mutant, 40).violations
    assert {violation.law for violation in violations} == laws
    assert all(len(violation.before.case.rollouts) <= 3 for violation in violations), "shrunk to few rollouts"


def test_every_law_is_broken_by_some_reward() -> None:
    found = set().union(*(laws for _, _, laws in MUTANTS)) | broken(lawless.drifting(), 1)
    assert found == {law.name for law in LAWS}


def test_a_reward_that_changes_by_itself_is_looked_at_no_further() -> None:
    report = lint(lawless.drifting(), 5)
    assert [violation.law for violation in report.violations] == ["deterministic"]
    assert "cost" in report.unchecked
    assert not report.clean


def test_a_crash_is_a_finding_with_the_smallest_batch_that_causes_it() -> None:
    (violation,) = lint(reward_with(cost=lawless.unguarded), 20).violations
    assert violation.what == "It raised ZeroDivisionError: float division by zero"
    assert len(violation.before.case.rollouts) == 1
    assert violation.before.scores is None


def test_a_reward_that_always_raises_leaves_the_other_laws_unchecked() -> None:
    def broken_reward(trajectories: list[dict[str, Any]], preference: dict[str, Any]) -> list[float]:
        raise KeyError("cost")

    report = lint(broken_reward, 3)
    assert [violation.law for violation in report.violations] == ["runs"]
    assert report.unchecked == tuple(law.name for law in LAWS if law.name != "runs"), "nothing was seen to hold"


def test_a_law_is_not_said_to_hold_where_no_batch_was_about_it() -> None:
    ours = reward_with()
    assert "used-once" in lint(ours, 1).unchecked
    assert lint(ours, 14).clean


def test_a_reward_that_pays_for_words_pays_for_wrong_ones() -> None:
    def wordy(trajectories: list[dict[str, Any]], preference: dict[str, Any]) -> list[float]:
        return [float(len(trajectory["answer"])) for trajectory in trajectories]

    assert "wrong-below-right" in [violation.law for violation in lint(wordy, 14).violations]


def test_the_same_seed_finds_the_same() -> None:
    mutant = reward_with(cost=lawless.rounded_to_cents)
    assert lint(mutant, 20, seed=9) == lint(mutant, 20, seed=9)
    assert list(trials(40, 1)) != list(trials(40, 2))


def test_made_up_trajectories_are_records_that_podium_reads() -> None:
    for case in trials(40, 5):
        for record, rollout in zip(case.records(), case.rollouts, strict=True):
            read = load_trajectory(record)
            assert (read.cost_usd, read.latency_s) == (rollout.cost_usd, rollout.latency_s)


def test_an_ungraded_trajectory_may_be_refused_but_not_crash_the_reward() -> None:
    assert broken(from_verl(compute_score), 5) == set()

    def crashing(trajectories: list[dict[str, Any]], preference: dict[str, Any]) -> list[float | None]:
        assert all(t["outcome"]["verdict"] != "ungraded" for t in trajectories)
        return reward(trajectories, preference)

    assert broken(crashing, 5) == {"ungraded"}


def test_nothing_at_all_is_no_test() -> None:
    with pytest.raises(ValueError, match="at least one case"):
        lint(reward, 0)


def test_the_report_shows_the_batch_before_and_after() -> None:
    text = "\n".join(report_lines(lint(reward_with(cost=lawless.with_epsilon), 40)))
    assert "FAIL  price-unit" in text
    assert "before:" in text
    assert "after:" in text
    assert "    > A" in text


def test_the_json_report_holds_batches_that_show_the_fault_again() -> None:
    found = report_json(lint(released_reward, 10))
    assert not found["clean"]
    for violation in found["violations"]:
        shown = violation["before"]
        assert released_reward(shown["trajectories"], shown["preference"]) == shown["rewards"]


def test_rewards_in_single_precision_are_not_at_fault() -> None:
    import struct  # noqa: PLC0415

    def single(trajectories: list[dict[str, Any]], preference: dict[str, Any]) -> list[float | None]:
        doubles = reward(trajectories, preference)
        return [None if r is None else struct.unpack("f", struct.pack("f", r))[0] for r in doubles]

    assert lint(single, 30).clean


def test_a_refusal_of_a_graded_batch_is_told_apart_from_a_crash() -> None:
    def refusing(trajectories: list[dict[str, Any]], preference: dict[str, Any]) -> list[float]:
        raise ValueError("too small a batch")

    with pytest.raises(Unusable, match="too small a batch") as caught:
        Scorer(refusing)(Case((Rollout(),), PreferenceVector()))
    assert caught.value.refused


def test_reward_functions_of_trainers_may_be_coroutines() -> None:
    async def slow_trl(**columns: Any) -> list[float | None]:
        return trl_reward(**columns)

    async def slow_verl(**told: Any) -> dict[str, float]:
        return compute_score(**told)

    assert lint(from_trl(slow_trl), 10).clean
    assert lint(from_verl(slow_verl), 10).clean
