"""Prompt profiles: how a turn is put into words, as data.

`profiles.toml` holds the bundled ones; `docs/prompt-profiles.md` explains the keys.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

from orchestrator.pool import Sampling

BUNDLED: Final = Path(__file__).with_name("profiles.toml")
"""The profiles that come with Podium."""
DEFAULT: Final = "eval-frames"
"""The profile of an orchestrator that names none."""

Table = Mapping[str, Any]


class BadProfile(ValueError):
    """A profile cannot be used or does not exist; the message names it and says what is allowed."""


class Order(StrEnum):
    """Where the documents of a search go. Within a search the best stands last."""

    APPEND = "append"
    """Behind those of earlier searches, which stay where they are."""
    INTERLEAVE = "interleave"
    """Among those of earlier searches, as in training: every document gets another place and number."""


class Heading(StrEnum):
    """When the heading of code outputs appears."""

    ALWAYS = "always"
    WITH_CODE = "with code"
    NEVER = "never"


class Outputs(StrEnum):
    """What of a code run is told."""

    PRINTED = "printed"
    """What it printed, as released: a run that printed nothing is left out."""
    ALL = "all"
    """What it printed, its last value and its error; that there was nothing, too."""
    TRIMMED = "trimmed"
    """All, without blank lines at its end."""


class Cut(StrEnum):
    """What is left out from the front where not all fits."""

    TOKENS = "tokens"
    """All but the last tokens, wherever that cuts."""
    BLOCKS = "blocks"
    """Whole documents and whole code runs."""


class Characters(StrEnum):
    """What the tokenizer leaves of a character of several tokens, such as most of Chinese and every emoji."""

    WHOLE = "whole"
    PIECES = "pieces"
    """As released, which decodes token by token: several U+FFFD."""


@dataclass(frozen=True, slots=True)
class PromptProfile:
    """How a turn is put into words. Templates are Python format strings; caps are in tokens of the model."""

    name: str
    summary: str
    """A sentence for people who choose."""
    system: str
    user: str
    """Of {problem} and {context}."""
    preference: str
    """The problem, of {query} and {instruction}, where there is a preference instruction."""
    documents_heading: str
    document: str
    """Of {number}, from 1, and {text}."""
    document_characters: int
    titles: bool
    """A passage that does not begin with its document's title gets it as its first line."""
    order: Order
    code_heading: str
    code_heading_when: Heading
    code: str
    """Of {code} and {output}."""
    outputs: Outputs
    code_tokens: int
    total_tokens: int
    problem_counts: bool
    """The problem's tokens are taken off the total."""
    cut: Cut
    characters: Characters
    one_search: bool
    """No search is offered any more once there is a document."""
    passages: int
    """Passages of one search in ToolOrchestra. Advice only: the pool's `[search]` decides."""
    turns: int
    """Most turns in ToolOrchestra. Advice only: the run's limits decide."""
    sampling: Sampling

    @property
    def stable(self) -> bool:
        """Whether earlier documents keep their places from turn to turn, so that a server's prefix cache helps."""
        return self.order is Order.APPEND


_TEMPLATES: Final = {
    "user": ("problem", "context"),
    "preference": ("query", "instruction"),
    "document": ("number", "text"),
    "code": ("code", "output"),
}
_KINDS: Final[Mapping[str, type[StrEnum]]] = {
    "order": Order,
    "code_heading_when": Heading,
    "outputs": Outputs,
    "cut": Cut,
    "characters": Characters,
}
_FLAGS: Final = ("titles", "problem_counts", "one_search")
_NUMBERS: Final = ("document_characters", "code_tokens", "total_tokens", "passages", "turns")
_KEYS: Final = tuple(field.name for field in fields(PromptProfile) if field.name != "name")
_SAMPLING_KEYS: Final = ("temperature", "top_p", "top_k", "max_tokens", "timeout_s")


@cache
def profiles() -> Mapping[str, PromptProfile]:
    """The bundled profiles by name."""
    return read_profiles(BUNDLED)


def profile(name: str | None = None) -> PromptProfile:
    """The bundled profile of that name, or the default one; raises BadProfile."""
    wanted = name or DEFAULT
    there = profiles()
    if wanted not in there:
        raise BadProfile(
            f"there is no prompt profile {wanted!r}{_guess(wanted, there)}; choose from: {', '.join(there)}"
        )
    return there[wanted]


def read_profiles(path: Path) -> Mapping[str, PromptProfile]:
    """The profiles of a file; raises BadProfile."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProfile(f"{path}: {error}") from error
    return {name: _profile(name, table) for name, table in tables.items()}


def _profile(name: str, table: object) -> PromptProfile:
    if not isinstance(table, dict):
        raise BadProfile(f"profile {name!r} must be a table: write [{name}]")
    _known(name, table, _KEYS)
    read = {key: _value(name, key, table[key]) for key in _KEYS}
    return PromptProfile(name=name, **read)


def _known(name: str, table: Table, keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise BadProfile(f"profile {name!r} has no key {key!r}{_guess(key, keys)}; allowed are {', '.join(keys)}")
    if missing := [key for key in keys if key not in table]:
        raise BadProfile(f"profile {name!r}: {missing[0]!r} is missing")


def _value(name: str, key: str, value: object) -> Any:
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise BadProfile(f"profile {name!r}: {key!r} must be true or false, not {value!r}")
        return value
    if key in _NUMBERS:
        if type(value) is not int or value < 1:
            raise BadProfile(f"profile {name!r}: {key!r} must be a whole number from 1 on, not {value!r}")
        return value
    if key == "sampling":
        return _sampling(name, value)
    if not isinstance(value, str):
        raise BadProfile(f"profile {name!r}: {key!r} must be a text, not {value!r}")
    return _kind(name, key, value) if key in _KINDS else _template(name, key, value)


def _kind(name: str, key: str, value: str) -> StrEnum:
    try:
        return _KINDS[key](value)
    except ValueError as error:
        raise BadProfile(f"profile {name!r}: {key!r} must be one of {', '.join(_KINDS[key])}, not {value!r}") from error


@cache
def template_parts(template: str) -> tuple[str, ...]:
    """What stands before, between and behind the places of a template; raises ValueError where it is none."""
    parts = [""]
    for literal, place, _, _ in Formatter().parse(template):
        parts[-1] += literal
        if place is not None:
            parts.append("")
    return tuple(parts)


def _template(name: str, key: str, value: str) -> str:
    """The text, proven to hold each of its places once and in their order where it is a template."""
    if key not in _TEMPLATES:
        return value
    wanted = _TEMPLATES[key]
    try:
        found = [place for place in Formatter().parse(value) if place[1] is not None]
    except ValueError as error:
        raise BadProfile(f"profile {name!r}: {key!r} is no template: {error}") from error
    if tuple(place for _, place, _, _ in found) != wanted or any(form or turned for _, _, form, turned in found):
        raise BadProfile(f"profile {name!r}: {key!r} must hold {_braced(wanted)}, once each and in this order")
    return value


def _sampling(name: str, table: object) -> Sampling:
    if not isinstance(table, dict):
        raise BadProfile(f"profile {name!r}: 'sampling' must be a table")
    _known(f"{name}.sampling", table, _SAMPLING_KEYS)
    for key, value in table.items():
        whole = key in ("top_k", "max_tokens")
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise BadProfile(f"profile {name!r}: {key!r} must be a {'whole ' if whole else ''}number, not {value!r}")
    return Sampling(**table)


def _braced(places: tuple[str, ...]) -> str:
    return " and ".join(f"{{{place}}}" for place in places)


def _guess(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
