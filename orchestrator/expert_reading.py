"""What an expert's reply holds: a search query, code, or an answer in the form that its pool entry names. Pure."""

import re
from typing import Final

from orchestrator.model_call import CallRole
from orchestrator.pool import Reading

LONGEST_SEARCH_QUERY: Final = 390
"""Characters; what retrievers are known to take."""

_FENCE: Final = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_PYTHON: Final = re.compile(r"```[ \t]*(?:python3?|py)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
_BOXED: Final = "\\boxed{"


def read(role: CallRole, text: str, reading: Reading) -> str:
    """What was asked for in this role; empty where the reply does not hold it."""
    match role:
        case CallRole.QUERY_WRITER:
            return search_query(text)
        case CallRole.CODE_WRITER:
            return code(text)
        case _:
            return answer(text, reading)


def search_query(text: str) -> str:
    """The last `<query>`, or the last line where there is none."""
    lines = (_last_tagged(text, "query") or text).strip().splitlines()
    return lines[-1].strip()[:LONGEST_SEARCH_QUERY] if lines else ""


def code(text: str) -> str:
    """The last block of Python; empty where there is none."""
    return _last_block(text, _PYTHON)


def answer(text: str, reading: Reading = Reading.AUTO) -> str:
    """The answer in the form that was asked for; empty where the reply does not have that form."""
    match reading:
        case Reading.ANSWER:
            return _last_tagged(text, "answer") or ""
        case Reading.BOXED:
            return _last_boxed(text) or ""
        case Reading.FENCED:
            return _last_block(text, _FENCE)
        case Reading.WHOLE:
            return text.strip()
    tagged = _last_tagged(text, "answer")
    return tagged if tagged is not None else (_last_boxed(text) or text.strip())


def _last_block(text: str, fence: re.Pattern[str]) -> str:
    blocks = fence.findall(text)
    return str(blocks[-1]).strip() if blocks else ""


def _last_tagged(text: str, tag: str) -> str | None:
    start = text.rfind(f"<{tag}>")
    if start < 0:
        return None
    return text[start + len(tag) + 2 :].partition(f"</{tag}>")[0].strip()


def _last_boxed(text: str) -> str | None:
    """What stands in the last `\\boxed{…}`, braces inside it included."""
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    depth, first = 1, start + len(_BOXED)
    for position in range(first, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[first:position].strip()
    return None
