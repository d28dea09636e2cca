"""What models write while they write it: heard by a live trajectory, shown in snapshots, told by the event stream."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.alternatives import Run
from orchestrator.bill import Heard
from orchestrator.model_call import CallRole
from orchestrator.run import Routed
from orchestrator.trajectory import Step
from storage.trajectories import State
from tests.examples import NOON, call, trajectory
from tests.webapp.fake_desk import fake_pool
from webapp.api.event_stream import RunStream
from webapp.live_run import LiveRun, LiveTrajectory
from webapp.ui.packing import sendable
from webapp.views.trace import run_view
from webapp.writing import MOST_HEARD, Writing

ROUTED = Routed(0, "I look it up.", call("search-1"))
STEP = Step(0, "I look it up.", call("search-1"), None, ())


def thinks(piece: str, *, fresh: bool = False) -> Heard:
    return Heard(CallRole.ORCHESTRATOR, None, piece, thinking=True, fresh=fresh)


def replies(piece: str, alias: str | None = None, *, fresh: bool = False) -> Heard:
    role = CallRole.ORCHESTRATOR if alias is None else CallRole.EXPERT
    return Heard(role, alias, piece, thinking=False, fresh=fresh)


def orchestrator(thinking: str, reply: str = "") -> Writing:
    return Writing(CallRole.ORCHESTRATOR, None, thinking, reply)


def live() -> tuple[LiveRun, LiveTrajectory]:
    """A run with one trajectory that has begun."""
    one = trajectory(run="r1")
    part = LiveTrajectory(one)
    return LiveRun(Run("r1", one.query, NOON), {one.id: part}), part


def test_thinking_and_reply_of_the_orchestrator_are_heard_apart_and_stay_until_the_step_is_kept() -> None:
    run, part = live()
    for heard in (thinks("I look "), thinks("it up."), replies("<tool_call>")):
        part.hear(heard)
    said = (orchestrator("I look it up.", "<tool_call>"),)
    assert run.snapshot.writing == {"t1": said}
    part.route(ROUTED)
    assert run.snapshot.writing == {"t1": said}
    part.hear(replies("1846", "search-1"))
    assert run.snapshot.writing == {"t1": (*said, Writing(CallRole.EXPERT, "search-1", "", "1846"))}
    part.take(STEP)
    assert run.snapshot.writing == {}


def test_of_the_experts_only_the_latest_is_heard() -> None:
    _, part = live()
    part.hear(Heard(CallRole.QUERY_WRITER, "search-1", "query", thinking=False))
    part.hear(replies("passage", "search-1"))
    assert part.writing == (Writing(CallRole.EXPERT, "search-1", "", "passage"),)


def test_a_fresh_piece_takes_back_what_the_failed_attempt_said() -> None:
    _, part = live()
    part.hear(thinks("I will "))
    part.hear(replies("half a rep"))
    part.hear(thinks("Again: ", fresh=True))
    part.hear(thinks("search."))
    assert part.writing == (orchestrator("Again: search."),)
    part.hear(replies("", fresh=True))
    assert part.writing == (orchestrator(""),)


@given(st.lists(st.text(st.characters(), max_size=MOST_HEARD), max_size=30))
def test_the_end_of_any_text_is_held_and_no_more(pieces: list[str]) -> None:
    _, part = live()
    for piece in pieces:
        part.hear(thinks(piece))
    (heard,) = part.writing or (orchestrator(""),)
    assert heard.thinking == "".join(pieces)[-MOST_HEARD:]


def test_a_million_pieces_cost_no_more_each_than_a_thousand() -> None:
    _, part = live()

    def seconds(pieces: int) -> float:
        began = time.perf_counter()
        for _ in range(pieces):
            part.hear(thinks("word "))
        return (time.perf_counter() - began) / pieces

    seconds(1000)
    early = min(seconds(1000) for _ in range(5))
    seconds(200_000)
    assert min(seconds(1000) for _ in range(5)) < 5 * early
    assert len(part._ear._orchestrator.thinking.pieces) <= 2 * MOST_HEARD  # type: ignore[union-attr]


def test_nothing_is_being_written_once_a_trajectory_has_ended() -> None:
    run, part = live()
    part.hear(thinks("Hm"))
    part.state = State.INTERRUPTED
    assert run.snapshot.writing == {}


async def test_a_resumed_trajectory_does_not_show_what_was_left_unfinished() -> None:
    _, part = live()
    part.task = asyncio.create_task(asyncio.sleep(0))
    part.hear(thinks("before the crash"))
    await part.task
    part.task = asyncio.create_task(asyncio.sleep(0))
    assert part.writing == ()
    part.hear(thinks("after"))
    assert part.writing == (orchestrator("after"),)
    await part.task


def told(stream: RunStream, run: LiveRun) -> list[tuple[str, dict[str, Any]]]:
    """Name and data of each event."""
    events = []
    for event in stream.news(run.snapshot):
        fields = dict(line.split(": ", 1) for line in event.strip().splitlines())
        assert ("id" in fields) == (fields["event"] in ("step", "stopped"))
        events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_the_stream_tells_the_growing_text_at_most_five_times_a_second() -> None:
    run, part = live()
    now = [0.0]
    stream = RunStream(clock=lambda: now[0])
    part.hear(thinks("I look"))
    (first,) = told(stream, run)
    data = {"trajectory": "t1", "step": 0, "role": "orchestrator", "alias": None, "thinking": "I look", "reply": ""}
    assert first == ("writing", data)
    part.hear(thinks(" it"))
    assert told(stream, run) == []
    now[0] = 0.21
    assert told(stream, run) == [("writing", {**data, "thinking": "I look it"})]
    now[0] = 0.5
    assert told(stream, run) == []


def test_what_was_written_is_told_in_full_before_the_call_that_it_led_to() -> None:
    run, part = live()
    stream = RunStream(clock=lambda: 0.0)
    part.hear(thinks("I look"))
    told(stream, run)
    part.hear(thinks(" it up."))
    part.route(ROUTED)
    assert [name for name, _ in told(stream, run)] == ["writing", "routed"]
    part.take(STEP)
    assert [name for name, _ in told(stream, run)] == ["step"]


def test_only_the_one_who_wrote_more_is_told_again() -> None:
    run, part = live()
    now = [0.0]
    stream = RunStream(clock=lambda: now[0])
    part.hear(thinks("I look"))
    told(stream, run)
    now[0] = 1.0
    part.hear(replies("1846", "search-1"))
    assert [data["alias"] for _, data in told(stream, run)] == ["search-1"]


def test_a_new_listener_hears_what_is_there_and_a_resumed_one_counts_only_what_is_kept() -> None:
    run, part = live()
    part.take(STEP)
    part.hear(thinks("And now"))
    assert [name for name, _ in told(RunStream(), run)] == ["step", "writing"]
    assert [name for name, _ in told(RunStream.behind("1"), run)] == ["writing"]


def test_half_a_surrogate_pair_breaks_neither_stream_nor_page() -> None:
    run, part = live()
    part.hear(thinks("\ud83d"))
    ((_, data),) = told(RunStream(), run)
    assert data["thinking"] == "\ud83d"
    view = sendable(run_view(run.snapshot, fake_pool(), NOON))
    assert json.dumps(view, ensure_ascii=False).encode()


def test_the_page_is_given_who_writes_what() -> None:
    run, part = live()
    part.hear(thinks("I look it up."))
    shown = run_view(run.snapshot, fake_pool(), NOON)["alternatives"][0]["live"]
    assert shown["thinks"] is True
    assert shown["writing"] == [{"who": "orchestrator", "thinking": "I look it up.", "reply": ""}]
    part.route(ROUTED)
    part.hear(replies("1846", "search-1"))
    shown = run_view(run.snapshot, fake_pool(), NOON)["alternatives"][0]["live"]
    assert (shown["thinks"], shown["why"]) == (False, "I look it up.")
    assert [one["who"] for one in shown["writing"]] == ["orchestrator", "search-1, expert"]


@pytest.mark.parametrize("state", [State.FINISHED, State.INTERRUPTED])
def test_a_snapshot_of_a_kept_run_has_nothing_being_written(state: State) -> None:
    run, part = live()
    part.state = state
    assert replace(run.snapshot).writing == {}
