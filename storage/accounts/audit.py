"""The log of who did what. What changes an account, or what lets somebody in, is written in the same transaction.

Refusals, exports and what is done with studies are written right after. Entries are neither changed nor deleted but
where somebody is forgotten or their time is over; see storage.privacy.

No secret is ever part of an entry: no password, no token, no invitation, and no name that somebody typed who was not
let in, for people type passwords into the wrong field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, insert, select

from storage.accounts.actor import Actor
from storage.accounts.clock import now_utc
from storage.accounts.tables import AUDIT
from storage.study_records import aware

if TYPE_CHECKING:
    from storage.store import Store

LONGEST: Final = 500
"""Characters of each text of an entry."""


class Act(StrEnum):
    """What can be done that is worth remembering."""

    ACCOUNT_ADDED = "account added"
    ROLE_CHANGED = "role changed"
    ACCOUNT_DISABLED = "account disabled"
    ACCOUNT_ENABLED = "account enabled"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - words for people
    LOGGED_IN = "logged in"
    LOGIN_REFUSED = "login refused"
    WRONG_PASSWORD = "wrong password"  # noqa: S105
    """Of somebody who is in already, and was asked for it once more."""
    LOGGED_OUT = "logged out"
    SESSIONS_ENDED = "sessions ended"
    INVITATION_MADE = "invitation made"
    INVITATION_ACCEPTED = "invitation accepted"
    INVITATION_REVOKED = "invitation revoked"
    TOKEN_MADE = "token made"  # noqa: S105
    TOKEN_REVOKED = "token revoked"  # noqa: S105
    IDENTITY_LINKED = "identity linked"
    STUDY_MADE = "study made"
    STUDY_CLOSED = "study closed"
    EXPORTED = "exported"
    LIMIT_SET = "limit set"
    LIMIT_REMOVED = "limit removed"
    KILL_SWITCH_ON = "kill switch on"
    KILL_SWITCH_OFF = "kill switch off"
    DATA_FORGOTTEN = "data forgotten"
    DATA_RETIRED = "data retired"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did."""

    sequence: int
    """Counts up; give it as `before` to read on."""
    at: datetime
    actor: str
    act: str
    """An `Act`, or one of a newer version."""
    subject: str | None = None
    """To whom or what: the name of an account, the id of a study."""
    detail: str | None = None
    address: str | None = None
    actor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says beside who, what and when."""

    subject: str | None = None
    detail: str | None = None
    address: str | None = None
    """`None`: the actor's."""


def noted(
    connection: Connection, actor: Actor, act: Act, said: Said | None = None, now: datetime | None = None
) -> None:
    """Write an entry in the transaction of what it tells of. `now` is the present moment where it is left out."""
    words = said or Said()
    row = {
        "at": now or now_utc(),
        "actor": _plain(actor.name) or "unknown",
        "actor_id": actor.account,
        "act": str(act),
        "subject": _plain(words.subject),
        "detail": _plain(words.detail),
        "address": _plain(words.address or actor.address),
    }
    connection.execute(insert(AUDIT), row)


class AuditLog:
    """The entries that a store keeps."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        actor: Actor,
        act: Act,
        subject: str | None = None,
        detail: str | None = None,
        address: str | None = None,
    ) -> None:
        """Write an entry, durably when it returns. What changes something uses `noted` in its own transaction."""
        now, said = self._clock(), Said(subject, detail, address)
        await self._store.write(lambda connection: noted(connection, actor, act, said, now))

    def entries(
        self,
        limit: int = 100,
        before: int | None = None,
        actor: str | None = None,
        act: Act | None = None,
        subject: str | None = None,
    ) -> tuple[Entry, ...]:
        """The newest entries, newest first: those before that sequence, of that actor, of that act, on that subject."""
        wanted = {AUDIT.c.actor: actor, AUDIT.c.act: None if act is None else str(act), AUDIT.c.subject: subject}
        if any(value is not None and not value.isprintable() for value in wanted.values()):
            return ()
        found = select(AUDIT).order_by(AUDIT.c.sequence.desc()).limit(limit)
        for column, value in wanted.items():
            if value is not None:
                found = found.where(column == value)
        if before is not None:
            found = found.where(AUDIT.c.sequence < before)
        return tuple(map(_entry, self._store.read(lambda connection: connection.execute(found).all())))


def _plain(text: str | None) -> str | None:
    """Short, and without characters that a terminal or a database could take for something else."""
    if text is None:
        return None
    return "".join(one if one.isprintable() else "\ufffd" for one in text[:LONGEST])


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.sequence, aware(row.at), row.actor, row.act, row.subject, row.detail, row.address, actor_id=row.actor_id
    )
