"""Secrets and addresses struck out of what leaves the house: shared files, leave-behinds, what is shown on a stage."""

import json
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar

from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Fork, ToolCall, Trajectory
from webapp.unescaped import Unescaped

T = TypeVar("T")

REDACTED: Final = "[redacted]"
_NAMES: Final = (
    r"(?:(?:api|access|secret|private|auth|client|signing)[_-]?key|token|secret|passw(?:or)?d|passphrase|credentials?)"
)
_BUILT_IN: Final = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"(?<![A-Za-z])(?:sk|pk|rk)-[A-Za-z0-9_/+=-]{8,}",
    r"\bhf_[A-Za-z0-9]{8,}",
    r"\b(?:gh[pousr]_|github_pat_|glpat-)[A-Za-z0-9_-]{8,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}",
    r"\b(?:tvly|nvapi|gsk|xai|pplx|r8|dop_v1)[-_][A-Za-z0-9_-]{12,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}",
    r"\bAIza[A-Za-z0-9_-]{30,}",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    r"(?i)\b(?:bearer|basic)\s+(?=[A-Za-z0-9._~+/=-]*[\d=])[A-Za-z0-9._~+/=-]{8,}",
    r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)",
    # The local part is bounded, so that a long word without an @ is read once and not once for each of its letters.
    r"(?<![\w.+%-])[\w.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+",
)
_MOST_BYTES: Final = 1 << 20
_MOST_CHARACTERS: Final = 10_000
"""Of a file of patterns, and of one of them: compiling takes hundreds of times its length in memory."""
_MOST_LOOKS: Final = 8
"""Escapes within escapes are read as often as this, and so is what a secret stood beside."""
_SECRET_NAME: Final = re.compile(rf"(?i)\b(?:\w+[_-])?{_NAMES}\Z")
_SECRET_VALUE: Final = re.compile(r"(?=\S*\d)\S{6,}")
_NAMED: Final = (
    rf"(?i)(\b(?:\w+[_-])?{_NAMES}[\"']?\s*=\s*[\"']?)(?!\[redacted\])[^\s\"'&,;<>{{}}]{{3,}}",
    rf"(?i)(\b(?:\w+[_-])?{_NAMES}[\"']?\s*:\s*[\"']?)(?=[^\s\"',;]*\d)[^\s\"'&,;<>{{}}]{{6,}}",
)
"""`key=value`: the name stays, so that a reader sees what was there. After a colon, which prose has too, the value
must have a digit."""

IDENTIFIERS: Final = frozenset(
    {
        (Trajectory, "id"),
        (Trajectory, "run"),
        (Fork, "trajectory"),
        (ToolCall, "tool"),
        (ToolCall, "model"),
        (ModelCall, "alias"),
    }
)
"""Texts that things are looked up by. They say nothing of a person, and without them nothing would be found."""


class RedactionError(ValueError):
    """A file of patterns cannot be used; the message names the line and says what to do."""


