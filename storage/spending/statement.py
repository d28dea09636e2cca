"""Who has spent how much: today and in all, beside the limits."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from storage.spending import amounts
from storage.spending.rules import Allowance, Payer, Scope, Used
from storage.spending.tables import RESERVATION


@dataclass(frozen=True, slots=True)
class Statement:
    """The spending of a user, of a study or of everybody."""

    scope: Scope
    subject: str
    today: Used
    total: Used
    """Since the first limit was set."""
    allowances: tuple[Allowance, ...] = ()
    """The limits that apply, with what is left of each."""


def of_user(connection: Connection, user: str, today: date) -> Statement:
    """One user's own spending, with every limit that this user's runs must keep."""
    allowed = tuple(amounts.allowances(connection, Payer(user), today))
    return _statement(connection, Scope.USER, user, today, allowed)


def of_everybody(connection: Connection, today: date) -> tuple[Statement, ...]:
    """Everybody together, then each user and each study of which anything is kept."""
    allowed = amounts.allowances(connection, Payer(""), today)
    together = tuple(one for one in allowed if one.limit.scope is Scope.EVERYBODY)
    found = [_statement(connection, Scope.EVERYBODY, "", today, together)]
    users = connection.execute(select(RESERVATION.c.payer).distinct().order_by(RESERVATION.c.payer)).scalars().all()
    found += [of_user(connection, user, today) for user in users]
    studies = select(RESERVATION.c.study_id).where(RESERVATION.c.study_id.is_not(None)).distinct()
    for study in connection.execute(studies.order_by(RESERVATION.c.study_id)).scalars().all():
        theirs = amounts.allowances(connection, Payer("", study), today)
        of_it = tuple(one for one in theirs if one.limit.scope is Scope.STUDY)
        found.append(_statement(connection, Scope.STUDY, study, today, of_it))
    return tuple(found)


def _statement(
    connection: Connection, scope: Scope, subject: str, today: date, allowed: tuple[Allowance, ...]
) -> Statement:
    return Statement(
        scope,
        subject,
        amounts.used(connection, scope, subject, today.isoformat()),
        amounts.used(connection, scope, subject, None),
        allowed,
    )
