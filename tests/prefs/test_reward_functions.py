"""The reward functions of trainers: the same numbers as R(τ), read from columns, calls and records."""

import json
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reward_properties import ANY_BATCHES, BATCHES, PREFERENCES

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Trajectory
from prefs.features import features
from prefs.reward import against_baseline, rewards
from prefs.reward_functions.reading import called
from prefs.reward_functions.records import reward
from prefs.reward_functions.shipped import shipped_source
from prefs.reward_functions.trl import grpo_reward, trl_reward
from prefs.reward_functions.verl import compute_score
from storage.records import trajectory_json

P = {"accuracy": 1, "cost": 0.5, "latency": 0.5, "tools": {"answer-1": 0.2}}
CALL = '<tool_call>\n{"name": "answer", "arguments": {"model": "answer-1"}}\n</tool_call>'
MEASURED = {"outcome": 1, "cost_usd": 0.01, "latency_s": 1.0}


def p_json(preference: PreferenceVector) -> dict[str, Any]:
    p = preference
    return {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, "tools": dict(p.tools)}


def row(trajectory: Trajectory) -> dict[str, Any]:
    found = features(trajectory)
    return {
        "outcome": found.outcome,
        "cost_usd": None if found.cost_usd is None else str(found.cost_usd),
        "latency_s": found.latency_s,
        "uses": dict(found.uses),
    }


def columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [one[name] for one in rows] for name in rows[0]}


@given(ANY_BATCHES, PREFERENCES)
def test_records_give_exactly_the_reward_of_their_trajectories(
    batch: list[Trajectory], preference: PreferenceVector
) -> None:
    expected = [found.value for found in rewards(batch, preference)]
    assert reward([trajectory_json(t) for t in batch], p_json(preference)) == expected


@given(ANY_BATCHES, PREFERENCES)
def test_trl_groups_rows_by_prompt(batch: list[Trajectory], preference: PreferenceVector) -> None:
    rows = [row(t) for t in batch]
    expected = [found.value for found in rewards(batch, preference)]
    twice = trl_reward(
        prompts=["one"] * len(batch) + ["another"] * len(batch),
        completions=[CALL] * (2 * len(batch)),
        completion_ids=[[1]] * (2 * len(batch)),
        trainer_state=None,
        log_extra=print,
        log_metric=print,
        environments=None,
        preference=[p_json(preference)] * (2 * len(batch)),
        **columns(rows * 2),
    )
    assert twice == expected * 2


@given(BATCHES, PREFERENCES)
def test_verl_with_the_ranges_of_the_batch_gives_the_reward_of_the_batch(
    batch: list[Trajectory], preference: PreferenceVector
) -> None:
    rows = [row(t) for t in batch]
    costs = [Decimal(one["cost_usd"]) for one in rows]
    seconds = [one["latency_s"] for one in rows]
    outcomes = [one["outcome"] for one in rows]
    counts = {alias: [one["uses"].get(alias, 0) for one in rows] for alias in preference.tools}
    ranges = {
        "outcome": [min(outcomes), max(outcomes)],
        "cost_usd": [min(costs), max(costs)],
        "latency_s": [min(seconds), max(seconds)],
        "uses": {alias: [min(count), max(count)] for alias, count in counts.items()},
    }
    told = [{**one, "preference": p_json(preference), "ranges": ranges} for one in rows]
    given_scores = [compute_score("podium", CALL, "397.8", extra_info=one) for one in told]
    expected = rewards(batch, preference)
    assert [found["score"] for found in given_scores] == [found.value for found in expected]


@given(BATCHES, PREFERENCES)
def test_verl_against_a_baseline_is_the_evaluation_form(batch: list[Trajectory], preference: PreferenceVector) -> None:
    run, base = batch[0], batch[-1]
    told = {**row(run), "preference": json.dumps(p_json(preference)), "baseline": row(base)}
    found, expected = compute_score("podium", CALL, None, told), against_baseline(run, base, preference)
    assert found["score"] == pytest.approx(expected.value)
    assert found["if_correct"] == pytest.approx(expected.if_correct)


def test_a_choice_is_measured_by_the_call_that_the_completion_makes() -> None:
    choices = {
        "answer-1": {"outcome": 1, "cost_usd": 0.05, "latency_s": 30.0},
        "answer-2": {"outcome": 1, "cost_usd": 0.01, "latency_s": 10.0},
        "search-1": None,  # what Arrow makes of a key that another row has
    }
    second = [
        {"role": "assistant", "tool_calls": [{"function": {"name": "answer", "arguments": {"model": "answer-2"}}}]}
    ]
    scores = grpo_reward(P)(
        prompts=["q"] * 4,
        completions=[
            [{"role": "assistant", "content": CALL}],
            second,
            "no call at all",
            '<tool_call>{"name": </tool_call>',
        ],
        choices=[choices] * 4,
    )
    assert scores == [1.2, 2.0, 0.0, 0.0]


