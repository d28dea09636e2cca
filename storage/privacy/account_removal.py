"""An account taken away with all that opens it, and its name struck out of the log and of what it set."""

from typing import Final

from sqlalchemy import Connection, delete, select, update

from storage import askers
from storage.accounts.account_rows import active_admins
from storage.accounts.names import folded
from storage.accounts.secret import sha256
from storage.accounts.tables import (
    ACCOUNT,
    IDENTITY,
    INVITATION,
    LOGIN_FAILURE,
    LOGIN_PLACE,
    SESSION,
    TOKEN,
)
from storage.errors import StoreConflict
from storage.privacy import in_log
from storage.privacy.person import of_invitations
from storage.privacy.whom import Person
from storage.spending.rules import Scope
from storage.spending.tables import KILL_SWITCH, RESERVATION, SPEND_LIMIT

LAST_ADMIN: Final = "this is the last admin: make another one first, with podium user add NAME --role admin"


def check_may_go(connection: Connection, whom: Person) -> None:
    """Raises StoreConflict for the last admin."""
    if whom.account is not None and active_admins(connection) == [whom.account.id]:
        raise StoreConflict(LAST_ADMIN)


def remove_account(connection: Connection, whom: Person, pseudonym: str) -> None:
    """Delete the account, its sessions, tokens, invitations and attempts to log in; the log names the pseudonym."""
    in_log.rename(connection, whom, pseudonym)
    digest = sha256(folded(whom.name))
    for table in (LOGIN_FAILURE, LOGIN_PLACE):
        connection.execute(delete(table).where(table.c.name_sha256 == digest))
    _remove_invitations(connection, whom, pseudonym)
    if whom.account is None:
        return
    for table in (SESSION, TOKEN, IDENTITY):
        connection.execute(delete(table).where(table.c.account_id == whom.account.id))
    connection.execute(delete(ACCOUNT).where(ACCOUNT.c.id == whom.account.id))


def rename_in_spending(connection: Connection, name: str, pseudonym: str) -> None:
    """What was spent stays, under the pseudonym; a limit of this person's own goes."""
    own = (SPEND_LIMIT.c.scope == str(Scope.USER)) & (SPEND_LIMIT.c.subject == name)
    connection.execute(delete(SPEND_LIMIT).where(own))
    connection.execute(update(SPEND_LIMIT).where(SPEND_LIMIT.c.set_by == name).values(set_by=pseudonym))
    connection.execute(update(RESERVATION).where(RESERVATION.c.payer == name).values(payer=pseudonym))
    askers.rename(connection, name, pseudonym)
    connection.execute(update(KILL_SWITCH).where(KILL_SWITCH.c.turned_on_by == name).values(turned_on_by=pseudonym))


def _remove_invitations(connection: Connection, whom: Person, pseudonym: str) -> None:
    """Those for this person and those that still wait go; of accepted ones the inviter loses the name."""
    for row in connection.execute(select(INVITATION).where(of_invitations(whom))).all():
        this = INVITATION.c.id == row.id
        id = None if whom.account is None else whom.account.id
        if row.name == whom.name or row.accepted_at is None or (id is not None and row.account_id == id):
            connection.execute(delete(INVITATION).where(this))
        else:
            connection.execute(update(INVITATION).where(this).values(inviter=pseudonym, inviter_id=None))