@dataclass(frozen=True, slots=True)
class Redacted(Generic[T]):
    """What is left, and in how many places something was struck out."""

    value: T
    places: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """Patterns of what is struck out: API keys and tokens, `key=value` secrets, e-mail addresses, and one's own."""

    own: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """With the regular expressions of a file, one on each line; blank lines and lines with `#` say nothing.

        `None` is the built-in patterns alone. Raises RedactionError.
        """
        if path is None:
            return cls()
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise RedactionError(f"PODIUM_REDACT: {path} has more than {_MOST_BYTES:,} bytes; shorten it")
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RedactionError(f"PODIUM_REDACT: the patterns in {path} cannot be read ({error})") from error
        said = ((number, line.strip()) for number, line in enumerate(lines, 1))
        return cls(tuple(_compiled(path, number, line) for number, line in said if line and not line.startswith("#")))

    def text(self, text: str) -> Redacted[str]:
        """The text with `[redacted]` in place of each secret, and of what is bare once another is struck out."""
        text, places = self._once(text)
        for _ in range(_MOST_LOOKS):
            looked = [self._again(part, plain=places > 0) for part in text.split(REDACTED)]
            found = sum(one.places for one in looked)
            text, places = REDACTED.join(one.value for one in looked), places + found
            if not found:
                break
        return Redacted(text, places)

    def _again(self, part: str, *, plain: bool) -> Redacted[str]:
        """A piece between places that are struck out already: nobody's pattern may strike these out again."""
        text, found = self._below_escapes(part)
        if plain and not found:
            text, found = self._once(part)
        return Redacted(text, found)

    def _once(self, text: str) -> tuple[str, int]:
        places = 0
        for pattern in (*_PATTERNS, *self.own):
            text, found = pattern.subn(REDACTED, text)
            places += found
        for pattern in _NAMED_PATTERNS:
            text, found = pattern.subn(_after_name, text)
            places += found
        return text, places

    def _below_escapes(self, text: str) -> tuple[str, int]:
        """The same for what is a secret only once escapes are read, such as `ada\\u0040example.org`."""
        view = Unescaped.of(text)
        if view is None:
            return text, 0
        spans = [found.span() for pattern in (*_PATTERNS, *self.own) for found in pattern.finditer(view.text)]
        spans += [(found.end(1), found.end()) for pattern in _NAMED_PATTERNS for found in pattern.finditer(view.text)]
        places = 0
        last = len(text)
        for begin, end in sorted((view.place(*span) for span in spans if span[0] < span[1]), reverse=True):
            if end <= last:
                text, last, places = text[:begin] + REDACTED + text[end:], begin, places + 1
        return text, places

    def json(self, value: Any, name: str = "") -> Redacted[Any]:
        """A JSON value with every text, number and name of a field redacted; `name` is that of its own field."""
        if isinstance(value, list):
            items = [self.json(item, name) for item in value]
            return Redacted([item.value for item in items], sum(item.places for item in items))
        if isinstance(value, dict):
            names = {key: self.text(key) for key in value}
            parts = {key: self.json(part, key) for key, part in value.items()}
            places = sum(part.places for part in (*names.values(), *parts.values()))
            return Redacted({names[key].value: part.value for key, part in parts.items()}, places)
        if value is None or isinstance(value, bool):
            return Redacted(value, 0)
        written = value if isinstance(value, str) else json.dumps(value)
        if _SECRET_NAME.search(name) and _SECRET_VALUE.fullmatch(written) and written != REDACTED:
            return Redacted(REDACTED, 1)
        found = self.text(written)
        return found if isinstance(value, str) else Redacted(REDACTED if found.places else value, found.places)

    def written(self, text: str) -> Redacted[str]:
        """A text that is perhaps JSON, and stays JSON then, unless a pattern runs across its parts.

        Of a name that an object has twice, the last value alone is left.
        """
        value, twice = _read(text)
        if value is None:
            return self.text(text)
        found = self.json(value)
        dumped, across = self._across(json.dumps(found.value))
        changed = found.places or across or twice or self.text(text).places
        return Redacted(dumped if changed else text, found.places + across)

    def _across(self, dumped: str) -> tuple[str, int]:
        """JSON without what one's own patterns find across its parts."""
        places = 0
        for pattern in self.own:
            struck = [pattern.subn(REDACTED, part) for part in dumped.split(REDACTED)]
            dumped, places = REDACTED.join(part for part, _ in struck), places + sum(found for _, found in struck)
        return dumped, places

    def trajectory(self, trajectory: Trajectory) -> Redacted[Trajectory]:
        """The trajectory without prompts and raw replies, its other texts redacted.

        Done before anything is shortened for a screen: half a key is no longer known as one.
        """
        return self._part(without_texts(trajectory))

    def _part(self, value: Any) -> Redacted[Any]:
        """The same value with every text in it redacted but `IDENTIFIERS`, so that no field can be forgotten."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        if isinstance(value, tuple):
            items = [self._part(item) for item in value]
            return Redacted(tuple(item.value for item in items), sum(item.places for item in items))
        if not is_dataclass(value):
            return Redacted(value, 0)
        names = (field.name for field in fields(value) if (type(value), field.name) not in IDENTIFIERS)
        parts = {name: self._part(getattr(value, name)) for name in names}
        whole = replace(value, **{name: part.value for name, part in parts.items()})  # type: ignore[type-var]
        return Redacted(whole, sum(part.places for part in parts.values()))


def _read(text: str) -> tuple[Any, bool]:
    """A JSON object or list, and whether a name in it comes twice; `None` for any other text."""
    twice = False

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        found = dict(pairs)
        twice = twice or len(found) < len(pairs)
        return found

    try:
        return json.loads(text, object_pairs_hook=made) if text.lstrip()[:1] in ("{", "[") else None, twice
    except (ValueError, RecursionError):
        return None, False


def without_texts(trajectory: Trajectory) -> Trajectory:
    """The trajectory without what was sent to models and what they sent back."""
    steps = (replace(step, calls=tuple(map(_bare, step.calls))) for step in trajectory.steps)
    outcome = trajectory.outcome
    judged = outcome if outcome.call is None else replace(outcome, call=_bare(outcome.call))
    return replace(trajectory, steps=tuple(steps), outcome=judged)


def _bare(call: ModelCall) -> ModelCall:
    return replace(call, prompt=None, reply=None)


def _compiled(path: Path, number: int, line: str) -> re.Pattern[str]:
    where = f"{path}, line {number}"
    try:
        if len(line) > _MOST_CHARACTERS:
            raise RedactionError(f"{where}: more than {_MOST_CHARACTERS:,} characters; make several lines of it")
        pattern = re.compile(line)
    except (re.error, OverflowError) as error:
        raise RedactionError(f"{where}: {line!r} is no regular expression ({error}); correct the line") from error
    except RecursionError as error:
        raise RedactionError(f"{where}: groups within groups are too deep; correct the line") from error
    if pattern.search(""):
        raise RedactionError(f"{where}: {line!r} matches nothing at all everywhere; ask for at least one character")
    return pattern


def _after_name(found: re.Match[str]) -> str:
    return f"{found[1]}{REDACTED}"


_PATTERNS: Final = tuple(re.compile(pattern, re.DOTALL) for pattern in _BUILT_IN)
_NAMED_PATTERNS: Final = tuple(re.compile(pattern) for pattern in _NAMED)
