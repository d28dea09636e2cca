"""Spending limits in SQL."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from orchestrator.model_call import utc
from storage.errors import StoreMissing
from storage.spending.rules import KeptLimit, Limit, Period, Scope
from storage.spending.tables import SPEND_LIMIT
from storage.study_assignments import alone
from storage.study_records import aware


def keep(connection: Connection, limit: Limit, by: str, at: datetime) -> Limit | None:
    """Set a limit, in the place of the one for the same subject and period; gives that one."""
    alone(connection)
    before = find(connection, limit.scope, limit.subject, limit.period)
    connection.execute(delete(SPEND_LIMIT).where(_same(limit.scope, limit.subject, limit.period)))
    row = {"scope": limit.scope.value, "subject": limit.subject, "period": limit.period.value, "usd": f"{limit.usd:f}"}
    connection.execute(insert(SPEND_LIMIT), row | {"set_at": utc(at), "set_by": by})
    return before


def remove(connection: Connection, scope: Scope, subject: str, period: Period) -> Limit:
    """Take a limit away, and give it; raises StoreMissing."""
    found = find(connection, scope, subject, period)
    if found is None:
        whom = f"{scope.value} {subject}".strip()
        raise StoreMissing(f"there is no limit per {period.value} for {whom[:300]!r}; podium limit list shows them")
    connection.execute(delete(SPEND_LIMIT).where(_same(scope, subject, period)))
    return found


def find(connection: Connection, scope: Scope, subject: str, period: Period) -> Limit | None:
    """The limit of that subject and period."""
    if not subject.isprintable():  # not every database takes such a text as a value
        return None
    usd = connection.execute(select(SPEND_LIMIT.c.usd).where(_same(scope, subject, period))).scalar()
    return None if usd is None else Limit(scope, period, Decimal(usd), subject)


def listed(connection: Connection) -> tuple[KeptLimit, ...]:
    """All limits: for everybody first, then by subject."""
    order = SPEND_LIMIT.c.scope, SPEND_LIMIT.c.subject, SPEND_LIMIT.c.period
    return tuple(
        KeptLimit(
            Limit(Scope(row.scope), Period(row.period), Decimal(row.usd), row.subject), aware(row.set_at), row.set_by
        )
        for row in connection.execute(select(SPEND_LIMIT).order_by(*order))
    )


def _same(scope: Scope, subject: str, period: Period) -> ColumnElement[bool]:
    return (
        (SPEND_LIMIT.c.scope == scope.value)
        & (SPEND_LIMIT.c.subject == subject)
        & (SPEND_LIMIT.c.period == period.value)
    )
