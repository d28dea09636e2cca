"""JSON lines: each line one document with `text` (or `contents`, `content`) and perhaps `title`, `id`, `source`."""

from collections.abc import Iterable, Iterator

from orchestrator.bounded_json import bounded
from orchestrator.documents.passage import packed
from orchestrator.trajectory import Document

_TEXT_KEYS = ("text", "contents", "content")


class MalformedLine(ValueError):
    """A line that is no document; the message names the file, the line and what to do."""


def read_jsonl(lines: Iterable[str], name: str) -> Iterator[Document]:
    """The passages of its documents; raises MalformedLine. Empty lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _documents(_record(line, name, number), name, number)


def _record(line: str, name: str, number: int) -> dict[str, object]:
    try:
        record = bounded(line)
    except (ValueError, RecursionError) as failure:
        raise MalformedLine(f"{name}, line {number}: not JSON ({failure}); each line must be one object") from None
    if not isinstance(record, dict):
        raise MalformedLine(f"{name}, line {number}: a {type(record).__name__} where an object is needed")
    return record


def _documents(record: dict[str, object], name: str, number: int) -> Iterator[Document]:
    key = next((key for key in _TEXT_KEYS if key in record), None)
    if key is None:
        raise MalformedLine(f'{name}, line {number}: no "text" (nor "contents" or "content") in the object')
    text = record[key]
    if not isinstance(text, str):
        raise MalformedLine(f'{name}, line {number}: "{key}" must be a text, not {type(text).__name__}')
    named = {field: record.get(field) for field in ("title", "id", "source")}
    for field, value in named.items():
        if value is not None and not isinstance(value, str | int):
            raise MalformedLine(f'{name}, line {number}: "{field}" must be a text, not {type(value).__name__}')
    identity = f"{name}:{number}" if named["id"] is None else _whole(str(named["id"]))
    title = _whole(str(named["title"] or "")) or identity
    source = _whole(str(named["source"] or "")) or f"{name}#L{number}"
    for part, piece in enumerate(packed(_whole(text).split("\n\n"))):
        yield Document(identity if part == 0 else f"{identity}:{part}", title, piece, source)


def _whole(text: str) -> str:
    """The text with question marks for halves of surrogate pairs, which no index takes."""
    return text.encode("utf-8", "replace").decode()
