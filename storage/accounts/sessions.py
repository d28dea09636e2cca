"""Sessions: what a browser's cookie opens. The cookie has the secret, the database only its SHA-256."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from storage.accounts.account import Account
from storage.accounts.account_rows import (
    NotAllowed,
    account_of,
    changed_by,
    check_password_is,
    locked,
    new_id,
    row_of,
)
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.secret import new_secret, sha256
from storage.accounts.session_rows import end_sessions
from storage.accounts.tables import ACCOUNT, SESSION
from storage.study_records import aware

if TYPE_CHECKING:
    from storage.store import Store

LIFETIME: Final = timedelta(days=14)
"""After which somebody logs in again, however busy."""
IDLE: Final = timedelta(days=2)
"""After which a session that nobody used is over."""
SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is kept when a session was used last."""
_FORGOTTEN_AFTER: Final = timedelta(days=30)
_LONGEST_AGENT: Final = 300


@dataclass(frozen=True, slots=True)
class Session:
    """One login with one browser."""

    id: str
    """Names it; opens nothing."""
    account_id: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    address: str | None = None
    agent: str | None = None

    def open(self, now: datetime) -> bool:
        """Whether it lets somebody in, as long as the account may do something."""
        return self.ended_at is None and now < min(self.expires_at, self.seen_at + IDLE)


def were_over(at: datetime) -> ColumnElement[bool]:
    """That a session let nobody in any more at that moment."""
    return (SESSION.c.ended_at < at) | (SESSION.c.expires_at < at) | (SESSION.c.seen_at < at - IDLE)


class Sessions:
    """The sessions that a store keeps."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    async def begin(
        self,
        account: Account,
        address: str | None,
        agent: str | None,
        lifetime: timedelta = LIFETIME,
        hashed: str | None = None,
    ) -> tuple[str, Session]:
        """Log in: a new secret for the cookie, and its session. Written into the log.

        Always a new secret, so that nobody can be given one beforehand. Raises NotAllowed for a disabled account, and
        where `hashed`, of the password that was shown, is not that of the account any more.
        """
        secret, now = new_secret(), self._clock()
        session = Session(new_id(), account.id, now, now, now + lifetime, None, address, _short(agent))

        def write(connection: Connection) -> None:
            found = locked(connection, account.id)
            if found.disabled_at is not None:
                raise NotAllowed("the account is disabled")
            check_password_is(connection, account.id, hashed)
            connection.execute(delete(SESSION).where(were_over(now - _FORGOTTEN_AFTER)))
            connection.execute(insert(SESSION), _row(session) | {"secret_sha256": sha256(secret)})
            noted(connection, Actor(found.name, found.id, address), Act.LOGGED_IN, None, now)

        await self._store.write(write)
        return secret, session

    def of(self, secret: str) -> tuple[Account, Session] | None:
        """Who is there with that secret; `None` where the session is over or unknown, or the account is disabled."""
        joined = SESSION.join(ACCOUNT, ACCOUNT.c.id == SESSION.c.account_id)
        wanted = select(ACCOUNT, *_OWN).select_from(joined).where(SESSION.c.secret_sha256 == sha256(secret))
        row = self._store.read(lambda connection: connection.execute(wanted).first())
        if row is None or row.disabled_at is not None:
            return None
        session = _session(row)
        return (account_of(row), session) if session.open(self._clock()) else None

    async def seen(self, session: Session) -> None:
        """Keep that it was used, at most every five minutes: without it the session is over after two days."""
        now = self._clock()
        if now - session.seen_at >= SEEN_EVERY:
            this = (SESSION.c.id == session.id) & (SESSION.c.seen_at < now)
            await self._store.write(
                lambda connection: connection.execute(update(SESSION).where(this).values(seen_at=now)).rowcount
            )

    async def end(self, id: str, by: Actor) -> None:
        """Log out, by the account itself or by an admin; one that is over stays so. Raises StoreMissing, NotAllowed."""

        def write(connection: Connection) -> None:
            row = row_of(connection, SESSION, id, "session")
            account = changed_by(connection, row.account_id, by, own=True)
            open_one = (SESSION.c.id == id) & SESSION.c.ended_at.is_(None)
            now = self._clock()
            if connection.execute(update(SESSION).where(open_one).values(ended_at=now)).rowcount:
                noted(connection, by, Act.LOGGED_OUT, Said(account.name), now)

        await self._store.write(write)

    async def end_all(self, account_id: str, by: Actor, besides: str | None = None) -> int:
        """Log out everywhere but in that session; gives how many ended. Raises StoreMissing and NotAllowed."""

        def write(connection: Connection) -> int:
            account = changed_by(connection, account_id, by, own=True)
            now = self._clock()
            ended = end_sessions(connection, account_id, now, besides)
            if ended:
                noted(connection, by, Act.SESSIONS_ENDED, Said(account.name, str(ended)), now)
            return ended

        return await self._store.write(write)

    def list(self, account_id: str) -> tuple[Session, ...]:
        """Those of an account that let somebody in, the last used first."""
        theirs = (SESSION.c.account_id == account_id) & SESSION.c.ended_at.is_(None)
        latest = select(*_OWN).where(theirs).order_by(SESSION.c.seen_at.desc(), SESSION.c.id)
        found = self._store.read(lambda connection: connection.execute(latest).all())
        now = self._clock()
        return tuple(one for one in map(_session, found) if one.open(now))


_OWN: Final = tuple(
    SESSION.c[name].label(label)
    for name, label in (
        ("id", "session_id"),
        ("account_id", "account_id"),
        ("began_at", "began_at"),
        ("seen_at", "seen_at"),
        ("expires_at", "expires_at"),
        ("ended_at", "ended_at"),
        ("address", "address"),
        ("agent", "agent"),
    )
)


def _session(row: Row[Any]) -> Session:
    ended = None if row.ended_at is None else aware(row.ended_at)
    times = (aware(row.began_at), aware(row.seen_at), aware(row.expires_at))
    return Session(row.session_id, row.account_id, *times, ended, row.address, row.agent)


def _row(session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "account_id": session.account_id,
        "began_at": session.began_at,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
        "address": session.address,
        "agent": session.agent,
    }


def _short(agent: str | None) -> str | None:
    return None if agent is None else "".join(one for one in agent[:_LONGEST_AGENT] if one.isprintable())
