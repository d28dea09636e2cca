"""`podium pool check`: each alias, whether it can be reached, and its price with source and date."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command."""
    actions = commands.add_parser("pool", help="look at what stands behind the aliases").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    check = actions.add_parser("check", help="each alias: endpoint, reachable or why not, price with source and date")
    check.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml; without it the rehearsal pool")
    check.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 1 if an alias cannot be reached."""
    from webapp.pool_check import checked  # noqa: PLC0415

    rows = asyncio.run(checked(flags.settings(chosen).pool))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 1 if any(row[3].startswith("unreachable") for row in rows) else 0
