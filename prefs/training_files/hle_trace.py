"""Traces that ToolOrchestra's evaluation on HLE writes (one JSON object for each problem), as trajectories.

Such a trace keeps no time, token or dollar. Every call is therefore unpriced, and its seconds are those that
ToolOrchestra's tools.json declares for the alias (none for the orchestrator itself); the call is marked as simulated,
so that nobody takes them for measured.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.model_call import CallRole, ModelCall, unpriced
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import (
    CodeRun,
    Document,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Trajectory,
    Verdict,
)
from prefs.training_files.reading import BadRow, field, json_object, mapping, optional, read_lines, sequence, text

POOL: Final = "toolorchestra-hle"
POLICY: Final = "imported:toolorchestra-hle"
GRADER: Final = "ToolOrchestra's evaluation"
DECLARED_S: Final[Mapping[str, float]] = {
    "search-1": 22, "search-2": 16, "search-3": 8,
    "reasoner-1": 31, "reasoner-2": 25, "reasoner-3": 9,
    "answer-1": 96, "answer-2": 27, "answer-3": 15, "answer-4": 11, "answer-math-1": 13, "answer-math-2": 9,
}  # fmt: skip
"""Average latency of each alias in ToolOrchestra's tools.json."""
MODELS: Final[Mapping[str, str]] = {
    "search-1": "gpt-5", "search-2": "gpt-5-mini", "search-3": "Qwen/Qwen3-32B",
    "reasoner-1": "gpt-5", "reasoner-2": "gpt-5-mini", "reasoner-3": "Qwen/Qwen2.5-Coder-32B-Instruct",
    "answer-1": "gpt-5", "answer-2": "gpt-5-mini", "answer-3": "meta-llama/Llama-3.3-70B-Instruct",
    "answer-4": "Qwen/Qwen3-32B", "answer-math-1": "Qwen/Qwen2.5-Math-72B-Instruct",
    "answer-math-2": "Qwen/Qwen2.5-Math-7B-Instruct",
}  # fmt: skip
"""What each alias stood for in that evaluation."""
MOST_DIGITS: Final = 4
"""Of the number of a turn."""
_TURN: Final = re.compile(r"turn_(\d+)_(?:response|message)\Z")
_ROLES: Final = {
    "search": CallRole.QUERY_WRITER,
    "enhance_reasoning": CallRole.CODE_WRITER,
    "answer": CallRole.EXPERT,
}
_THINK: Final = re.compile(r"</?think>")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a trace keeps of one turn."""

    message: Mapping[str, Any] | None
    response: Mapping[str, Any] | None


def read_traces(lines: Iterable[str], imported_at: datetime) -> Iterator[Trajectory]:
    """One trace on each line; raises BadRow with the line's number."""
    return read_lines(lines, lambda trace: _trajectory(trace, imported_at))


def read_trace(document: str, imported_at: datetime) -> Trajectory:
    """The trace of one file; raises BadRow. A trace does not say when it was made, so the trajectory starts now."""
    return _trajectory(json_object(document), imported_at)


def _trajectory(trace: Mapping[str, Any], imported_at: datetime) -> Trajectory:
    if "all_tool_responses" not in trace:
        raise BadRow("`all_tool_responses` is missing; FRAMES results keep no turns and cannot be imported")
    turns = _turns(trace)
    steps = tuple(_step(number, turns.get(number), imported_at) for number in range(max(turns, default=-1) + 1))
    ended = bool(steps) and steps[-1].call is not None and steps[-1].call.tool == "answer"
    return Trajectory(
        id=f"hle-{_id(trace.get('id'))}",
        query=field(trace, "problem", text),
        preference=PreferenceVector(0, 0, 0),  # its prompts state none
        policy=POLICY,
        pool=POOL,
        seed=0,
        started_at=imported_at,
        steps=steps,
        stop_reason=StopReason.ANSWERED if ended else StopReason.TURNS,
        stop_detail="imported from a trace that keeps no times, tokens or prices",
        answer=_answer(turns) if ended else None,
        outcome=_outcome(trace.get("correct")),
        reference=None if trace.get("answer") is None else str(trace["answer"]),
    )


