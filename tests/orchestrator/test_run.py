import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bill import Bill
from orchestrator.model_call import CallRole
from orchestrator.policies.scripted import ScriptedPolicy
from orchestrator.policy import Decision, Turn
from orchestrator.pool import TOOL_OF
from orchestrator.progress import Stop
from orchestrator.run import Event, Routed, events, forked
from orchestrator.tool import Tool, ToolError
from orchestrator.trajectory import Limits, Step, StopReason, ToolCall, Trajectory
from tests.examples import NOON, ToyTool, call, decide, model_call, toy_tools, trajectory


async def collect(
    start: Trajectory, decisions: Sequence[Decision | Exception], tools: Any = None, forced: ToolCall | None = None
) -> tuple[list[Step], Stop, list[Event]]:
    seen = [event async for event in events(start, ScriptedPolicy(decisions), tools or toy_tools(), forced)]
    stop = seen[-1]
    assert isinstance(stop, Stop)
    return [event for event in seen if isinstance(event, Step)], stop, seen


async def test_an_answer_ends_the_run() -> None:
    steps, stop, _ = await collect(trajectory(), decide("search-1", "answer-2", "search-1"))
    assert [step.call.model for step in steps if step.call] == ["search-1", "answer-2"]
    assert stop == Stop(StopReason.ANSWERED, None, "answer-2 says 1")


async def test_each_call_is_announced_before_it_is_made() -> None:
    _, _, seen = await collect(trajectory(), decide("search-1", "answer-2"))
    assert [type(event) for event in seen] == [Routed, Step, Routed, Step, Stop]


async def test_the_next_turn_sees_what_was_gathered() -> None:
    tools = toy_tools()
    await collect(trajectory(), decide("search-1", "search-1", "answer-1"), tools)
    assert [d.id for d in tools["answer"].requests[0].evidence.documents] == ["d1", "d2"]
    assert [request.attempt for request in tools["search"].requests] == [0, 1]


async def test_an_invalid_reply_is_a_step_and_the_run_goes_on() -> None:
    steps, stop, _ = await collect(trajectory(), [Decision("hm", None, "the reply held no call"), *decide("answer-1")])
    assert steps[0].call is None
    assert steps[0].error == "the reply held no call"
    assert stop.reason is StopReason.ANSWERED


@pytest.mark.parametrize("failure", [ToolError("the index is gone"), RuntimeError("boom"), TimeoutError("slow")])
async def test_a_failed_tool_is_a_step_with_what_it_cost(failure: Exception) -> None:
    tools: dict[str, Tool] = {**toy_tools(), "search": ToyTool("search", fails=failure)}
    steps, stop, _ = await collect(trajectory(), decide("search-1", "answer-1"), tools)
    assert str(failure) in (steps[0].error or "")
    assert steps[0].cost_usd == Decimal("0.01")
    assert stop.reason is StopReason.ANSWERED


async def test_an_answer_that_failed_does_not_end_the_run() -> None:
    tools: dict[str, Tool] = {**toy_tools(), "answer": ToyTool("answer", fails=ToolError("refused"))}
    steps, stop, _ = await collect(
        trajectory(limits=Limits(turns=2)), decide("answer-1", "answer-1", "answer-1"), tools
    )
    assert len(steps) == 2
    assert stop.reason is StopReason.TURNS


async def test_an_alias_of_another_tool_is_never_called() -> None:
    wrong = Decision("?", ToolCall("search", "answer-1"))
    steps, _, _ = await collect(trajectory(), [wrong, *decide("answer-1")])
    assert steps[0].calls == ()
    assert "no alias 'answer-1' of a tool 'search'" in (steps[0].error or "")


async def test_run_stops_when_the_turns_are_used() -> None:
    steps, stop, _ = await collect(trajectory(limits=Limits(turns=3)), decide(*["search-1"] * 9))
    assert (len(steps), stop.reason) == (3, StopReason.TURNS)


async def test_run_stops_when_budget_is_spent() -> None:
    limits = Limits(usd=Decimal("0.03"))
    steps, stop, _ = await collect(trajectory(limits=limits), decide(*["search-1"] * 9))
    assert (len(steps), stop.reason) == (3, StopReason.BUDGET)


async def test_a_call_that_the_budget_cannot_pay_is_not_made() -> None:
    limits = Limits(usd=Decimal("0.025"))
    steps, stop, _ = await collect(trajectory(limits=limits), decide(*["search-1"] * 9))
    assert sum(step.cost_usd for step in steps) == Decimal("0.02")
    assert steps[-1].calls == ()
    assert stop.reason is StopReason.BUDGET
    assert "are left" in (stop.detail or "")


async def test_run_stops_when_the_tokens_are_used() -> None:
    steps, stop, _ = await collect(trajectory(limits=Limits(tokens=200)), decide(*["search-1"] * 9))
    assert (len(steps), stop.reason) == (2, StopReason.BUDGET)


async def test_run_stops_when_the_seconds_are_over() -> None:
    steps, stop, _ = await collect(trajectory(limits=Limits(seconds=2.5)), decide(*["search-1"] * 9))
    assert (len(steps), stop.reason) == (3, StopReason.DEADLINE)


