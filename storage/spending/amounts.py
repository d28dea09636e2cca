"""What counts against limits, added up by the database to the last digit."""

from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from storage.spending import limits
from storage.spending.rules import Allowance, Payer, Scope, Used, applying, day_of, plain
from storage.spending.tables import RESERVATION

_REST: Final = 1_000_000
"""Parts of a millionth that the rest is counted in."""


def counted(usd: Decimal) -> dict[str, int]:
    """The columns in which these dollars count: whole numbers, so that sums are exact on every database."""
    micro, rest = divmod(int(usd.scaleb(12)), _REST)
    return {"counted_micro": micro, "counted_rest": rest}


def allowances(connection: Connection, payer: Payer, today: date) -> list[Allowance]:
    """The limits that apply to a payer, with what is used of each on that day or in all."""
    kept = (one.limit for one in limits.listed(connection))
    return [
        Allowance(limit, subject, used(connection, limit.scope, subject, day_of(limit.period, today)))
        for limit, subject in applying(kept, payer)
    ]


def used(connection: Connection, scope: Scope, subject: str, day: str | None) -> Used:
    """What a user, a study or everybody has spent and reserved, on that day or in all."""
    where: list[ColumnElement[bool]] = [] if day is None else [RESERVATION.c.day == day]
    if scope is not Scope.EVERYBODY:
        where.append((RESERVATION.c.payer if scope is Scope.USER else RESERVATION.c.study_id) == subject)
    sums = (func.sum(RESERVATION.c.counted_micro), func.sum(RESERVATION.c.counted_rest))
    wanted = select(RESERVATION.c.settled, *sums, func.sum(RESERVATION.c.unpriced_calls)).where(*where)
    by = {bool(row[0]): row for row in connection.execute(wanted.group_by(RESERVATION.c.settled))}
    spent, reserved = by.get(True), by.get(False)
    return Used(
        Decimal(0) if spent is None else _dollars(spent[1], spent[2]),
        Decimal(0) if reserved is None else _dollars(reserved[1], reserved[2]),
        0 if spent is None else int(spent[3]),
    )


def _dollars(micro: int, rest: int) -> Decimal:
    return plain(Decimal(int(micro) * _REST + int(rest)).scaleb(-12))
