"""The small part of YAML that a profile needs: nested keys with quoted texts and numbers. No library, no surprises.

What is written here every YAML reader reads the same way. What is read here is that, and plain words and comments as
people type them; anything more (lists, anchors, block texts) is refused with the number of the line.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

INDENT: Final = "  "
_KEY: Final = re.compile(r'^( *)("(?:[^"\\]|\\.)*"|[A-Za-z0-9_][\w.-]*):(?: +(.*))?$')
_TEXT: Final = re.compile(r'^("(?:[^"\\]|\\.)*")\s*(?:#.*)?$')
_NUMBER: Final = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_WORDS: Final = re.compile(r"^[^\W\d][^:#\[\]{}&*!|>%@`\"']*$")
_OTHER_MEANING: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


class NotPlain(ValueError):
    """The text is not in this part of YAML."""


def write_plain(values: Mapping[str, Any]) -> str:
    """Texts, numbers and nested mappings of them, one to a line."""
    return "".join(_lines(values, ""))


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        name = key if re.fullmatch(r"[a-z][a-z_]*", key) and key not in _OTHER_MEANING else _quoted(key)
        if isinstance(value, Mapping):
            yield f"{indent}{name}:{'' if value else ' {}'}\n"
            yield from _lines(value, indent + INDENT)
        else:
            yield f"{indent}{name}: {_quoted(value) if isinstance(value, str) else _number(value)}\n"


def _number(value: float) -> str:
    """With a point where it has an exponent, or YAML 1.1 would read a text."""
    written = repr(value)
    return written if "e" not in written or "." in written else written.replace("e", ".0e")


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if one.isprintable():
        return one
    return f"\\u{ord(one):04x}" if ord(one) <= 0xFFFF else f"\\U{ord(one):08x}"


def read_plain(text: str) -> dict[str, Any]:
    """The values of such a text; raises NotPlain."""
    whole: dict[str, Any] = {}
    open_at: list[tuple[int, dict[str, Any]]] = [(0, whole)]
    deeper: tuple[int, dict[str, Any]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#") or line.strip() == "---":
            continue
        found = _KEY.match(line.rstrip())
        if found is None:
            raise NotPlain(f"line {number}: expected `key: value`, not {line.strip()!r}")
        depth, key, value = len(found[1]), _scalar(found[2], number), found[3]
        if deeper is not None and depth > deeper[0]:
            open_at.append((depth, deeper[1]))
        while depth < open_at[-1][0]:
            open_at.pop()
        if depth != open_at[-1][0]:
            raise NotPlain(f"line {number}: indented differently from its neighbours")
        here = open_at[-1][1]
        if key in here:
            raise NotPlain(f"line {number}: {key!r} is given twice")
        here[key] = {} if value is None or value.startswith(("{}", "#")) else _scalar(value, number)
        deeper = (depth, here[key]) if isinstance(here[key], dict) else None
    return whole


def _scalar(written: str, line: int) -> Any:
    if quoted := _TEXT.match(written):
        return _unquoted(quoted[1], line)
    plain = re.split(r"\s+#", written, maxsplit=1)[0].strip()
    if _NUMBER.match(plain):
        return json.loads(plain)
    if _WORDS.match(plain) and plain.lower() not in _OTHER_MEANING:
        return plain
    raise NotPlain(f"line {line}: put {plain!r} into double quotes, or save the profile as JSON")


def _unquoted(written: str, line: int) -> str:
    try:
        wide = re.sub(r"(?<!\\)((?:\\\\)*)\\U([0-9a-fA-F]{8})", lambda m: m[1] + chr(int(m[2], 16)), written)
        return str(json.loads(wide, strict=False))
    except ValueError as error:
        raise NotPlain(f"line {line}: {error}") from error
