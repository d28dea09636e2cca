"""Accounts as a store keeps them: added, given another role, disabled, enabled. Never renamed.

Deleted only where somebody is forgotten; see storage.privacy.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select, update

from storage.accounts import passwords
from storage.accounts.account import Account, Role
from storage.accounts.account_rows import (
    NewAccount,
    account_of,
    active_admins,
    changed_by,
    check_password_is,
    create,
    find,
    find_named,
    locked,
)
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.session_rows import end_sessions
from storage.accounts.tables import ACCOUNT
from storage.errors import StoreConflict

if TYPE_CHECKING:
    from storage.store import Store

LOOK_AGAIN_S: Final = 1.0
"""So long a server may go on believing that there is no account."""


@dataclass(frozen=True, slots=True)
class Proven:
    """An account, and the hash of the password that somebody has just shown to know."""

    account: Account
    hashed: str = field(repr=False)
    """For what is done next: it is refused where the account has another password by then."""


class Accounts:
    """The accounts that a store keeps. What changes them is in the audit log, or it did not happen."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock
        self._any = False
        self._looked_at_s = float("-inf")

    async def add(self, name: str, role: Role, password: str | None, by: Actor, adopt: bool = False) -> Account:
        """Make an account; without a password it is entered through OpenID Connect alone.

        The first one must be an admin, made at the command line. Raises BadName, BadPassword, NotAllowed, and
        StoreConflict where the name, however it is spelled, is that of another account, or rankings exist under it:
        with `adopt` the account takes these on.
        """
        new = NewAccount(name, role, await _hashed(password, name), adopt)
        return await self._store.write(lambda connection: create(connection, new, by, self._clock()))

    async def set_role(self, id: str, role: Role, by: Actor) -> Account:
        """Give an account another role, at once for its sessions and tokens.

        Raises StoreMissing, NotAllowed, and StoreConflict for the last admin.
        """

        def write(connection: Connection) -> Account:
            found = changed_by(connection, id, by)
            if found.role is role:
                return found
            if role is not Role.ADMIN:
                _check_not_last(connection, found)
            said = Said(found.name, f"{found.role} to {role}")
            return _set(connection, found, {"role": str(role)}, (by, Act.ROLE_CHANGED, said, self._clock()))

        return await self._store.write(write)

    async def disable(self, id: str, by: Actor) -> Account:
        """Let an account do nothing any more: its sessions end, its tokens and invitations are void while it is so.

        Raises StoreMissing, NotAllowed, and StoreConflict for the last admin.
        """

        def write(connection: Connection) -> Account:
            found = changed_by(connection, id, by)
            if found.disabled_at is not None:
                return found
            _check_not_last(connection, found)
            now = self._clock()
            end_sessions(connection, id, now)
            said = Said(found.name)
            return _set(connection, found, {"disabled_at": now}, (by, Act.ACCOUNT_DISABLED, said, now))

        return await self._store.write(write)

    async def enable(self, id: str, by: Actor) -> Account:
        """Take `disable` back; sessions stay ended, tokens that have not run out are good again.

        Raises StoreMissing and NotAllowed.
        """

        def write(connection: Connection) -> Account:
            found = changed_by(connection, id, by)
            if found.disabled_at is None:
                return found
            said = Said(found.name)
            return _set(connection, found, {"disabled_at": None}, (by, Act.ACCOUNT_ENABLED, said, self._clock()))

        return await self._store.write(write)

    async def set_password(
        self, id: str, password: str, by: Actor, besides: str | None = None, before: str | None = None
    ) -> Proven:
        """Give an account a new password, by itself or by an admin, and end all its sessions besides that one.

        Raises BadPassword, StoreMissing and NotAllowed, also where `before` is not the hash that it has until then.
        """
        named = await asyncio.to_thread(self.by_id, id)
        passwords.check_new_password(password, named.name if named is not None else "")
        made = await passwords.hashed(password)

        def write(connection: Connection) -> Account:
            found = changed_by(connection, id, by, own=True)
            check_password_is(connection, id, before)
            now = self._clock()
            ended = end_sessions(connection, id, now, besides)
            said = Said(found.name, f"sessions ended: {ended}")
            return _set(connection, found, {"password": made}, (by, Act.PASSWORD_CHANGED, said, now))

        return Proven(await self._store.write(write), made)

    async def entered(self, name: str, password: str) -> Account | None:
        """As `proven`, where nothing is done next."""
        found = await self.proven(name, password)
        return None if found is None else found.account

    async def proven(self, name: str, password: str) -> Proven | None:
        """The account of that name, however spelled, if this is its password and it is not disabled.

        Takes as long where there is no such account. Count the attempt first: see `LoginThrottle.attempt`.
        """
        found = await asyncio.to_thread(self._store.read, lambda connection: find_named(connection, name))
        kept = None if found is None else found.password
        if not await passwords.fits(password, kept) or found is None or kept is None:
            return None
        if passwords.outdated(kept):
            made = await passwords.hashed(password)
            same = (ACCOUNT.c.id == found.id) & (ACCOUNT.c.password == kept)
            if not await self._store.write(
                lambda connection: connection.execute(update(ACCOUNT).where(same).values(password=made)).rowcount
            ):
                return await self.proven(name, password)  # somebody else was quicker: another login, or a new password
            kept = made
        account = account_of(found)
        return Proven(account, kept) if account.disabled_at is None else None

    def any_account(self) -> bool:
        """Whether there is an account, also a disabled one. Cheap: no more than one look in a second, none once true.

        An account that another process makes is noticed within that second.
        """
        if self._any:
            return True
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= LOOK_AGAIN_S:
            self._any = bool(self._store.rows(select(ACCOUNT.c.id).limit(1)))
            self._looked_at_s = now_s  # only now: whoever asks meanwhile, in another thread, looks too
        return self._any

    def by_name(self, name: str) -> Account | None:
        """The account of that name, however it is spelled."""
        row = self._store.read(lambda connection: find_named(connection, name))
        return None if row is None else account_of(row)

    def by_id(self, id: str) -> Account | None:
        """The account of that id."""
        return self._store.read(lambda connection: find(connection, id))

    def all(self) -> tuple[Account, ...]:
        """All accounts, by name; disabled ones too."""
        by_name = select(ACCOUNT).order_by(ACCOUNT.c.folded_name)
        return tuple(map(account_of, self._store.read(lambda connection: connection.execute(by_name).all())))


async def _hashed(password: str | None, name: str) -> str | None:
    if password is None:
        return None
    passwords.check_new_password(password, name)
    return await passwords.hashed(password)


def _check_not_last(connection: Connection, account: Account) -> None:
    """Raises StoreConflict where nobody else could make accounts any more."""
    if active_admins(connection) == [account.id]:
        raise StoreConflict(f"{account.name} is the last admin: make somebody else an admin first")


def _set(
    connection: Connection, account: Account, values: dict[str, object], told: tuple[Actor, Act, Said, datetime]
) -> Account:
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(values))
    noted(connection, *told)
    return locked(connection, account.id)
