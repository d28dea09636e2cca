"""What the orchestrator was sent at a turn: the very messages where the record holds them, else written anew."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.evidence import gathered
from orchestrator.kept_text import is_address
from orchestrator.model_call import CallRole
from orchestrator.policy import Turn
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.profile import DEFAULT, profiles
from orchestrator.prompt import messages as messages_of
from orchestrator.tool_text import tools as tools_of
from orchestrator.trajectory import Step, Trajectory
from prefs.training_files.options import FileOptions

Tools = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Request:
    """A turn as the orchestrator reads it."""

    messages: list[dict[str, str]]
    tools: Tools | None
    """`None` where neither the record nor a pool tells them."""
    sent: bool
    """The record holds these very messages; otherwise they were written anew from its steps."""


def request(trajectory: Trajectory, index: int, options: FileOptions) -> Request:
    """The request of the turn with that index, which may be the one behind the last step."""
    step = trajectory.steps[index] if index < len(trajectory.steps) else None
    body = None if step is None else _sent(step)
    tools = _tools(body) or offered_tools(options.pool)
    messages = _messages(body)
    if messages is not None:
        return Request(messages, tools, sent=True)
    return Request(_anew(trajectory, index, options), tools, sent=False)


def sent_tools(trajectories: Iterable[Trajectory]) -> Tools | None:
    """The tools of the first request that a record holds; `None` where none does."""
    for trajectory in trajectories:
        for step in trajectory.steps:
            tools = _tools(_sent(step))
            if tools:
                return tools
    return None


def offered_tools(pool: Pool | None) -> Tools | None:
    """Every tool of a pool with all its aliases."""
    return None if pool is None else tools_of(pool, [entry.alias for entry in pool.entries])


def tools_json(trajectories: Sequence[Trajectory], options: FileOptions) -> str:
    """Tools as JSON text, which the `datasets` library keeps as it is: those sent, the pool's, or the bare three.

    Descriptions tell prices and seconds; where either is withheld, the bare three stand there.
    """
    if not (options.cost_shown and options.latency_shown):
        return json.dumps(BARE)
    return json.dumps(sent_tools(trajectories) or offered_tools(options.pool) or BARE, ensure_ascii=False)


BARE: Final[Tools] = [
    {
        "type": "function",
        "function": {
            "name": tool,
            "parameters": {
                "type": "object",
                "properties": {"model": {"type": "string"}},
                "required": ["model"],
            },
        },
    }
    for tool in dict.fromkeys(TOOL_OF.values())
]
"""The three tools without descriptions and prices."""


def _anew(trajectory: Trajectory, index: int, options: FileOptions) -> list[dict[str, str]]:
    aliases = list(TOOL_OF) if options.pool is None else [entry.alias for entry in options.pool.entries]
    evidence = gathered(trajectory.steps[:index])
    turn = Turn(index, trajectory.query, trajectory.preference, evidence, aliases, trajectory.seed)
    return messages_of(turn, options.profile or _profile(trajectory.policy))


def _profile(spec: str) -> str:
    """The prompt profile that a policy's SPEC names, if it is bundled; else the default one."""
    _, _, named = spec.partition(";profile=")
    return named if named in profiles() else DEFAULT


def _sent(step: Step) -> Mapping[str, Any] | None:
    """The request of the call that decided, if the record holds it as a chat request."""
    own = [call.prompt for call in step.calls if call.role is CallRole.ORCHESTRATOR]
    written = own[-1] if own else None
    if written is None or is_address(written):
        return None
    try:
        body = json.loads(written)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _messages(body: Mapping[str, Any] | None) -> list[dict[str, str]] | None:
    said = None if body is None else body.get("messages")
    if not isinstance(said, list) or not said:
        return None
    read = [
        {"role": one["role"], "content": one["content"]}
        for one in said
        if isinstance(one, dict) and isinstance(one.get("role"), str) and isinstance(one.get("content"), str)
    ]
    return read if len(read) == len(said) else None


def _tools(body: Mapping[str, Any] | None) -> Tools | None:
    tools = None if body is None else body.get("tools")
    return tools if isinstance(tools, list) and tools else None


def with_tools(messages: Sequence[Mapping[str, str]], tools: Tools) -> list[dict[str, str]]:
    """The messages with the tools in the system's, word for word as Qwen3's chat template writes them there.

    For trainers that show a model no tools of their rows. The template of the model must be told of no tools then.
    """
    listed = "".join(f"\n{json.dumps(tool, ensure_ascii=False)}" for tool in tools)
    first, *others = (dict(message) for message in messages)
    return [{**first, "content": f"{first['content']}{_TOOLS[0]}{listed}{_TOOLS[1]}"}, *others]


_TOOLS: Final = (
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>",
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    '<tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n'
    "</tool_call>",
)
# Qwen3's chat template (Apache-2.0) frames a list of tools in these words; the model was trained on them.
