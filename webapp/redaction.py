"""Secrets and addresses struck out of what leaves the house: shared files, leave-behinds, what is shown on a stage."""

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar

from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Fork, ToolCall, Trajectory

T = TypeVar("T")

REDACTED: Final = "[redacted]"
_NAMES: Final = (
    r"(?:(?:api|access|secret|private|auth|client|signing)[_-]?key|token|secret|passw(?:or)?d|passphrase|credentials?)"
)
_BUILT_IN: Final = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_/+=-]{8,}",
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
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RedactionError(f"PODIUM_REDACT: the patterns in {path} cannot be read ({error})") from error
        said = ((number, line.strip()) for number, line in enumerate(lines, 1))
        return cls(tuple(_compiled(path, number, line) for number, line in said if line and not line.startswith("#")))

    def text(self, text: str) -> Redacted[str]:
        """The text with `[redacted]` in place of each secret."""
        places = 0
        for pattern in (*_PATTERNS, *self.own):
            text, found = pattern.subn(REDACTED, text)
            places += found
        for pattern in _NAMED_PATTERNS:
            text, found = pattern.subn(_after_name, text)
            places += found
        return Redacted(text, places)

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
        pattern = re.compile(line)
    except re.error as error:
        raise RedactionError(f"{where}: {line!r} is no regular expression ({error}); correct the line") from error
    if pattern.search(""):
        raise RedactionError(f"{where}: {line!r} matches nothing at all everywhere; ask for at least one character")
    return pattern


def _after_name(found: re.Match[str]) -> str:
    return f"{found[1]}{REDACTED}"


_PATTERNS: Final = tuple(re.compile(pattern, re.DOTALL) for pattern in _BUILT_IN)
_NAMED_PATTERNS: Final = tuple(re.compile(pattern) for pattern in _NAMED)
