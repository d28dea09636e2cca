"""A named, versioned P, so that a team can say which one it ships: as JSON, or as a few lines of YAML."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.model_call import utc
from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.tuning.plain_yaml import NotPlain, read_plain, write_plain

FORMAT: Final = 1
"""Version of the text of a profile."""
LONGEST_NAME: Final = 100
_KEYS: Final = ("format", "name", "version", "made_at", "why", "preference")
_WEIGHTS: Final = ("accuracy", "cost", "latency")


class BadProfile(ValueError):
    """A profile cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """P under a name. A change is a new version; a version never changes."""

    name: str
    version: int
    preference: PreferenceVector
    made_at: datetime
    why: str = ""
    """What somebody would want to know before shipping or changing it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", utc(self.made_at))
        if not self.name.strip() or self.name != self.name.strip() or not self.name.isprintable():
            raise BadProfile(f"a profile needs a name of printable characters without space around, not {self.name!r}")
        if len(self.name) > LONGEST_NAME:
            raise BadProfile(f"the name of a profile has at most {LONGEST_NAME} characters, not {len(self.name)}")
        if any("\ud800" <= one <= "\udfff" for one in self.why):
            raise BadProfile("the reason holds half of a surrogate pair, which no file can keep")
        if isinstance(self.version, bool) or not isinstance(self.version, int) or self.version < 1:
            raise BadProfile(f"the version of a profile is a whole number from 1, not {self.version!r}")

    def next(self, preference: PreferenceVector, made_at: datetime, why: str = "") -> "Profile":
        """The version after this one."""
        return Profile(self.name, self.version + 1, preference, made_at, why)


def preference_json(p: PreferenceVector) -> dict[str, Any]:
    """P as in a trajectory's record."""
    return {"accuracy": p.accuracy, "cost": p.cost, "latency": p.latency, "tools": dict(p.tools)}


def profile_json(profile: Profile) -> dict[str, Any]:
    """As JSON values."""
    return {
        "format": FORMAT,
        "name": profile.name,
        "version": profile.version,
        "made_at": profile.made_at.isoformat(),
        "why": profile.why,
        "preference": preference_json(profile.preference),
    }


def dump_profile(profile: Profile) -> str:
    """As JSON for people to read."""
    return json.dumps(profile_json(profile), indent=2, ensure_ascii=True)


def dump_profile_yaml(profile: Profile) -> str:
    """As YAML: every text quoted, so that no reader takes `no` for false or `1.10` for a number."""
    return write_plain(profile_json(profile))


def load_profile(text: str) -> Profile:
    """The profile of a text in JSON or in the YAML of `dump_profile_yaml`; raises BadProfile."""
    try:
        read = json.loads(text) if text.lstrip().startswith("{") else read_plain(text)
    except (json.JSONDecodeError, NotPlain) as error:
        raise BadProfile(f"this is no profile: {error}") from error
    if not isinstance(read, dict):
        raise BadProfile("a profile is an object with a name and a preference")
    if strange := sorted(set(read) - set(_KEYS)):
        raise BadProfile(f"a profile has no {strange[0]!r}; it has {', '.join(_KEYS)}")
    if missing := [key for key in _KEYS if key not in read and key != "why"]:
        raise BadProfile(f"the profile lacks {missing[0]!r}")
    if read["format"] != FORMAT:
        raise BadProfile(f"this Podium reads profiles of format {FORMAT}, not {read['format']!r}")
    return Profile(
        _text(read, "name"), read["version"], _preference(read["preference"]), _moment(read), _text(read, "why")
    )


def _text(read: Mapping[str, Any], key: str) -> str:
    value = read.get(key, "")
    if not isinstance(value, str):
        raise BadProfile(f"{key!r} must be a text, not {value!r}; put it in quotes")
    return value


def _moment(read: Mapping[str, Any]) -> datetime:
    try:
        return utc(datetime.fromisoformat(_text(read, "made_at")))
    except (ValueError, OverflowError) as error:
        raise BadProfile(f"'made_at': {error}") from error


def _preference(value: object) -> PreferenceVector:
    if not isinstance(value, dict):
        raise BadProfile("'preference' must hold accuracy, cost, latency and tools")
    tools = value.get("tools", {})
    if strange := sorted(set(value) - {*_WEIGHTS, "tools"}):
        raise BadProfile(f"a preference has no {strange[0]!r}; it has accuracy, cost, latency and tools")
    if missing := [name for name in _WEIGHTS if name not in value]:
        raise BadProfile(f"the preference lacks {missing[0]!r}")
    if not isinstance(tools, dict):
        raise BadProfile("'tools' must hold a weight for each alias")
    try:
        return PreferenceVector(value["accuracy"], value["cost"], value["latency"], tools)
    except ValueError as error:
        raise BadProfile(str(error)) from error


def weights_changed(one: PreferenceVector, other: PreferenceVector) -> dict[str, tuple[float, float]]:
    """Weights that differ, by name: in the one, in the other."""
    first, second = weights(one), weights(other)
    names = dict.fromkeys((*first, *second))
    both = {name: (first.get(name, 0.0), second.get(name, 0.0)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}
