"""What an expert's reply holds: a search query, code, or an answer in the form that its pool entry names. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from orchestrator.model_call import CallRole
from orchestrator.pool import Reading

LONGEST_SEARCH_QUERY: Final = 390
"""Characters; what retrievers are known to take."""

_PYTHON: Final = ("", "python", "python3", "py")
_FENCE: Final = "```"
_OPENED: Final = re.compile(r"```[ \t]*([\w+#.-]*)[ \t]*\Z")
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
    blocks = [block for language, block in _blocks(text) if language in _PYTHON]
    return blocks[-1].strip() if blocks else ""


def answer(text: str, reading: Reading = Reading.AUTO) -> str:
    """The answer in the form that was asked for; empty where the reply does not have that form."""
    match reading:
        case Reading.ANSWER:
            return _last_tagged(text, "answer") or ""
        case Reading.BOXED:
            return _last_boxed(text) or ""
        case Reading.FENCED:
            blocks = [block for _, block in _blocks(text)]
            return blocks[-1].strip() if blocks else ""
        case Reading.WHOLE:
            return text.strip()
    tagged = _last_tagged(text, "answer")
    return tagged if tagged is not None else (_last_boxed(text) or text.strip())


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The language and the text of each fenced block; a last one that is not closed counts, too."""
    language: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        fenced, opened = line.strip().startswith(_FENCE), _OPENED.search(line)
        if language is not None and (fenced or opened):
            lines += [] if fenced else [line[: line.rindex(_FENCE)]]
            yield language, "\n".join(lines)
            # A fence that names a language does not close a block but begins another.
            language = opened[1].lower() if fenced and opened and opened[1] else None
            lines = []
        elif language is None and opened:
            language, lines = opened[1].lower(), []
        elif language is not None:
            lines.append(line)
    if language is not None:
        yield language, "\n".join(lines)


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
