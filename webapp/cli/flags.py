"""Flags that several commands share, and what they mean."""

import argparse
import math
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from orchestrator.pool import TOOL_OF, UnknownAlias
from webapp.settings import Settings, host_and_port, port_number, web_address

POLICY_HELP: Final = (
    "embedded (the small model that comes with Podium; the default) or embedded:FOLDER, random, nearest, "
    "fixed:ALIAS,ALIAS,… (ending in an answer alias), openai:URL#model or transformers:PATH"
)
"""Of `--policy SPEC`."""
PROMPT_PROFILE: Final = ("--prompt-profile", "--profile")


def add_installation(command: argparse.ArgumentParser, *, profile_flags: tuple[str, ...] = PROMPT_PROFILE) -> None:
    """Which database, pool, policy and documents."""
    command.add_argument("--db", metavar="URL", help="database, such as sqlite:///podium.sqlite3")
    command.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml; without it the rehearsal pool")
    command.add_argument("--policy", metavar="SPEC", help=POLICY_HELP)
    add_prompt_profile(
        command, *profile_flags, words="prompt profile of openai: and transformers: policies (eval-frames)"
    )
    command.add_argument("--tokenizer", type=Path, metavar="PATH", help="the orchestrator's tokenizer.json")
    command.add_argument(
        "--documents", type=Path, metavar="PATH", help="folder or file to search: txt, md, pdf, html, jsonl"
    )


def add_prompt_profile(command: argparse.ArgumentParser, *names: str, words: str) -> None:
    """How the prompt is worded; `--profile` is a profile of weights where a command takes those by that flag."""
    command.add_argument(*names, dest="prompt_profile", metavar="NAME", help=words)


def add_database(command: argparse.ArgumentParser) -> None:
    """Which database."""
    command.add_argument("--db", metavar="URL", help="database, such as sqlite:///podium.sqlite3")


def settings(chosen: argparse.Namespace) -> Settings:
    """The environment's settings with this command's flags on top; raises SettingsError."""
    found = Settings.from_environment()
    flags = {
        "database_url": getattr(chosen, "db", None),
        "pool": getattr(chosen, "pool", None),
        "policy": getattr(chosen, "policy", None),
        "prompt_profile": getattr(chosen, "prompt_profile", None),
        "tokenizer": getattr(chosen, "tokenizer", None),
        "documents": getattr(chosen, "documents", None),
        "host": getattr(chosen, "host", None),
        "port": getattr(chosen, "port", None),
        "audience": getattr(chosen, "audience", None),
        "audience_url": getattr(chosen, "audience_url", None),
    }
    return replace(found, **{name: value for name, value in flags.items() if value is not None})


def preferred(pairs: list[str]) -> dict[str, float]:
    """Alias to weight, of `--prefer ALIAS=W` flags; raises UnknownAlias or ValueError."""
    found = {}
    for pair in pairs:
        alias, _, text = pair.partition("=")
        if alias not in TOOL_OF:
            raise UnknownAlias(alias)
        try:
            found[alias] = weight(text)
        except argparse.ArgumentTypeError as error:
            raise ValueError(f"--prefer {pair}: {error}") from error
    return found


def weight(text: str) -> float:
    """A weight from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a weight must be a number from 0 to 1, not {text!r}")
    return value


def seconds(text: str) -> float:
    """Zero or more seconds."""
    value = _number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be zero or more seconds, not {text!r}")
    return value


def dollars(text: str) -> Decimal:
    """Zero or more dollars, exactly as typed."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"must be dollars such as 0.25, not {text!r}") from error
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"a budget must be zero or more dollars, not {text!r}")
    return value


def port(text: str) -> int:
    """A port number; 0 takes any free one."""
    try:
        return port_number(text, "the port")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def address(text: str) -> tuple[str, int]:
    """Host and port to listen on."""
    try:
        return host_and_port(text, "the address")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def url(text: str) -> str:
    """An address of the web."""
    try:
        return web_address(text, "the address")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}") from error
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, not {text!r}")
    return value
