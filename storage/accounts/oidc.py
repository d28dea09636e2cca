"""Accounts that are entered through OpenID Connect: matched by issuer and subject, never by a name or an e-mail."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, insert, select

from storage.accounts import invitations
from storage.accounts.account import Account, Role
from storage.accounts.account_rows import NewAccount, NotAllowed, account_of, any_account, keep
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.names import LONGEST, BadName
from storage.accounts.secret import sha256
from storage.accounts.tables import ACCOUNT, IDENTITY
from storage.errors import StoreConflict
from storage.study_assignments import alone

if TYPE_CHECKING:
    from storage.store import Store

_LONGEST: Final = 1_000
_TRIES: Final = 50


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider says somebody is."""

    issuer: str
    subject: str

    def __post_init__(self) -> None:
        for text in (self.issuer, self.subject):
            if not 1 <= len(text) <= _LONGEST or not text.isprintable():
                raise ValueError(f"a provider names its issuer and a subject in 1 to {_LONGEST:,} printable characters")


class Identities:
    """The identities that a store knows."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    def of(self, identity: Identity) -> Account | None:
        """The account that is entered so, also a disabled one."""
        return self._store.read(lambda connection: _find(connection, identity))

    async def welcome(
        self,
        identity: Identity,
        name: str,
        role: Role | None,
        invitation: str | None = None,
        address: str | None = None,
    ) -> Account:
        """The account of an identity; where it has none yet, a new one, linked to it in the same transaction.

        With the secret of an invitation the new account has its role and name. Without, it has `role`, or there is no
        account to be had where that is `None`. A name that is taken gets a number behind it. Raises NotAllowed (before
        the first account too), BadInvitation, BadName.
        """

        def write(connection: Connection) -> Account:
            alone(connection)
            known = _find(connection, identity)
            if known is not None:
                return known
            now = self._clock()
            if invitation is not None:
                secret = sha256(invitation)
                account = _first_free(
                    name, lambda new: invitations.accept(connection, secret, NewAccount(new, Role.VIEWER), now, address)
                )
            else:
                account = _newcomer(connection, name, role, (address, now))
            _link(connection, identity, account, Actor(account.name, account.id, address), now)
            return account

        return await self._store.write(write)


def _link(connection: Connection, identity: Identity, account: Account, by: Actor, now: datetime) -> None:
    row = {"issuer": identity.issuer, "subject": identity.subject, "account_id": account.id, "linked_at": now}
    connection.execute(insert(IDENTITY), row)
    noted(connection, by, Act.IDENTITY_LINKED, Said(account.name, identity.issuer), now)


def _newcomer(connection: Connection, name: str, role: Role | None, when: tuple[str | None, datetime]) -> Account:
    """An account nobody invited, under the first free name."""
    if role is None or not any_account(connection):
        raise NotAllowed("nobody has invited you here: ask an admin for an invitation")
    address, now = when

    def make(called: str) -> Account:
        return keep(connection, NewAccount(called, role), (Actor(called, None, address), Act.ACCOUNT_ADDED), now)

    return _first_free(name, make)


def _first_free(name: str, make: Callable[[str], Account]) -> Account:
    """The account that is made under the name, or with the first number behind it with which nobody else is meant."""
    trimmed = name.strip()
    for number in range(1, _TRIES + 1):
        suffix = "" if number == 1 else f" {number}"
        with contextlib.suppress(StoreConflict):
            return make(trimmed[: LONGEST - len(suffix)] + suffix)
    raise BadName("that name is taken; ask an admin for an invitation with another one")


def _find(connection: Connection, identity: Identity) -> Account | None:
    joined = IDENTITY.join(ACCOUNT, ACCOUNT.c.id == IDENTITY.c.account_id)
    this = (IDENTITY.c.issuer == identity.issuer) & (IDENTITY.c.subject == identity.subject)
    row = connection.execute(select(ACCOUNT).select_from(joined).where(this)).first()
    return None if row is None else account_of(row)
