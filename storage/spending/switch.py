"""The kill switch in SQL: while it is on, nothing begins in any process that uses this database.

Where limits are set, nothing begins behind the commit that turns it on. Where none is, something that begins at the
same moment may; the process that runs it ends it within about a second.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from orchestrator.model_call import utc
from storage.errors import StoreError
from storage.spending.tables import KILL_SWITCH
from storage.study_assignments import alone
from storage.study_records import aware

LONGEST_REASON: Final = 500
_ONE: Final = 1
_NOW: Final = select(KILL_SWITCH.c.reason, KILL_SWITCH.c.turned_on_at, KILL_SWITCH.c.turned_on_by)


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """It is on. Raises ValueError without a reason."""

    reason: str
    turned_on_at: datetime
    turned_on_by: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON or not self.reason.isprintable():
            raise ValueError(f"say why in one line of at most {LONGEST_REASON} printable characters")

    @property
    def detail(self) -> str:
        """Why a run ended."""
        return f"the kill switch was turned on: {self.reason}"

    @property
    def words(self) -> str:
        """For the people at the pages."""
        when = f"{self.turned_on_at:%Y-%m-%d %H:%M} UTC"
        return f"No runs: {self.turned_on_by} turned the kill switch on at {when}: {self.reason}"


class RunsStopped(StoreError):
    """The kill switch is on; nothing was begun."""

    def __init__(self, switch: KillSwitch) -> None:
        self.switch = switch
        super().__init__(f"{switch.words}. An admin can turn it off (podium kill-switch off)")

    def __reduce__(self) -> tuple[type["RunsStopped"], tuple[KillSwitch]]:
        return type(self), (self.switch,)


def now(connection: Connection) -> KillSwitch | None:
    """The kill switch where it is on."""
    row = connection.execute(_NOW).first()
    return None if row is None else KillSwitch(row.reason, aware(row.turned_on_at), row.turned_on_by)


def turn_on(connection: Connection, switch: KillSwitch) -> KillSwitch:
    """Nothing begins from now on. Where it is on already, it stays as it is; gives how it is."""
    alone(connection)
    if (there := now(connection)) is not None:
        return there
    made_at = utc(switch.turned_on_at)
    row = {"id": _ONE, "reason": switch.reason, "turned_on_at": made_at, "turned_on_by": switch.turned_on_by}
    connection.execute(insert(KILL_SWITCH), row)
    return switch


def turn_off(connection: Connection) -> KillSwitch | None:
    """Runs may begin again; gives how it was, `None` where it was off."""
    before = now(connection)
    connection.execute(delete(KILL_SWITCH))
    return before
