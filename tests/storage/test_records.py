"""Records: equal after a round trip, totals derived, contradictions refused."""

import json
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.alternatives import Run
from orchestrator.model_call import unpriced
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Step, Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage.records import (
    RecordError,
    dump_ballot,
    dump_header,
    dump_ranking,
    dump_run,
    dump_step,
    dump_trajectory,
    load_ballot,
    load_parts,
    load_preference,
    load_ranking,
    load_run,
    load_trajectory,
    ranking_json,
    trajectory_json,
)
from tests.examples import NOON, model_call, trajectory
from tests.strategies import RUNS, ballots, rankings, trajectories


def two_steps() -> Trajectory:
    """$0.0131 known, one call unpriced, 3.5 seconds."""
    first = Step(0, "look", None, None, (model_call("0.0100", 1.0), model_call("0.0031", 1.5)))
    second = Step(1, "answer", None, None, (replace(model_call(), charge=unpriced("nobody knows"), simulated=True),))
    return trajectory(steps=(first, second))


def changed(path: str, value: object) -> dict[str, Any]:
    """The record of `two_steps` with one field changed; `path` is dotted."""
    record = trajectory_json(two_steps())
    *way, last = path.split(".")
    at: Any = record
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    at[last] = value
    return record


@given(trajectories())
def test_trajectory_is_equal_after_a_round_trip(whole: Trajectory) -> None:
    line = dump_trajectory(whole)
    assert "\n" not in line
    assert load_trajectory(line) == whole
    assert load_trajectory(line.encode()) == whole
    assert load_trajectory(trajectory_json(whole)) == whole


@given(trajectories())
def test_trajectory_is_equal_after_it_was_kept_in_parts(whole: Trajectory) -> None:
    assert load_parts(dump_header(whole), [dump_step(step) for step in whole.steps]) == whole


@given(RUNS)
def test_run_is_equal_after_a_round_trip(run: Run) -> None:
    assert load_run(dump_run(run)) == run


@given(st.data())
def test_ballot_and_ranking_are_equal_after_a_round_trip(data: st.DataObject) -> None:
    shown = data.draw(ballots())
    ranking = data.draw(rankings(shown))
    assert load_ballot(dump_ballot(shown)) == shown
    assert load_ranking(dump_ranking(ranking)) == ranking
    assert load_ranking(dump_ranking(ranking, shown)) == ranking


@given(trajectories())
def test_known_dollars_of_the_calls_sum_exactly_to_cost_usd(whole: Trajectory) -> None:
    record = json.loads(dump_trajectory(whole))
    charges = [call["charge"]["usd"] for step in record["steps"] for call in step["calls"]]
    assert Decimal(record["cost_usd"]) == sum((Decimal(usd) for usd in charges if usd is not None), Decimal(0))
    assert record["unpriced_calls"] == charges.count(None)


def test_totals_are_written_for_the_trajectory_and_for_each_step() -> None:
    record = trajectory_json(two_steps())
    assert (record["cost_usd"], record["unpriced_calls"], record["latency_s"]) == ("0.0131", 1, 3.5)
    assert record["simulated"] is True
    assert [step["cost_usd"] for step in record["steps"]] == ["0.0131", "0"]
    assert [step["latency_s"] for step in record["steps"]] == [2.5, 1.0]
    assert record["format"] == 1


def test_record_without_totals_or_unknown_keys_is_read() -> None:
    record = trajectory_json(two_steps())
    for derived in ("cost_usd", "unpriced_calls", "latency_s", "simulated"):
        del record[derived]
    assert load_trajectory(record | {"note_of_a_later_version": 1}) == two_steps()


def test_record_without_start_started_with_its_first_call() -> None:
    record = trajectory_json(two_steps())
    del record["started_at"]
    assert load_trajectory(record).started_at == NOON


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (changed("format", 2), "written by a newer Podium: format 2, this one reads up to 1"),
        (changed("format", None), "its `format` must be a whole number"),
        (changed("format", True), "its `format` must be a whole number"),
        (changed("cost_usd", "0.5"), "cost_usd says 0.5, but the known dollars of the calls sum to 0.0131"),
        (changed("steps.0.cost_usd", "1"), "steps.0.cost_usd says 1"),
        (changed("cost_usd", "free"), "cost_usd must be dollars"),
        (changed("steps.0.calls.0.started_at", "2026-05-04T12:00:00"), "has no time zone"),
        (changed("started_at", "2026-05-04T12:00:00"), "has no time zone"),
        (changed("steps.0.calls.0.charge.usd", "-0.01"), "dollars, not -0.01"),
        (changed("steps.0.calls.0.charge.usd", "NaN"), "steps.0.calls.0.charge"),
        (changed("steps.0.calls.0.latency_s", float("nan")), "NaN is not a number"),
        (changed("steps.0.calls.0.latency_s", float("inf")), "Infinity is not a number"),
        (changed("preference.cost", 1.5), "the weight of cost must be from 0 to 1"),
        (changed("steps.1.index", 5), "steps must be numbered"),
        (changed("steps.0.calls.0.role", "king"), "steps.0.calls.0.role"),
        (changed("limits.usd", "-1"), "limit of usd"),
        (changed("steps", None), "steps"),
        (changed("steps", [None]), "steps.0"),
    ],
)
def test_bad_record_is_refused_with_a_reason(record: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordError, match=re.escape(says)):
        load_trajectory(record)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1e999", b"\xff", '{"format": 1}', "[" * 100_000])
def test_what_is_no_record_is_refused(text: str | bytes) -> None:
    with pytest.raises(RecordError):
        load_trajectory(text)


def test_number_too_large_to_be_finite_is_refused() -> None:
    text = dump_trajectory(two_steps()).replace('"latency_s": 1.5', '"latency_s": 1e999', 1)
    with pytest.raises(RecordError, match="1e999 is not a number"):
        load_trajectory(text)


def test_ranking_with_its_ballot_tells_query_and_trajectories(abc: Ballot, b_then_a_and_c: Ranking) -> None:
    record = ranking_json(b_then_a_and_c, abc)
    assert record["ballot"] == abc.id
    assert record["groups"] == [["B"], ["A", "C"]]
    assert (record["unranked"], record["acceptable"], record["reason"]) == ([], 1, "B is right")
    assert record["query"] == abc.query
    assert record["trajectories"] == {a.label: a.trajectory for a in abc.alternatives}
    assert datetime.fromisoformat(record["made_at"]) == b_then_a_and_c.made_at


def test_preference_is_read_and_refused_in_words() -> None:
    assert load_preference('{"cost": 1, "tools": {"search-1": 0.5}}') == PreferenceVector(
        cost=1, tools={"search-1": 0.5}
    )
    with pytest.raises(RecordError, match="the weight of cost must be from 0 to 1, not 2"):
        load_preference('{"cost": 2}')


def test_example_of_the_format_page_is_a_record() -> None:
    page = (Path(__file__).parents[2] / "docs" / "trajectory-format.md").read_text()
    example = page.split("```json\n")[1].split("```")[0]
    whole = load_trajectory(example)
    assert trajectory_json(whole) == json.loads(example)
    assert len(whole.steps) == 2