def _turns(trace: Mapping[str, Any]) -> dict[int, _Turn]:
    said = trace.get("all_message_responses") or trace.get("all_message_response") or {}
    messages = {_number(name): one for name, one in _table("all_message_responses", said).items()}
    answered = {_number(name): one for name, one in field(trace, "all_tool_responses", mapping).items()}
    turns = {}
    for number in sorted({*messages, *answered}):
        try:
            responses = [mapping(one) for one in sequence(answered.get(number, ())) if one]
            message = mapping(messages[number]) if number in messages else None
        except TypeError as error:
            raise BadRow(f"turn {number} cannot be read: {error}") from error
        turns[number] = _Turn(message, responses[0] if responses else None)
    return turns


def _step(number: int, turn: _Turn | None, moment: datetime) -> Step:
    """A turn that the trace left out held no valid call: only then does it keep nothing."""
    thought = _thought(turn)
    if turn is None or turn.response is None:
        problem = "the reply held no valid call; the trace keeps no more of it"
        return Step(number, thought, None, None, (_call(CallRole.ORCHESTRATOR, None, moment),), problem)
    response = turn.response
    tool = field(response, "tool", text)
    if tool not in TOOLS:
        raise BadRow(f"turn {number}: there is no tool {tool!r}; the tools are {', '.join(TOOLS)}")
    alias = _alias(number, tool, turn)
    calls = (_call(CallRole.ORCHESTRATOR, None, moment), _call(_ROLES[tool], alias, moment))
    return Step(number, thought, ToolCall(tool, alias), _observation(tool, response), calls)


def _alias(number: int, tool: str, turn: _Turn) -> str:
    """What the message called; else what the response names, which is an alias or, in the original, a model."""
    named = [
        arguments.get("model")
        for call in optional(turn.message or {}, "tool_calls", sequence) or ()
        if isinstance(call, Mapping) and call.get("tool_name") == tool
        if isinstance(arguments := call.get("tool_arguments"), Mapping)
    ]
    model = (turn.response or {}).get("model")
    of_model = [alias for alias in TOOLS[tool] if MODELS[alias] == model]
    for alias in (*named, model, *of_model):
        if isinstance(alias, str) and TOOL_OF.get(alias) == tool:
            return alias
    raise BadRow(f"turn {number}: no alias of {tool} is named; it has {', '.join(TOOLS[tool])}")


def _call(role: CallRole, alias: str | None, moment: datetime) -> ModelCall:
    return ModelCall(
        role,
        alias,
        None if alias is None else MODELS[alias],
        None,
        unpriced("the trace keeps no tokens"),
        moment,
        0.0 if alias is None else DECLARED_S[alias],
        simulated=True,
    )


def _observation(tool: str, response: Mapping[str, Any]) -> Observation | None:
    if tool == "search":
        query = optional(response, "query", text)
        found = optional(response, "search_results_data", _texts) or ()
        documents = tuple(
            Document(f"hle/{place}", "", told, "ToolOrchestra's index") for place, told in enumerate(found)
        )
        origin = Origin.RETRIEVED if documents else Origin.NONE
        return Observation(f"{len(documents)} documents", origin, documents, query)
    if tool == "enhance_reasoning":
        code = optional(response, "generated_code", text)
        if not code:
            return Observation("No code was written.", Origin.NONE)
        printed = optional(response, "exec_result", text) or ""
        return Observation(printed or "(no output)", Origin.EXECUTED, code_run=CodeRun(code, printed))
    said = optional(response, "pred", text) or optional(response, "response", text)
    return None if not said else Observation(said, Origin.MODEL)


def _texts(value: Any) -> list[str]:
    return [text(one) for one in sequence(value)]


def _answer(turns: Mapping[int, _Turn]) -> str | None:
    last = turns[max(turns)].response
    return None if last is None else optional(last, "pred", text) or optional(last, "response", text)


def _thought(turn: _Turn | None) -> str:
    said = (turn.message or {}).get("content") if turn is not None else None
    return _THINK.sub("", said).strip() if isinstance(said, str) else ""


def _outcome(correct: Any) -> Outcome:
    if not isinstance(correct, bool):
        return Outcome()
    return Outcome(Verdict.SOLVED if correct else Verdict.UNSOLVED, GRADER)


def _number(name: str) -> int:
    match = _TURN.match(name)
    if match is None:
        raise BadRow(f"{name!r} is no turn; turns are named turn_N_response and turn_N_message")
    if len(match.group(1)) > MOST_DIGITS:
        raise BadRow(f"{name[:40]!r} is no turn of any run: a run has some dozens of them")
    return int(match.group(1))


def _table(name: str, value: Any) -> Mapping[str, Any]:
    return field({name: value}, name, mapping)


def _id(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        raise BadRow(f"`id` must be a text or a number, not {value!r}")
    return str(value)
