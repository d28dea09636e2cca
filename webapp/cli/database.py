"""`podium db upgrade|check|backup`: keeping what people said."""

import argparse
import sys
from pathlib import Path
from typing import Any

from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("db", help="upgrade, check or back up the database").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    for name, says in (("upgrade", "bring the schema up to date"), ("check", "look for damage and contradictions")):
        action = actions.add_parser(name, help=says)
        flags.add_database(action)
        action.set_defaults(run=_upgrade if name == "upgrade" else _check)
    backup = actions.add_parser("backup", help="copy the database while it is in use")
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; it must not exist yet")
    flags.add_database(backup)
    backup.set_defaults(run=_backup)


def _upgrade(chosen: argparse.Namespace) -> int:
    from storage.database import upgrade  # noqa: PLC0415

    settings = flags.settings(chosen)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database)
    print(f"{settings.database} is up to date")
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from storage.database import check  # noqa: PLC0415

    url = flags.settings(chosen).database
    problems = check(url)
    for problem in problems:
        print(problem)
    print(f"{url}: {len(problems)} problems" if problems else f"{url}: nothing wrong", file=sys.stderr)
    return 1 if problems else 0


def _backup(chosen: argparse.Namespace) -> int:
    from storage.database import backup  # noqa: PLC0415

    backup(flags.settings(chosen).database, chosen.file)
    print(f"backed up to {chosen.file}")
    return 0
