"""`podium limit set|list|remove|settle`: how many dollars may be spent, by whom and for what."""

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from webapp.cli import flags
from webapp.cli.console import console, opened

if TYPE_CHECKING:
    from storage.spending.rules import Period, Scope

SETTLE_HELP = "settle reservations of trajectories that have ended, or that are not kept and were reserved a day ago"


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("limit", help="limit the dollars that may be spent").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    keep = actions.add_parser("set", help="set a limit, or change it")
    keep.add_argument("usd", type=flags.dollars, metavar="USD", help="dollars, such as 5 or 0.50")
    gone = actions.add_parser("remove", help="take a limit away")
    for action in (keep, gone):
        _add_subject(action)
    listed = actions.add_parser("list", help="show the limits, and what is spent and left of each")
    listed.add_argument("--json", action="store_true", help="as JSON")
    settle = actions.add_parser("settle", help=SETTLE_HELP)
    settle.add_argument("--interrupted", action="store_true", help="also of interrupted trajectories")
    for action, run in ((keep, _set), (gone, _remove), (listed, _list), (settle, _settle)):
        flags.add_database(action)
        action.set_defaults(run=run)


def _add_subject(action: argparse.ArgumentParser) -> None:
    whom = action.add_mutually_exclusive_group(required=True)
    whom.add_argument("--everybody", action="store_true", help="all users together")
    whom.add_argument("--user", metavar="NAME", help="one user; '*' for each one that has no limit of its own")
    whom.add_argument("--study", metavar="ID", help="runs for one study; '*' for each study")
    action.add_argument("--per", choices=("day", "total"), default="day", help="UTC day (the default), or all time")


def _subject(chosen: argparse.Namespace) -> "tuple[Scope, str, Period]":
    from storage.spending.rules import Period, Scope  # noqa: PLC0415

    if chosen.everybody:
        return Scope.EVERYBODY, "", Period(chosen.per)
    if chosen.user is not None:
        return Scope.USER, chosen.user, Period(chosen.per)
    return Scope.STUDY, chosen.study, Period(chosen.per)


def _set(chosen: argparse.Namespace) -> int:
    from storage.spending.rules import Limit  # noqa: PLC0415
    from webapp.spending import Spending  # noqa: PLC0415

    scope, subject, period = _subject(chosen)
    limit = Limit(scope, period, chosen.usd, subject)
    with opened(chosen) as store:
        asyncio.run(Spending(store).set_limit(limit, console()))
    print(f"Limit set: {limit.words}. It holds from the next run on, in every process.")
    return 0


def _remove(chosen: argparse.Namespace) -> int:
    from webapp.spending import Spending  # noqa: PLC0415

    with opened(chosen) as store:
        gone = asyncio.run(Spending(store).remove_limit(_subject(chosen), console()))
    print(f"Limit removed: {gone.words}")
    return 0


def _list(chosen: argparse.Namespace) -> int:
    from webapp.spending import Spending  # noqa: PLC0415
    from webapp.spending_json import statement_json  # noqa: PLC0415

    with opened(chosen) as store:
        spending = Spending(store)
        kept, found = spending.limits(), spending.of_everybody()
    if chosen.json:
        limits = [{"limit": one.limit.words, "set_by": one.set_by} for one in kept]
        print(json.dumps({"limits": limits, "spending": [statement_json(one) for one in found]}, ensure_ascii=False))
        return 0
    for one in kept:
        print(f"{one.limit.words} (set by {one.set_by} at {one.set_at:%Y-%m-%d %H:%M} UTC)")
    if not kept:
        print("No limits: everybody may spend what they like. podium limit set USD --everybody sets one.")
    for statement in found:
        print(f"{statement.subject or 'everybody'}: today {statement.today.words}; in all {statement.total.words}")
        for allowance in statement.allowances:
            print(f"  {allowance.words}")
    return 0


def _settle(chosen: argparse.Namespace) -> int:
    from storage.spending.rules import dollars  # noqa: PLC0415
    from webapp.spending import Spending  # noqa: PLC0415

    with opened(chosen) as store:
        cleared = asyncio.run(Spending(store).settle(interrupted=chosen.interrupted))
    for one in cleared:
        reserved, counted = dollars(one.reserved_usd), dollars(one.counted_usd)
        print(f"trajectory {one.trajectory} of {one.payer}: {reserved} reserved, {counted} spent")
    print(f"{len(cleared)} reservations settled", file=sys.stderr)
    return 0
