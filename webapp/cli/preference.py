"""P on a command line: weights one by one, a profile by its name, or weights on top of a profile."""

import argparse
from dataclasses import replace
from typing import Any

from orchestrator.preference import PRESETS, PreferenceVector, preset
from webapp.cli import flags
from webapp.settings import Settings


def add_to(command: Any) -> None:
    """The flags of P."""
    command.add_argument(
        "--profile", metavar="NAME", help="weights of a saved profile, NAME@3 of its third version; flags go on top"
    )
    for name in ("accuracy", "cost", "latency"):
        default = getattr(PreferenceVector(), name)
        command.add_argument(f"--{name}", type=flags.weight, metavar="W", help=f"weight, {default}")
    command.add_argument(
        "--prefer", action="append", default=[], metavar="ALIAS=W", help="weight of an alias; may be repeated"
    )


def preference(chosen: argparse.Namespace, settings: Settings) -> PreferenceVector:
    """P as the flags have it; raises ValueError or StoreError."""
    base = PreferenceVector() if chosen.profile is None else _profile(settings, chosen.profile)
    given = {name: getattr(chosen, name) for name in ("accuracy", "cost", "latency")}
    tools = {**base.tools, **flags.preferred(chosen.prefer)}
    return replace(base, **{name: weight for name, weight in given.items() if weight is not None}, tools=tools)


def _profile(settings: Settings, name: str) -> PreferenceVector:
    from orchestrator.profile import profiles  # noqa: PLC0415 - parsing flags needs none of this
    from storage.store import Store  # noqa: PLC0415
    from webapp.profiles import profile_of  # noqa: PLC0415

    try:
        with Store.open(settings.database, create=False) as store:
            return profile_of(store, name).preference
    except ValueError as error:
        hint = "; the prompt's profile is --prompt-profile" if name in profiles() else ""
        raise ValueError(f"--profile: {error}{hint}") from error


def named(settings: Settings, name: str, flag: str, local_aliases: tuple[str, ...] = ()) -> PreferenceVector:
    """The weights of a preset or of a saved profile; raises ValueError that names what there is."""
    if name in PRESETS:
        return preset(name, local_aliases)
    from storage.errors import StoreUnreachable  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415
    from webapp.profiles import preference_named  # noqa: PLC0415

    try:
        with Store.open(settings.database, create=False) as store:
            return preference_named(store, name)
    except StoreUnreachable:  # no database, so no profiles: only the presets are there to choose from
        raise ValueError(f"{flag}: {_no_preset(name)}") from None
    except ValueError as error:
        raise ValueError(f"{flag}: {error}") from error


def _no_preset(name: str) -> str:
    return f"there is no preset or profile named {name!r}; choose one of: {', '.join(PRESETS)}"
