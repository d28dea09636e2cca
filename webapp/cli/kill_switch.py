"""`podium kill-switch on|off|status`: stop every run in every process, at once."""

import argparse
import asyncio
from typing import Any

from webapp.cli import flags
from webapp.cli.console import console, opened


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("kill-switch", help="stop all runs, in every process").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    on = actions.add_parser("on", help="nothing begins any more, and what runs ends within seconds")
    on.add_argument("--reason", required=True, metavar="R", help="one line; everybody who is stopped reads it")
    off = actions.add_parser("off", help="let runs begin again")
    status = actions.add_parser("status", help="tell whether it is on; exit code 1 if so")
    for action, run in ((on, _on), (off, _off), (status, _status)):
        flags.add_database(action)
        action.set_defaults(run=run)


def _on(chosen: argparse.Namespace) -> int:
    from webapp.spending import Spending  # noqa: PLC0415

    with opened(chosen) as store:
        there = asyncio.run(Spending(store).turn_on(chosen.reason, console()))
    print(f"The kill switch is on. {there.words}")
    return 0


def _off(chosen: argparse.Namespace) -> int:
    from webapp.spending import Spending  # noqa: PLC0415

    with opened(chosen) as store:
        before = asyncio.run(Spending(store).turn_off(console()))
    print("The kill switch was off." if before is None else "The kill switch is off; runs may begin again.")
    return 0


def _status(chosen: argparse.Namespace) -> int:
    from webapp.spending import Spending  # noqa: PLC0415

    with opened(chosen) as store:
        there = Spending(store).switch()
    print("The kill switch is off." if there is None else there.words)
    return 0 if there is None else 1
