"""What admins do about spending: each act is in the log of who did what, in the same transaction."""

from datetime import datetime

from sqlalchemy import Connection

from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.spending import limits, switch
from storage.spending.rules import Limit, Period, Scope
from storage.spending.switch import KillSwitch


def set_limit(connection: Connection, limit: Limit, by: Actor, now: datetime) -> None:
    """Set it in the place of the one for the same subject and period."""
    before = limits.keep(connection, limit, by.name, now)
    was = "" if before is None else f"; before: {before.words}"
    noted(connection, by, Act.LIMIT_SET, Said(limit.subject or None, f"{limit.words}{was}"), now)


def remove_limit(connection: Connection, which: tuple[Scope, str, Period], by: Actor, now: datetime) -> Limit:
    """Take it away, and give it; raises StoreMissing."""
    gone = limits.remove(connection, *which)
    noted(connection, by, Act.LIMIT_REMOVED, Said(gone.subject or None, gone.words), now)
    return gone


def turn_on(connection: Connection, reason: str, by: Actor, now: datetime) -> KillSwitch:
    """Nothing begins from now on; gives how it is. Raises ValueError without a reason."""
    wanted = KillSwitch(reason.strip(), now, by.name)
    there = switch.turn_on(connection, wanted)
    if there is wanted:
        noted(connection, by, Act.KILL_SWITCH_ON, Said(None, there.reason), now)
    return there


def turn_off(connection: Connection, by: Actor, now: datetime) -> KillSwitch | None:
    """Runs may begin again; gives how it was, `None` where it was off."""
    before = switch.turn_off(connection)
    if before is not None:
        noted(connection, by, Act.KILL_SWITCH_OFF, Said(None, before.reason), now)
    return before
