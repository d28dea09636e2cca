"""What is kept of one person, counted: what forgetting them would change."""

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, func, or_, select

from storage import askers
from storage.accounts.account import Account
from storage.accounts.account_rows import account_of, find_named
from storage.accounts.tables import ACCOUNT, AUDIT, IDENTITY, INVITATION, SESSION, TOKEN
from storage.audience_tables import SEAT
from storage.tables import ASSIGNMENT, RANKING

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by name: an account, or an annotator where there are no accounts."""

    name: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of a person."""

    person: Person
    account: int
    sessions: int
    tokens: int
    invitations: int
    """Made by or for this person."""
    identities: int
    rankings: int
    """Corrected ones too."""
    assignments: int
    seats: int
    runs: int
    """Asked by this person and by nobody else."""
    audit: int
    """Entries of the log that name this person."""

    @property
    def anything(self) -> bool:
        """Whether there is something to forget."""
        return any((self.account, self.invitations, self.rankings, self.assignments, self.seats, self.runs))


def person(connection: Connection, name: str) -> Person:
    """The account of that name, however it is spelled; else the annotator of exactly that name."""
    row = find_named(connection, name)
    return Person(name) if row is None else Person(str(row.name), account_of(row))


def kept(connection: Connection, whom: Person) -> Kept:
    """What is kept of a person now."""
    id = None if whom.account is None else whom.account.id
    return Kept(
        whom,
        account=int(id is not None),
        sessions=_count(connection, SESSION, SESSION.c.account_id == id),
        tokens=_count(connection, TOKEN, TOKEN.c.account_id == id),
        invitations=_count(connection, INVITATION, of_invitations(whom)),
        identities=_count(connection, IDENTITY, IDENTITY.c.account_id == id),
        rankings=_count(connection, RANKING, RANKING.c.annotator == whom.name),
        assignments=_count(connection, ASSIGNMENT, ASSIGNMENT.c.annotator == whom.name),
        seats=_count(connection, SEAT, SEAT.c.annotator == whom.name),
        runs=len(askers.runs_of(connection, whom.name)),
        audit=len(audit_entries(connection, whom)),
    )


def has_password(connection: Connection, account_id: str | None) -> bool:
    """Whether the account has a password here."""
    named = (ACCOUNT.c.id == account_id) & ACCOUNT.c.password.is_not(None)
    return connection.execute(select(ACCOUNT.c.id).where(named)).first() is not None


def of_invitations(whom: Person) -> ColumnElement[bool]:
    """That an invitation was made by or for this person."""
    said = [INVITATION.c.inviter == whom.name, INVITATION.c.name == whom.name]
    if whom.account is not None:
        said += [INVITATION.c.inviter_id == whom.account.id, INVITATION.c.account_id == whom.account.id]
    return or_(*said)


def audit_entries(connection: Connection, whom: Person) -> list[Row[Any]]:
    """The entries of the log that name this person, oldest first."""
    about = [column.contains(whom.name, autoescape=True) for column in (AUDIT.c.subject, AUDIT.c.detail)]
    said = [AUDIT.c.actor == whom.name, *about]
    if whom.account is not None:
        said.append(AUDIT.c.actor_id == whom.account.id)
    word = as_word(whom.name)
    id = None if whom.account is None else whom.account.id
    return [
        row
        for row in connection.execute(select(AUDIT).where(or_(*said)).order_by(AUDIT.c.sequence))
        if is_actor(row, whom.name, id) or any(word.search(text or "") for text in (row.subject, row.detail))
    ]


def is_actor(row: Row[Any], name: str, id: str | None) -> bool:
    """Whether an entry tells what this person did."""
    return bool(row.actor == name or (id is not None and row.actor_id == id))


def as_word(name: str) -> re.Pattern[str]:
    """The name, but not as a part of a longer word."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _count(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one())
