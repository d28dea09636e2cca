"""From a model's message to a decision. Pure: whatever a model writes becomes a valid call or a problem in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from orchestrator.policy import Decision
from orchestrator.pool import TOOL_OF, TOOLS
from orchestrator.trajectory import ToolCall

_OPEN: Final = "<tool_call>"
_CLOSE: Final = "</tool_call>"
_ENCODED: Final = 2
"""How often arguments may be encoded: some models write their JSON as a JSON string."""
_QUOTED: Final = 60
"""Characters of a faulty reply that a problem quotes."""


def text_and_thinking(message: Mapping[str, Any]) -> tuple[str, str]:
    """What a message says and what it thought: `reasoning`, `reasoning_content` or `<think>` inside the content."""
    text = written_text(message.get("content"))
    thoughts = [said for key in ("reasoning", "reasoning_content") if isinstance(said := message.get(key), str)]
    begun, ended = text.find("<think>"), text.find("</think>")
    if ended >= 0:
        thoughts.append(text[begun + len("<think>") if 0 <= begun < ended else 0 : ended])
        text = text[: begun if 0 <= begun < ended else 0] + text[ended + len("</think>") :]
    elif begun >= 0:
        thoughts.append(text[begun + len("<think>") :])
        text = text[:begun]
    thoughts = [storable(thought).strip() for thought in thoughts]
    return storable(text).strip(), "\n".join(dict.fromkeys(thought for thought in thoughts if thought))


def storable(text: str) -> str:
    """The same text with what no database takes, half surrogate pairs and NUL, replaced by question marks.

    Halves that stand side by side, as where a stream was cut between them, become their character.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        text = paired.encode("utf-8", "replace").decode()
    return text.replace("\0", "?")


def written_text(content: object) -> str:
    """The text of a message's content, which is a text or a list of parts of which some are texts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def decide(message: Mapping[str, Any], offered: Sequence[str]) -> Decision:
    """The first valid call among those offered: `tool_calls` first, then `<tool_call>` text. Never raises."""
    text, thinking = text_and_thinking(message)
    thought = thinking or text.partition(_OPEN)[0].strip()
    problems: list[str] = []
    for written in (*_from_list(message.get("tool_calls")), *_from_text(text)):
        call = _valid(written, offered)
        if isinstance(call, ToolCall):
            return Decision(thought, call)
        problems.append(call)
    return Decision(thought, None, problems[0] if problems else _nothing(text, thinking))


def _nothing(text: str, thinking: str) -> str:
    if text:
        return f"the reply holds no tool call: {_short(text)}"
    return "the reply holds thinking but no tool call" if thinking else "the reply is empty"


class _Problem(str):
    """What is wrong with a block that could not be read; any other text is what a model wrote."""

    __slots__ = ()


def _from_list(calls: object) -> Iterator[object]:
    """What each structured call says, as name and arguments."""
    for call in calls if isinstance(calls, list) else []:
        yield call.get("function", call) if isinstance(call, Mapping) else call


def _from_text(text: str) -> Iterator[object]:
    """What each `<tool_call>` block says. A reply that is nothing but one JSON object counts as such a block."""
    if _OPEN not in text:
        if text.startswith("{") and isinstance(bare := _parsed(text), Mapping) and "name" in bare:
            yield bare
        return
    for piece in text.split(_OPEN)[1:]:
        block, closed, _ = piece.partition(_CLOSE)
        parsed = _parsed(block)
        if parsed is None:
            yield _Problem(f"the call is {'not JSON' if closed else 'cut off'}: {_short(block)}")
        else:
            yield parsed


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _valid(written: object, offered: Sequence[str]) -> ToolCall | str:
    """The call, or what is wrong with it."""
    if isinstance(written, _Problem):
        return written
    if not isinstance(written, Mapping):
        return f"the call is {_shown(written)}, not an object with name and arguments"
    tool, arguments = written.get("name"), written.get("arguments")
    if not isinstance(tool, str) or tool not in TOOLS:
        return f"there is no tool {_shown(tool)}; the tools are {', '.join(TOOLS)}"
    for _ in range(_ENCODED):
        if isinstance(arguments, str):
            parsed = _parsed(arguments)
            if parsed is None:
                return f"the arguments of {tool} are not JSON: {_short(arguments)}"
            arguments = parsed
    alias = arguments.get("model") if isinstance(arguments, Mapping) else None
    return _routed(tool, alias, offered)


def _routed(tool: str, alias: object, offered: Sequence[str]) -> ToolCall | str:
    if not isinstance(alias, str):
        return f"the call of {tool} does not say which model"
    if alias not in TOOL_OF:
        return f"there is no alias {_short(alias)!r}; {tool} has {', '.join(TOOLS[tool])}"
    if TOOL_OF[alias] != tool:
        return f"{alias} serves {TOOL_OF[alias]}, not {tool}"
    if alias not in offered:
        return f"{alias} is not on offer now; on offer are {', '.join(offered)}"
    return ToolCall(tool, alias)


def _shown(value: object) -> str:
    """A value that a model wrote, as far as a problem quotes it."""
    if isinstance(value, str):
        return repr(_short(value))
    try:
        return _short(repr(value))
    except RecursionError:
        return "something nested too deeply"


def _short(text: str) -> str:
    line = " ".join(storable(text).split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…"
