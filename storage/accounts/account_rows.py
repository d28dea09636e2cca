"""Accounts in SQL: small functions over an open connection."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select

from storage.accounts.account import Account, Role
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.names import check_name, folded
from storage.accounts.tables import ACCOUNT
from storage.errors import StoreConflict, StoreError, StoreMissing
from storage.study_assignments import alone
from storage.study_records import aware
from storage.tables import ASSIGNMENT, RANKING
from storage.tombstones import being_forgotten


class NotAllowed(StoreError):
    """Whoever asks may not do this; nothing was changed."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to make."""

    name: str
    role: Role
    password: str | None = None
    """As argon2 encodes it."""
    adopt: bool = False
    """Whether it takes on the rankings that exist under its name."""


def create(connection: Connection, new: NewAccount, by: Actor, now: datetime) -> Account:
    """Make an account on an admin's word; see `Accounts.add`."""
    alone(connection)
    if not any_account(connection) and not (by.console and new.role is Role.ADMIN):
        raise NotAllowed("the first account must be an admin's, made on the server: podium user add NAME --role admin")
    check_may(connection, by, Role.ADMIN)
    return keep(connection, new, (by, Act.ACCOUNT_ADDED), now)


def keep(connection: Connection, new: NewAccount, told: tuple[Actor, Act], now: datetime) -> Account:
    """Make an account and write it into the log, whoever asks; raises BadName and StoreConflict for the name."""
    name = check_name(new.name)
    if find_named(connection, name) is not None:
        raise StoreConflict("there is already an account of that name; choose another name")
    if folded(name) in {folded(one) for one in being_forgotten(connection)}:
        raise StoreConflict("somebody of that name is being forgotten; choose another name, or try again in a minute")
    adopted = _adopted(connection, name, new.adopt)
    account = Account(new_id(), name, new.role, now)
    row = {"id": account.id, "name": name, "folded_name": folded(name), "role": str(new.role), "made_at": now}
    connection.execute(insert(ACCOUNT), row | {"password": new.password})
    by, act = told
    words = f"{new.role}, takes on rankings" if adopted else str(new.role)
    noted(connection, by, act, Said(name, words), now)
    return account


def find(connection: Connection, id: str) -> Account | None:
    """The account of that id."""
    if not id.isprintable():  # not every database takes such a text as a value
        return None
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == id)).first()
    return None if row is None else account_of(row)


def find_named(connection: Connection, name: str) -> Row[Any] | None:
    """The row of the account of that name, however it is spelled."""
    wanted = folded(name)
    if not wanted.isprintable():
        return None
    return connection.execute(select(ACCOUNT).where(ACCOUNT.c.folded_name == wanted)).first()


def locked(connection: Connection, id: str) -> Account:
    """The account, while no other account changes; raises StoreMissing."""
    alone(connection)
    found = find(connection, id)
    if found is None:
        raise StoreMissing("there is no such account")
    return found


def changed_by(connection: Connection, id: str, by: Actor, *, own: bool = False) -> Account:
    """The account that an admin wants to change, or with `own` also the account itself, while no other one changes.

    Raises StoreMissing and NotAllowed.
    """
    found = locked(connection, id)
    check_may(connection, by, Role.VIEWER if own and by.account == id else Role.ADMIN)
    return found


def check_may(connection: Connection, by: Actor, needed: Role) -> None:
    """Raises NotAllowed unless that is somebody at the command line, or an active account of at least that role."""
    if by.console:
        return
    account = None if by.account is None else find(connection, by.account)
    if account is None or account.disabled_at is not None or not account.role.covers(needed):
        raise NotAllowed(f"only an account of role {needed} may do this")


def check_password_is(connection: Connection, id: str, hashed: str | None) -> None:
    """Raises NotAllowed where the account has another password by now than that of the hash; `None`: any will do."""
    if hashed is None:
        return
    kept = connection.execute(select(ACCOUNT.c.password).where(ACCOUNT.c.id == id)).scalar()
    if kept != hashed:
        raise NotAllowed("the password was changed meanwhile; log in with the new one")


def any_account(connection: Connection) -> bool:
    """Whether there is one."""
    return connection.execute(select(ACCOUNT.c.id).limit(1)).first() is not None


def active_admins(connection: Connection) -> list[str]:
    """The ids of admins that are not disabled."""
    active = (ACCOUNT.c.role == str(Role.ADMIN)) & ACCOUNT.c.disabled_at.is_(None)
    return list(connection.execute(select(ACCOUNT.c.id).where(active)).scalars())


def row_of(connection: Connection, table: Table, id: str, noun: str) -> Row[Any]:
    """The row of that id; raises StoreMissing."""
    row = connection.execute(select(table).where(table.c.id == id)).first() if id.isprintable() else None
    if row is None:
        raise StoreMissing(f"there is no such {noun}")
    return row


def account_of(row: Row[Any]) -> Account:
    """The account of a row that has its columns."""
    disabled = None if row.disabled_at is None else aware(row.disabled_at)
    return Account(row.id, row.name, Role(row.role), aware(row.made_at), disabled)


def new_id() -> str:
    """For an account, or for what belongs to one. It opens nothing."""
    return secrets.token_hex(8)


def _adopted(connection: Connection, name: str, adopt: bool) -> bool:
    """Whether somebody ranked under that name; raises StoreConflict unless the account is to take that on."""
    alike = folded(name)
    known = {
        annotator
        for table in (RANKING, ASSIGNMENT)
        for annotator in connection.execute(select(table.c.annotator).distinct()).scalars()
        if folded(annotator) == alike
    }
    if not known:
        return False
    if not adopt:
        raise StoreConflict(
            "somebody has ranked under that name already: choose another one, or let an admin make the account on the "
            "server with podium user add --adopt, if it is the same person"
        )
    if name not in known:
        raise StoreConflict(f"the rankings are those of {sorted(known)[0]!r}: give the account exactly that name")
    return True
