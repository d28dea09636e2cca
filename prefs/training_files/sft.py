"""Turns to imitate, each by itself: what the orchestrator read, and what it wrote."""

import json
from collections.abc import Iterable, Iterator

from orchestrator.trajectory import Step
from prefs.judgement import Judgement
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.queries import Once
from prefs.training_files.request import BARE, request

NOT_CHOSEN = "a trajectory that people did not put first or above the line"
AGAIN = "a trajectory that has its rows already"
NO_CALL = "a turn without a valid call"


def rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`messages` (system, user, assistant), `tools` as JSON text, and ids. Each trajectory once."""
    once = Once()
    for one in judged:
        tally.rankings += 1
        places = _chosen(one.judgement, options)
        tally.skip(NOT_CHOSEN, len(one.trajectories) - len(places))
        for place in places:
            if once.first(one.trajectories[place].id):
                yield from _turns(one, place, options, tally)
            else:
                tally.skip(AGAIN)


def reply(step: Step) -> str:
    """What the orchestrator wrote, as Qwen3 writes it: a thought and a call."""
    if step.call is None:
        raise ValueError(f"step {step.index} holds no call that could be imitated")
    call = json.dumps({"name": step.call.tool, "arguments": {"model": step.call.model}}, ensure_ascii=False)
    return f"<think>\n{step.thought}\n</think>\n\n<tool_call>\n{call}\n</tool_call>"


def _turns(one: Judged, place: int, options: FileOptions, tally: Tally) -> Iterator[Row]:
    trajectory = one.trajectories[place]
    for step in trajectory.steps:
        if step.call is None:
            tally.skip(NO_CALL)
            continue
        read = request(trajectory, step.index, options)
        tally.rows += 1
        yield {
            "messages": [*read.messages, {"role": "assistant", "content": reply(step)}],
            "tools": json.dumps(read.tools or BARE, ensure_ascii=False),
            "trajectory": trajectory.id,
            "step": step.index,
            "as_sent": read.sent,
            "ranking": one.judgement.ranking,
            "policy": trajectory.policy,
        }


def _chosen(judgement: Judgement, options: FileOptions) -> tuple[int, ...]:
    groups = judgement.groups
    if options.chosen == "all":
        return tuple(place for group in groups for place in group)
    if options.chosen == "acceptable":
        return tuple(place for group in groups[: judgement.acceptable or 0] for place in group)
    return groups[0] if groups and judgement.acceptable != 0 else ()
