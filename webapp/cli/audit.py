"""`podium audit`: who did what."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from webapp.cli import flags
from webapp.cli.console import opened

if TYPE_CHECKING:
    from storage.accounts.audit import Act, AuditLog, Entry

_AT_ONCE: Final = 1_000


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("audit", help="who did what, the newest first")
    command.add_argument("--limit", type=_count, default=100, metavar="N", help="entries at most (100)")
    command.add_argument("--actor", metavar="NAME", help="what this account did")
    command.add_argument("--act", metavar="ACT", help="such as 'role changed'")
    command.add_argument("--subject", metavar="NAME", help="what was done to this account, study or kind of export")
    command.add_argument("--json", action="store_true", help="one record per line")
    flags.add_database(command)
    command.set_defaults(run=_audit)


def _audit(chosen: argparse.Namespace) -> int:
    from storage.accounts.audit import Act, AuditLog  # noqa: PLC0415 - parsing flags needs none of this

    act = None
    if chosen.act is not None:
        if chosen.act not in set(Act):
            raise ValueError(f"--act is one of {', '.join(Act)}")
        act = Act(chosen.act)
    with opened(chosen) as store:
        for entry in _entries(AuditLog(store), chosen, act):
            print(_json(entry) if chosen.json else _line(entry))
    return 0


def _entries(log: "AuditLog", chosen: argparse.Namespace, act: "Act | None") -> "Iterator[Entry]":
    left, before = chosen.limit, None
    while left > 0:
        found = log.entries(min(left, _AT_ONCE), before, chosen.actor, act, chosen.subject)
        yield from found
        if len(found) < _AT_ONCE:
            return
        left, before = left - len(found), found[-1].sequence


def _json(entry: "Entry") -> str:
    return json.dumps(asdict(entry) | {"at": entry.at.isoformat()}, ensure_ascii=False)


def _line(entry: "Entry") -> str:
    told = ": ".join(part for part in (entry.subject, entry.detail) if part is not None)
    place = "" if entry.address is None else f"  from {entry.address}"
    return f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.actor:<24}  {entry.act:<20}  {told}{place}".rstrip()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)
