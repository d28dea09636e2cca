"""Settings by name: presets of Podium and profiles that a team saved."""

from collections.abc import Iterable
from typing import Final

from orchestrator.preference import PRESETS, PreferenceVector, preset
from prefs.tuning.profile import BadProfile, Profile
from storage.profiles import Profiles
from storage.store import Store

AT: Final = "@"
"""`NAME@3` is the third version of a profile."""


def profile_named(store: Store, text: str) -> Profile | None:
    """The newest version of that profile, or the one that `NAME@3` names; `None` where there is none."""
    profiles = Profiles(store)
    found = profiles.find(text)
    name, _, version = text.rpartition(AT)
    if found is None and name and version.isascii() and version.isdigit() and len(version) < 8:
        found = profiles.find(name, int(version))
    return found


def profile_of(store: Store, text: str) -> Profile:
    """The same; raises ValueError that names what there is."""
    found = profile_named(store, text)
    if found is None:
        names = [one.name for one in Profiles(store).newest()]
        known = f"there are {', '.join(names)}" if names else "none is saved yet; the page Tune saves them"
        raise ValueError(f"there is no profile {text!r}; {known}")
    return found


def preference_named(store: Store, text: str, local_aliases: Iterable[str] = ()) -> PreferenceVector:
    """P of a preset or of a profile; raises ValueError that names what there is."""
    if text in PRESETS:
        return preset(text, local_aliases)
    found = profile_named(store, text)
    if found is None:
        names = [*PRESETS, *(one.name for one in Profiles(store).newest())]
        raise ValueError(f"there is no preset or profile named {text!r}; choose one of: {', '.join(names)}")
    return found.preference


def check_name(name: str) -> str:
    """The name of a profile to save; raises BadProfile where a preset has it, or no address can."""
    if name in PRESETS:
        raise BadProfile(f"{name!r} is a preset of Podium; give the profile another name")
    if name in (".", ".."):  # a browser takes them for steps in an address, so the profile could not be reached
        raise BadProfile(f"a profile cannot be named {name!r}; give it a name with letters or digits")
    return name