def test_ungraded_rows_have_no_reward_in_trl_and_are_refused_for_verl() -> None:
    ungraded = {**MEASURED, "outcome": None}
    rows = columns([MEASURED, ungraded])
    assert grpo_reward(P)(["q", "q"], [CALL, CALL], **rows) == [0.0, None]
    with pytest.raises(ValueError, match="ungraded"):
        compute_score("podium", CALL, "", {**ungraded, "preference": P, "baseline": MEASURED})


def test_rows_of_one_prompt_can_be_told_apart_by_a_group_column() -> None:
    rows = columns([{**MEASURED, "cost_usd": usd} for usd in (1, 2, 3, 4)])
    scores = grpo_reward({**P, "latency": 0})(["q"] * 4, [CALL] * 4, group=["a", "a", "b", "b"], **rows)
    assert scores == [0.5, 0.0, 0.5, 0.0]


def test_an_alias_without_a_weight_in_a_row_that_arrow_filled_has_none() -> None:
    filled = {**P, "tools": {"answer-1": None}}
    assert grpo_reward(filled)(["q"], [CALL], **columns([MEASURED])) == [0.0]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "`preference` is missing"),
    ({"preference": [P]}, "needs `trajectory`, `choices`, or"),
    ({"preference": [{"accuracy": 1}], **columns([MEASURED])}, "weight of cost"),
    ({"preference": [{**P, "cost": 1.5}], **columns([MEASURED])}, "from 0 to 1"),
    ({"preference": [P], **columns([{**MEASURED, "outcome": 0.5}])}, "an outcome is 1, 0 or null"),
    ({"preference": [P], **columns([{**MEASURED, "cost_usd": -1}])}, "zero or more"),
    ({"preference": [P], **columns([{**MEASURED, "latency_s": float("nan")}])}, "zero or more seconds"),
    ({"preference": ["[]"], **columns([MEASURED])}, "must be a mapping"),
]


@pytest.mark.parametrize(("given_columns", "message"), WRONG)
def test_a_column_that_is_missing_or_malformed_is_named(given_columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trl_reward(["q"], [CALL], **given_columns)


def test_one_group_has_one_preference() -> None:
    with pytest.raises(ValueError, match="differ in `preference`"):
        trl_reward(["q", "q"], [CALL] * 2, preference=[P, {**P, "cost": 1}], **columns([MEASURED] * 2))


@pytest.mark.parametrize("both", [{}, {"ranges": {"cost_usd": [0, 1], "latency_s": [0, 1]}, "baseline": MEASURED}])
def test_verl_needs_either_ranges_or_a_baseline(both: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`ranges` \\(training form\\) or `baseline`"):
        compute_score("podium", CALL, "", {**MEASURED, "preference": P, **both})


def test_outside_its_ranges_a_rollout_counts_as_at_their_end() -> None:
    told = {**MEASURED, "cost_usd": 9, "preference": P, "ranges": {"cost_usd": [0, 1], "latency_s": [0, 1]}}
    assert compute_score("podium", CALL, "", told)["score"] == 1.0


def test_the_first_wellformed_call_counts() -> None:
    assert called(f'<tool_call>{{"name": "answer"}}</tool_call>{CALL}') == "answer-1"
    assert called([{"role": "assistant", "content": None, "tool_calls": None}]) is None


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(BATCHES, PREFERENCES), min_size=1, max_size=20))
def test_the_shipped_file_gives_the_same_numbers_without_podium(
    many: list[tuple[list[Trajectory], PreferenceVector]],
) -> None:
    shipped: dict[str, Any] = {"__name__": "shipped_reward"}
    exec(compile(shipped_source(), "shipped_reward.py", "exec"), shipped)
    for batch, preference in many:
        records = [trajectory_json(t) for t in batch]
        assert shipped["reward"](records, p_json(preference)) == reward(records, p_json(preference))


def test_the_shipped_file_runs_where_podium_is_not_installed(tmp_path: Path) -> None:
    file = tmp_path / "podium_reward.py"
    told = {**MEASURED, "preference": P, "ranges": {"cost_usd": [0, 0.02], "latency_s": [1, 2]}}
    asked = f"import sys, json; print(json.dumps(compute_score('podium', {CALL!r}, None, {told!r})))"
    asked += "; assert not any(name.split('.')[0] in ('prefs', 'orchestrator') for name in sys.modules)"
    file.write_text(f"{shipped_source()}\n\n{asked}\n", encoding="utf-8")
    ran = subprocess.run([sys.executable, "-I", str(file)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (
        json.loads(ran.stdout)
        == compute_score("podium", CALL, None, told)
        == {
            "score": 1.75,
            "if_correct": 1.75,
            "solved": 1.0,
        }
    )
