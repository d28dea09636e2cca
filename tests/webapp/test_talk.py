"""Talks as data: tiles, lanes, what always taking the strongest costs, and recordings that nobody imports."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model_call import FREE, CallRole, Charge, ChargeStatus, ModelCall, Usage, unpriced
from orchestrator.pool import TOOL_OF
from orchestrator.preference import PreferenceVector
from orchestrator.prices import PriceBook
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.trajectory import Outcome, Step, StopReason, ToolCall, Trajectory, Verdict
from storage.trajectories import State
from tests.webapp.canned import QUESTION, made_step, shapes
from webapp.baseline import Baseline, Kind, estimated, recorded, spent
from webapp.talks import Strongest
from webapp.views.lanes import MOST_LANES, lanes
from webapp.views.talk import Shown, Subject, baseline_view, percent_words, talk_view

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STRONGEST = Strongest(rehearsal_pool(), PriceBook.read())


def trajectory_of(steps: Sequence[Step], **changes: Any) -> Trajectory:
    """One that answered."""
    values: dict[str, Any] = {"stop_reason": StopReason.ANSWERED, "answer": "14.28", **changes}
    return Trajectory("t1", QUESTION, PreferenceVector(), "embedded", "rehearsal", 0, NOW, tuple(steps), **values)


TOKENS = Usage(1_000, 1_000)


def called(alias: str, usd: str | None, usage: Usage | None = TOKENS, index: int = 0) -> Step:
    charge = unpriced("nobody knows") if usd is None else Charge(Decimal(usd), ChargeStatus.PRICED, "test")
    router = ModelCall(CallRole.ORCHESTRATOR, None, "small", Usage(60, 14), FREE, NOW, 0.1)
    expert = ModelCall(CallRole.EXPERT, alias, "a/model", usage, charge, NOW, 1.0, simulated=True)
    return Step(index, "why", ToolCall(TOOL_OF[alias], alias), None, (router, expert))


def view(*trajectories: Trajectory, state: State = State.FINISHED) -> dict[str, Any]:
    some = [replace(one, id=f"t{number}") for number, one in enumerate(trajectories)]
    shown = [Shown(one, "ABCDEFGHIJKL"[n], state, Baseline(Kind.UNKNOWN)) for n, one in enumerate(some)]
    return talk_view(Subject(QUESTION, NOW, "Policy: random.", run="r"), shown, rehearsal_pool(), 0)


# Always the strongest


def test_the_estimate_takes_the_same_tokens_at_the_strongest_aliass_price() -> None:
    price = STRONGEST.entries["answer"].price
    assert price is not None
    assert price.input_usd_per_mtok is not None
    assert price.output_usd_per_mtok is not None
    found = estimated(trajectory_of([called("answer-4", "0.0001")]), STRONGEST.entries, NOW)
    assert found.kind is Kind.ESTIMATE
    assert found.usd == (price.input_usd_per_mtok + price.output_usd_per_mtok) / 1000
    assert found.latency_s is None, "nobody knows how long it would have taken"
    said = baseline_view(found, Decimal("0.0001"))
    assert said["percent"].startswith("−")
    assert said["why"] == "estimate: same tokens at answer-1's price"


@pytest.mark.parametrize(
    ("trajectory", "why"),
    [
        (trajectory_of([called("answer-4", None)]), "no known price"),
        (
            trajectory_of([called("answer-4", "0.1")], stop_reason=StopReason.BUDGET, answer=None),
            "did not come to an answer",
        ),
        (trajectory_of([called("answer-4", "0.1", Usage(1_000, None))]), "not known"),
    ],
)
def test_where_something_is_unknown_there_is_a_dash_with_its_reason(trajectory: Trajectory, why: str) -> None:
    found = estimated(trajectory, STRONGEST.entries, NOW)
    said = baseline_view(found, spent(trajectory))
    assert found.kind is Kind.UNKNOWN
    assert said["percent"] is None
    assert said["words"].startswith("–")
    assert why in said["why"]


def test_a_pool_that_is_not_here_has_no_prices_to_borrow() -> None:
    found = estimated(replace(trajectory_of([called("answer-4", "0.1")]), pool="elsewhere"), None, NOW)
    assert found.kind is Kind.UNKNOWN
    assert "elsewhere" in found.why


def test_the_strongest_route_is_not_compared_with_itself() -> None:
    found = estimated(trajectory_of([called("answer-1", "0.03")]), STRONGEST.entries, NOW)
    assert found.kind is Kind.ITSELF
    assert baseline_view(found, Decimal("0.03"))["percent"] is None


def test_a_recorded_run_brings_its_own_dollars_seconds_and_verdict() -> None:
    run = trajectory_of([called("answer-1", "0.04")], outcome=Outcome(Verdict.UNSOLVED, "reference"))
    said = baseline_view(recorded(run), Decimal("0.01"))
    assert said["percent"] == "−75 %"
    assert said["why"] == "recorded: $0.0400, 1.1 s, not solved"


@given(st.decimals("0.000001", "10", places=6), st.decimals("0.000001", "10", places=6))
def test_the_percentage_says_truly_whether_it_was_dearer(route: Decimal, strongest: Decimal) -> None:
    share = Baseline(Kind.RECORDED, strongest).saved(route)
    assert share is not None
    words = percent_words(share)
    assert words != "−100 %", "something was paid"
    if words[0] == "−":
        assert route < strongest
    if words[0] == "+":
        assert route > strongest


# In a sentence


@pytest.mark.parametrize(
    ("state", "said"), [(State.RUNNING, "running"), (State.INTERRUPTED, "interrupted after 1 step; it can be resumed")]
)
def test_the_overview_of_a_single_run_says_how_it_stands(state: State, said: str) -> None:
    begun = trajectory_of([called("answer-4", "0.1")], stop_reason=None, answer=None)
    told = view(begun, state=state)
    assert said in told["overview"]
    assert told["alternatives"][0]["state_words"] == said


# Lanes and totals


@given(st.lists(st.sampled_from([*TOOL_OF, ""]), max_size=30))
def test_every_step_has_a_lane_and_there_are_never_more_than_seven(route: list[str]) -> None:
    steps = [
        replace(called(alias or "answer-1", "0.01", index=n), call=ToolCall(TOOL_OF[alias], alias) if alias else None)
        for n, alias in enumerate(route)
    ]
    told = view(trajectory_of(steps))
    assert len(told["lanes"]) <= MOST_LANES
    for step, alias in zip(told["alternatives"][0]["steps"], route, strict=True):
        assert alias in told["lanes"][step["lane"]]["aliases"]


def test_the_lanes_are_the_same_in_every_alternative() -> None:
    one, other = trajectory_of([called("search-2", "0.1")]), trajectory_of([called("answer-4", "0.1")])
    assert [lane["name"] for lane in lanes([one, other], rehearsal_pool())] == ["search-2", "answer-4"]


@pytest.mark.parametrize("shape", range(len(shapes())))
def test_what_was_spent_so_far_ends_at_the_total(shape: int) -> None:
    changes = shapes()[shape]
    told = view(replace(trajectory_of(()), **{"stop_reason": None, "answer": None, **changes}))  # type: ignore[arg-type]
    alternative = told["alternatives"][0]
    total, last = alternative["total"], alternative["steps"][-1]["so_far"]
    assert {key: last[key] for key in ("usd", "cost", "seconds")} == {
        key: total[key] for key in ("usd", "cost", "seconds")
    }
    assert last["models"] == alternative["models"]


def test_a_retriever_is_no_model() -> None:
    told = view(trajectory_of([made_step(0, "search-1"), made_step(1, "answer-2")]))
    assert told["alternatives"][0]["models"] == ["gpt-5", "gpt-5-mini"]
