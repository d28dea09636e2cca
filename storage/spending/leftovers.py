"""Reservations that nobody settles any more: what belongs to trajectories that ended otherwise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from storage import trajectories
from storage.spending import ledger
from storage.spending.tables import RESERVATION
from storage.study_assignments import alone
from storage.study_records import aware
from storage.trajectories import State

UNKNOWN_AFTER: Final = timedelta(days=1)
"""A reservation of a trajectory that is not kept may belong to an evaluation that goes on; not after so long."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A reservation that was settled late."""

    trajectory: str
    payer: str
    reserved_usd: Decimal
    counted_usd: Decimal
    """What counts as spent; all that was reserved where nobody knows."""


def settle_left(
    connection: Connection, now: datetime, *, interrupted: bool = False, unknown_after: timedelta = UNKNOWN_AFTER
) -> tuple[Cleared, ...]:
    """Settle what belongs to trajectories that have ended, or are not kept and were reserved for that long ago.

    With `interrupted` also what belongs to interrupted ones, with what they spent so far: they reserve again where
    they are resumed. What runs keeps its reservation.
    """
    alone(connection)  # nobody resumes one meanwhile
    wanted = select(RESERVATION).where(RESERVATION.c.settled.is_(False)).order_by(RESERVATION.c.reserved_at)
    cleared = []
    for row in connection.execute(wanted).all():
        state = trajectories.state(connection, row.trajectory_id)
        if state is State.RUNNING or (state is State.INTERRUPTED and not interrupted):
            continue
        if state is None and aware(row.reserved_at) > now - unknown_after:
            continue
        counted = ledger.settle_row(connection, row, _real(connection, row), now)
        cleared.append(Cleared(row.trajectory_id, row.payer, Decimal(row.reserved_usd), counted))
    return tuple(cleared)


def _real(connection: Connection, row: Row[Any]) -> ledger.Real:
    """What its trajectory has spent in all, as far as that is known; else as much as it was allowed to."""
    whole = trajectories.find(connection, row.trajectory_id)
    if whole is not None:
        return ledger.Real.of_whole(whole)
    return ledger.Real(Decimal(row.before_usd) + Decimal(row.reserved_usd), row.before_unpriced)