async def test_a_call_still_at_work_at_the_deadline_is_stopped_and_what_it_cost_is_kept() -> None:
    tools: dict[str, Tool] = {**toy_tools(), "search": ToyTool("search", latency_s=0.0, works_s=60)}
    steps, stop, _ = await collect(trajectory(limits=Limits(seconds=0.05)), decide("search-1"), tools)
    assert stop.reason is StopReason.DEADLINE
    assert steps[0].cost_usd == Decimal("0.01")
    assert "time limit" in (steps[0].error or "")


async def test_a_policy_that_cannot_decide_fails_the_run() -> None:
    steps, stop, _ = await collect(trajectory(), decide("search-1"))
    assert stop.reason is StopReason.FAILED
    assert len(steps) == 2
    assert steps[1].error == stop.detail


async def test_what_the_policy_itself_paid_is_part_of_the_step() -> None:
    class Paying:
        spec = "paying"

        async def decide(self, turn: Turn, bill: Bill) -> Decision:
            bill.append(model_call("0.002", role=CallRole.ORCHESTRATOR, alias=None))
            return decide("answer-1")[0]

    seen = [event async for event in events(trajectory(), Paying(), toy_tools())]
    step = next(event for event in seen if isinstance(event, Step))
    assert [paid.role for paid in step.calls] == [CallRole.ORCHESTRATOR, CallRole.EXPERT]
    assert step.cost_usd == Decimal("0.012")


async def test_cancel_is_immediate_and_keeps_what_was_paid() -> None:
    tools: dict[str, Tool] = {**toy_tools(), "search": ToyTool("search", works_s=60)}
    kept: list[Event] = []

    async def follow() -> None:
        async for event in events(trajectory(), ScriptedPolicy(decide("search-1")), tools):
            kept.append(event)  # noqa: PERF401 - the list is read after a cancellation

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.02)
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert isinstance(kept[-1], Step)
    assert (kept[-1].error, kept[-1].cost_usd) == ("cancelled", Decimal("0.01"))


async def test_a_resumed_run_goes_on_as_if_it_had_never_stopped() -> None:
    decisions = decide("search-1", "reasoner-1", "search-2", "answer-1")
    whole, stop, _ = await collect(trajectory(), decisions)
    first = replace(trajectory(), steps=tuple(whole[:2]))
    tools = toy_tools()
    tools["search"].requests.append(None)  # type: ignore[arg-type]  # numbers its documents as before the stop
    rest, stop_again, _ = await collect(first, decisions, tools)
    assert [*whole[:2], *rest] == whole
    assert stop_again == stop


async def test_a_run_that_was_killed_after_its_answer_pays_for_nothing_more() -> None:
    whole, stop, _ = await collect(trajectory(), decide("search-1", "answer-1"))
    steps, stop_again, _ = await collect(replace(trajectory(), steps=tuple(whole)), [])
    assert steps == []
    assert stop_again == stop


async def test_limits_count_what_was_spent_before_the_resume() -> None:
    whole, _, _ = await collect(trajectory(limits=Limits(turns=2)), decide("search-1", "search-1"))
    start = trajectory(steps=tuple(whole), limits=Limits(usd=Decimal("0.02")))
    steps, stop, _ = await collect(start, decide("answer-1"))
    assert (steps, stop.reason) == ([], StopReason.BUDGET)


async def test_a_fork_shares_the_steps_before_it_and_then_makes_the_other_call() -> None:
    whole, stop, _ = await collect(trajectory(), decide("search-1", "search-2", "answer-1"))
    origin = trajectory(steps=tuple(whole), stop_reason=stop.reason, answer=stop.answer)
    child = forked(origin, 1, "t2", NOON)
    steps, stop_again, _ = await collect(child, decide(*["answer-1"] * 3), forced=call("reasoner-3"))
    assert (child.fork, child.answer, child.stop_reason) == (type(child.fork)("t1", 1), None, None)  # type: ignore[misc]
    assert child.steps == origin.steps[:1]
    assert [step.call.model for step in steps if step.call] == ["reasoner-3", "answer-1"]
    assert [step.index for step in steps] == [1, 2]
    assert stop_again.reason is StopReason.ANSWERED


@pytest.mark.parametrize("step", [-1, 1, 99])
def test_a_fork_at_a_step_that_is_not_there_is_refused(step: int) -> None:
    with pytest.raises(ValueError, match="cannot be forked"):
        forked(trajectory(), step, "t2", NOON)


ROUTES = st.lists(st.sampled_from([*TOOL_OF, "nonsense"]), max_size=12)


@given(
    route=ROUTES,
    turns=st.integers(1, 8),
    usd=st.none() | st.integers(0, 9).map(lambda cents: Decimal(cents) / 100),
    prices=st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)),
)
def test_no_run_outlives_its_limits(route: list[str], turns: int, usd: Decimal | None, prices: tuple[int, ...]) -> None:
    limits = Limits(turns=turns, usd=usd)
    tools = {
        tool: ToyTool(tool, usd=f"0.0{cents}")
        for tool, cents in zip(("search", "enhance_reasoning", "answer"), prices, strict=True)
    }
    decisions = [Decision("", ToolCall(TOOL_OF.get(alias, "search"), alias)) for alias in route]
    steps, stop, seen = asyncio.run(collect(trajectory(limits=limits), decisions, tools))
    assert len(steps) <= turns
    assert usd is None or sum(step.cost_usd for step in steps) <= usd
    assert [step.index for step in steps] == list(range(len(steps)))
    assert sum(isinstance(event, Stop) for event in seen) == 1
    assert (stop.reason is StopReason.ANSWERED) == (stop.answer is not None)
