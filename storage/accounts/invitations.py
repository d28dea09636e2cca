"""Invitations: links by which one person each makes an account. The database has only the SHA-256 of what they hold."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from storage import studies
from storage.accounts import passwords
from storage.accounts.account import Account, Role
from storage.accounts.account_rows import NewAccount, NotAllowed, any_account, check_may, find, keep, new_id, row_of
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.names import check_name
from storage.accounts.secret import new_secret, sha256
from storage.accounts.tables import INVITATION
from storage.errors import StoreMissing
from storage.study_assignments import alone
from storage.study_records import aware

if TYPE_CHECKING:
    from storage.store import Store

LIFETIME: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=30)


class BadInvitation(StoreMissing):
    """No such invitation is open: it is used, revoked or too old, or whoever made it may invite nobody any more."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """As it is kept."""

    id: str
    role: Role
    inviter: str
    made_at: datetime
    expires_at: datetime
    name: str | None = None
    """Of the account; `None` leaves it to who accepts."""
    study: str | None = None
    """Id of the study that it leads to."""
    inviter_id: str | None = None
    adopt: bool = False
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Whether it is neither used nor revoked nor too old."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


def needed_role(invited: Role) -> Role:
    """Who may invite to that role: authors to those below their own, admins to all."""
    return Role.ADMIN if invited.covers(Role.AUTHOR) else Role.AUTHOR


class Invitations:
    """The invitations that a store keeps."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    async def make(
        self,
        role: Role,
        by: Actor,
        lifetime: timedelta = LIFETIME,
        name: str | None = None,
        study: str | None = None,
        adopt: bool = False,
    ) -> tuple[str, Invitation]:
        """The secret of a link, told once, and the invitation.

        Raises NotAllowed (before the first account too), BadName, StoreMissing without that study, ValueError for a
        lifetime that is not between nothing and thirty days.
        """
        if not timedelta() < lifetime <= LONGEST:
            raise ValueError(f"an invitation is open for at most {LONGEST.days} days")
        wanted = None if name is None else check_name(name)
        secret, now = new_secret(), self._clock()
        made = Invitation(
            new_id(), role, by.name, now, now + lifetime, wanted, study, by.account, adopt and wanted is not None
        )
        await self._store.write(lambda connection: _make(connection, made, sha256(secret), by))
        return secret, made

    def look(self, secret: str) -> Invitation | None:
        """The invitation of that secret; `None` unless it can be accepted now. It is not used by looking."""
        this = INVITATION.c.secret_sha256 == sha256(secret)
        return self._store.read(lambda connection: _acceptable(connection, this, self._clock()))

    async def accept(self, secret: str, name: str, password: str, address: str | None = None) -> Account:
        """Make the account, and use up the invitation: of many who try at once, one gets it.

        The name is the invitation's where that has one. Raises BadInvitation, BadName, BadPassword, and StoreConflict
        where the name is taken.
        """
        open_one = await asyncio.to_thread(self.look, secret)
        if open_one is None:
            raise BadInvitation(_NOT_OPEN)
        called = open_one.name or name
        passwords.check_new_password(password, called)
        hashed = await passwords.hashed(password)
        return await self._store.write(
            lambda connection: accept(
                connection, sha256(secret), NewAccount(called, Role.VIEWER, hashed), self._clock(), address
            )
        )

    async def revoke(self, id: str, by: Actor) -> None:
        """Let nobody use it any more; one that is used stays so. By who made it, or by an admin.

        Raises StoreMissing and NotAllowed.
        """

        def write(connection: Connection) -> None:
            alone(connection)
            row = row_of(connection, INVITATION, id, "invitation")
            own = by.account is not None and row.inviter_id == by.account
            check_may(connection, by, Role.AUTHOR if own else Role.ADMIN)
            now = self._clock()
            if _invitation(row).open(now):
                connection.execute(update(INVITATION).where(INVITATION.c.id == id).values(revoked_at=now))
                noted(connection, by, Act.INVITATION_REVOKED, Said(row.name, f"{id}, {row.role}"), now)

        await self._store.write(write)

    def list(self, inviter_id: str | None = None) -> tuple[Invitation, ...]:
        """Those that are open, of one account or all, the newest first."""
        wanted = select(INVITATION).where(INVITATION.c.accepted_at.is_(None), INVITATION.c.revoked_at.is_(None))
        if inviter_id is not None:
            wanted = wanted.where(INVITATION.c.inviter_id == inviter_id)
        newest = wanted.order_by(INVITATION.c.made_at.desc(), INVITATION.c.id)
        found = self._store.read(lambda connection: connection.execute(newest).all())
        return tuple(one for one in map(_invitation, found) if one.open(self._clock()))


def accept(
    connection: Connection, secret_sha256: str, new: NewAccount, now: datetime, address: str | None = None
) -> Account:
    """Make the account of an invitation with its role, and use it up; see `Invitations.accept`."""
    alone(connection)
    this = INVITATION.c.secret_sha256 == secret_sha256
    found = _acceptable(connection, this, now)
    if found is None:
        raise BadInvitation(_NOT_OPEN)
    wanted = NewAccount(found.name or new.name, found.role, new.password, found.adopt)
    told = Actor(wanted.name.strip(), None, address), Act.INVITATION_ACCEPTED
    account = keep(connection, wanted, told, now)
    connection.execute(update(INVITATION).where(this).values(accepted_at=now, account_id=account.id))
    return account


_NOT_OPEN: Final = "this invitation is not open: it was used, taken back or is too old; ask for a new one"


def _make(connection: Connection, made: Invitation, secret_sha256: str, by: Actor) -> None:
    alone(connection)
    if not any_account(connection):
        raise NotAllowed("nobody can invite before there is an admin: podium user add NAME --role admin")
    check_may(connection, by, _needed(made))
    if made.study is not None and studies.find(connection, made.study) is None:
        raise StoreMissing(f"there is no study {made.study[:200]!r}")
    row = {
        "id": made.id,
        "secret_sha256": secret_sha256,
        "role": str(made.role),
        "inviter": made.inviter,
        "inviter_id": made.inviter_id,
        "name": made.name,
        "adopt": made.adopt,
        "study_id": made.study,
        "made_at": made.made_at,
        "expires_at": made.expires_at,
    }
    connection.execute(insert(INVITATION), row)
    noted(connection, by, Act.INVITATION_MADE, Said(made.name, f"{made.id}, {made.role}"), made.made_at)


def _needed(invitation: Invitation) -> Role:
    """Who may make it, and has to be allowed to still when it is accepted."""
    return Role.ADMIN if invitation.adopt else needed_role(invitation.role)


def _acceptable(connection: Connection, this: ColumnElement[bool], now: datetime) -> Invitation | None:
    """The invitation, if it is open and whoever made it may still make such ones."""
    row = connection.execute(select(INVITATION).where(this)).first()
    if row is None:
        return None
    found = _invitation(row)
    if not found.open(now):
        return None
    if found.inviter_id is None:  # made at the command line
        return found
    inviter = find(connection, found.inviter_id)
    may = inviter is not None and inviter.disabled_at is None and inviter.role.covers(_needed(found))
    return found if may else None


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        row.id,
        Role(row.role),
        row.inviter,
        aware(row.made_at),
        aware(row.expires_at),
        row.name,
        row.study_id,
        row.inviter_id,
        row.adopt,
        None if row.accepted_at is None else aware(row.accepted_at),
        None if row.revoked_at is None else aware(row.revoked_at),
    )
