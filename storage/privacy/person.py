"""What is kept of one person, counted: what forgetting them would change."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from storage import askers
from storage.accounts.tables import ACCOUNT, IDENTITY, INVITATION, SESSION, TOKEN
from storage.audience_tables import SEAT
from storage.privacy import in_log
from storage.privacy.whom import Person
from storage.tables import ASSIGNMENT, RANKING

LONGEST_NAME: Final = 200


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
        audit=len(in_log.entries_on(connection, whom)),
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


def _count(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one())
