"""`podium db upgrade|check|backup|restore|copy`: keeping what people said."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("db", help="upgrade, check, back up, restore or copy the database").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    for name, says in (("upgrade", "bring the schema up to date"), ("check", "look for damage and contradictions")):
        action = actions.add_parser(name, help=says)
        flags.add_database(action)
        action.set_defaults(run=_upgrade if name == "upgrade" else _check)
    _add_backup(actions)
    _add_restore(actions)
    _add_copy(actions)


def _add_backup(actions: Any) -> None:
    backup = actions.add_parser("backup", help="copy the database into a file while it is in use")
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; it must not exist yet")
    _add_progress(backup)
    flags.add_database(backup)
    backup.set_defaults(run=_backup)


def _add_restore(actions: Any) -> None:
    restore = actions.add_parser("restore", help="put a backup in the place of the database, with no server running")
    restore.add_argument("file", type=Path, metavar="FILE", help="a backup; it is checked first, and not changed")
    restore.add_argument("--replace", action="store_true", help="where a database is there: keep it beside")
    _add_progress(restore)
    flags.add_database(restore)
    restore.set_defaults(run=_restore)


def _add_copy(actions: Any) -> None:
    copy = actions.add_parser("copy", help="copy everything into another, empty database, such as PostgreSQL")
    copy.add_argument("source", metavar="FROM_URL", help="such as sqlite:///podium.sqlite3")
    copy.add_argument("target", metavar="TO_URL", help="such as postgresql://podium@localhost/podium")
    _add_progress(copy)
    copy.set_defaults(run=_copy)


def _add_progress(action: argparse.ArgumentParser) -> None:
    action.add_argument("--progress", action="store_true", help="tell on stderr how far it is")


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
    from storage.keeping.backup import backup  # noqa: PLC0415

    backup(flags.settings(chosen).database, chosen.file, _progress(chosen))
    print(f"backed up to {chosen.file}")
    return 0


def _restore(chosen: argparse.Namespace) -> int:
    from storage.keeping.restoration import restore  # noqa: PLC0415

    settings = flags.settings(chosen)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    done = restore(chosen.file, settings.database, replace=chosen.replace, on_progress=_progress(chosen))
    print(f"restored {chosen.file} (its schema was {done.version})")
    if done.replaced is not None:
        print(f"what was there before is kept in {done.replaced}")
    for problem in done.problems:
        print(f"the backup itself says: {problem}", file=sys.stderr)
    return 1 if done.problems else 0


def _copy(chosen: argparse.Namespace) -> int:
    from storage.keeping.copy import copy  # noqa: PLC0415

    copied = copy(chosen.source, chosen.target, _progress(chosen))
    print(f"copied {sum(copied.rows.values()):,} rows of {len(copied.rows)} tables, schema {copied.version}; both ends")
    print(f"have the digest {copied.digest}")
    return 0


def _progress(chosen: argparse.Namespace) -> Callable[[str, int, int], None] | None:
    def tell(table: str, rows: int, whole: int) -> None:
        print(f"{table}: {rows:,} of {whole:,} rows", file=sys.stderr)

    return tell if chosen.progress else None
