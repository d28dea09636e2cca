"""A trajectory as a conversation: one rendering for every format and for the neural reward model.

A system's message, then the user's: the query and, below it, the preference instruction. For each step an assistant's
message with the thought and the tool call, and a tool's message with what came back (a user's where the reply held no
valid call). At last an assistant's message with the answer, or with the reason why there is none. Cost and latency
stand in the tool messages, where they are shown: those of the step and the totals so far.
"""

from collections.abc import Sequence
from typing import Any, Final

from orchestrator.preference import instruction
from orchestrator.profile import profile
from orchestrator.trajectory import Document, Step, StopReason, Trajectory

Message = dict[str, Any]
"""`role` and `content`; `tool_calls` in an assistant's message that routes a call, `name` in a tool's."""

SYSTEM: Final = "You are good at using tools."
LONGEST_PASSAGE: Final = 300
"""Characters that are told of each document; a reward model reads a context window, not a library."""
MOST_PASSAGES: Final = 3
BELOW: Final = "The answer stands below."
"""Told of a step that brought the very answer, so that no long answer is read twice."""
_UNANSWERED: Final = {
    StopReason.TURNS: "the turns were used up",
    StopReason.BUDGET: "the budget was spent",
    StopReason.DEADLINE: "the time was over",
    StopReason.CANCELLED: "it was cancelled",
    StopReason.FAILED: "it failed",
}


def conversation(
    trajectory: Trajectory, *, cost_shown: bool, latency_shown: bool, instruction_shown: bool = True
) -> list[Message]:
    """The whole trajectory: prompt, turns and answer."""
    return [
        *prompt(trajectory, instruction_shown=instruction_shown),
        *completion(trajectory, cost_shown=cost_shown, latency_shown=latency_shown),
    ]


def prompt(trajectory: Trajectory, *, instruction_shown: bool = True) -> list[Message]:
    """The system's and the user's message."""
    wish = instruction(trajectory.preference) if instruction_shown else ""
    asked = trajectory.query
    if wish:
        asked = profile().preference.format(query=trajectory.query, instruction=wish)
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked}]


def completion(trajectory: Trajectory, *, cost_shown: bool, latency_shown: bool) -> list[Message]:
    """What followed the prompt. The last message is the assistant's."""
    said: list[Message] = []
    for number, step in enumerate(trajectory.steps, 1):
        said.append(_routed(step))
        spent = _spent(trajectory.steps[:number], cost_shown=cost_shown, latency_shown=latency_shown)
        came_back = BELOW if _says(step, trajectory.answer) else _came_back(step)
        told = f"{came_back}\n{spent}" if spent else came_back
        said.append(_told(step, told))
    return [*said, {"role": "assistant", "content": _end(trajectory)}]


def text(messages: Sequence[Message]) -> str:
    """The conversation as plain text, for models without a chat template and for people."""
    return "\n\n".join(f"{message['role']}: {_with_call(message)}" for message in messages)


def _with_call(message: Message) -> str:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    routed = [f"→ {call['name']}({call['arguments']['model']})" for call in calls]
    return "\n".join(part for part in (message["content"], *routed) if part)


def _says(step: Step, answer: str | None) -> bool:
    observation = step.observation
    return observation is not None and answer is not None and step.error is None and observation.text == answer


def _routed(step: Step) -> Message:
    if step.call is None:
        return {"role": "assistant", "content": step.thought}
    function = {"name": step.call.tool, "arguments": {"model": step.call.model}}
    return {
        "role": "assistant",
        "content": step.thought,
        "tool_calls": [{"type": "function", "function": function}],
    }


def _told(step: Step, said: str) -> Message:
    """A tool's message; a user's where no tool was called, since a tool's message must answer a call."""
    if step.call is None:
        return {"role": "user", "content": said}
    return {"role": "tool", "name": step.call.tool, "content": said}


def _came_back(step: Step) -> str:
    parts = []
    observation = step.observation
    if observation is not None:
        if observation.search_query is not None:
            parts.append(f"Searched for: {observation.search_query}")
        if observation.code_run is not None:
            parts.append(f"```python\n{observation.code_run.code}\n```")
        if observation.documents:
            parts += [_passage(document) for document in observation.documents[:MOST_PASSAGES]]
            left = len(observation.documents) - MOST_PASSAGES
            parts += [f"and {left} more documents"] if left > 0 else []
        else:
            parts.append(observation.text)
    if step.error is not None:
        parts.append(f"Error: {step.error}")
    return "\n".join(parts) or "Nothing came back."


def _passage(document: Document) -> str:
    told = " ".join(document.text.split())
    cut = f"{told[:LONGEST_PASSAGE].rstrip()} …" if len(told) > LONGEST_PASSAGE else told
    return cut if told.startswith(document.title) else f"{document.title}: {cut}"


def _spent(steps: Sequence[Step], *, cost_shown: bool, latency_shown: bool) -> str:
    """The last of these steps and all of them, such as `step: $0.002, 1.3 s; so far: $0.0131 + 2 unpriced, 3.6 s`."""
    if not (cost_shown or latency_shown):
        return ""
    step, so_far = (
        ", ".join(
            [
                *([_dollars(some)] if cost_shown else []),
                *([f"{sum(one.latency_s for one in some):.1f} s"] if latency_shown else []),
            ]
        )
        for some in (steps[-1:], steps)
    )
    return f"step: {step}; so far: {so_far}"


def _dollars(steps: Sequence[Step]) -> str:
    usd = sum(step.cost_usd for step in steps)
    unpriced = sum(step.unpriced_calls for step in steps)
    known = f"${usd:.6f}"
    return f"{known} + {unpriced} unpriced" if unpriced else known


def _end(trajectory: Trajectory) -> str:
    if trajectory.answer is not None:
        return trajectory.answer
    reason = _UNANSWERED.get(trajectory.stop_reason) if trajectory.stop_reason is not None else None
    return f"(no answer: {reason or 'it was interrupted'})"
