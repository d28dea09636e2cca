"""Tokens: what lets a program in, for a stated time and with stated scopes. Kept only as their SHA-256."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from storage.accounts.account import Account
from storage.accounts.account_rows import NotAllowed, account_of, changed_by, new_id, row_of
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.accounts.secret import new_secret, sha256
from storage.accounts.tables import ACCOUNT, TOKEN
from storage.study_records import aware

if TYPE_CHECKING:
    from storage.store import Store

SCOPES: Final = frozenset({"read", "rank", "run", "export", "study", "metrics", "admin"})
PREFIX: Final = "pod_"
"""Of every token, so that it is known for one where it has leaked."""
LIFETIME: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=366)
LONGEST_LABEL: Final = 100
USED_EVERY: Final = timedelta(minutes=5)
"""How exactly it is kept when a token was used last."""


@dataclass(frozen=True, slots=True)
class Token:
    """As it is kept. It may do what its scopes allow *and* the role of its account allows now, no more."""

    id: str
    account_id: str
    label: str
    scopes: frozenset[str]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Whether it lets a program in, as long as its account may do something."""
        return self.revoked_at is None and now < self.expires_at


class Tokens:
    """The tokens that a store keeps."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    async def make(
        self, account: Account, label: str, scopes: Collection[str], by: Actor, lifetime: timedelta = LIFETIME
    ) -> tuple[str, Token]:
        """The token's secret, told once, and the token. By the account itself, or by an admin.

        Raises NotAllowed (a disabled account too), StoreMissing, and ValueError for a label, scope or lifetime that
        cannot be.
        """
        _check(label, scopes, lifetime)
        secret, now = new_secret(PREFIX), self._clock()
        token = Token(new_id(), account.id, label.strip(), frozenset(scopes), now, now + lifetime)

        def write(connection: Connection) -> None:
            found = changed_by(connection, account.id, by, own=True)
            if found.disabled_at is not None:
                raise NotAllowed("the account is disabled")
            row = {
                "id": token.id,
                "secret_sha256": sha256(secret),
                "account_id": found.id,
                "label": token.label,
                "scopes": _joined(token.scopes),
                "made_at": now,
                "expires_at": token.expires_at,
            }
            connection.execute(insert(TOKEN), row)
            words = f"{token.label}: {_joined(token.scopes)}, until {token.expires_at:%Y-%m-%d}"
            noted(connection, by, Act.TOKEN_MADE, Said(found.name, words), now)

        await self._store.write(write)
        return secret, token

    def of(self, secret: str) -> tuple[Account, Token] | None:
        """Whose token it is; `None` where it is unknown, revoked or too old, or its account is disabled."""
        joined = TOKEN.join(ACCOUNT, ACCOUNT.c.id == TOKEN.c.account_id)
        wanted = select(ACCOUNT, *_OWN).select_from(joined).where(TOKEN.c.secret_sha256 == sha256(secret))
        row = self._store.read(lambda connection: connection.execute(wanted).first())
        if row is None or row.disabled_at is not None:
            return None
        token = _token(row)
        return (account_of(row), token) if token.open(self._clock()) else None

    async def used(self, token: Token) -> None:
        """Keep that it was used, at most every five minutes."""
        now = self._clock()
        if token.used_at is None or now - token.used_at >= USED_EVERY:
            this = TOKEN.c.id == token.id
            await self._store.write(
                lambda connection: connection.execute(update(TOKEN).where(this).values(used_at=now)).rowcount
            )

    async def revoke(self, id: str, by: Actor) -> None:
        """Let it open nothing any more. Raises StoreMissing, and NotAllowed unless it is one's own or an admin's."""

        def write(connection: Connection) -> None:
            row = row_of(connection, TOKEN, id, "token")
            account = changed_by(connection, row.account_id, by, own=True)
            open_one = (TOKEN.c.id == id) & TOKEN.c.revoked_at.is_(None)
            now = self._clock()
            if connection.execute(update(TOKEN).where(open_one).values(revoked_at=now)).rowcount:
                noted(connection, by, Act.TOKEN_REVOKED, Said(account.name, row.label), now)

        await self._store.write(write)

    def list(self, account_id: str | None = None) -> tuple[Token, ...]:
        """Those that are open, of one account or of all, the newest first."""
        wanted = select(*_OWN).where(TOKEN.c.revoked_at.is_(None))
        if account_id is not None:
            wanted = wanted.where(TOKEN.c.account_id == account_id)
        newest = wanted.order_by(TOKEN.c.made_at.desc(), TOKEN.c.id)
        found = self._store.read(lambda connection: connection.execute(newest).all())
        return tuple(one for one in map(_token, found) if one.open(self._clock()))


_OWN: Final = tuple(
    TOKEN.c[column].label(f"token_{column}")
    for column in ("id", "account_id", "label", "scopes", "made_at", "expires_at", "used_at", "revoked_at")
)


def _check(label: str, scopes: Collection[str], lifetime: timedelta) -> None:
    trimmed = label.strip()
    if not 1 <= len(trimmed) <= LONGEST_LABEL or not trimmed.isprintable():
        raise ValueError(f"a token has a label of 1 to {LONGEST_LABEL} characters, such as what uses it")
    strange = set(scopes) - SCOPES
    if strange or not scopes:
        told = f"not {', '.join(sorted(strange))[:200]!r}" if strange else "at least one of them"
        raise ValueError(f"the scopes of a token are of {', '.join(sorted(SCOPES))}: {told}")
    if not timedelta() < lifetime <= LONGEST:
        raise ValueError(f"a token is good for at most {LONGEST.days} days")


def _joined(scopes: frozenset[str]) -> str:
    return " ".join(sorted(scopes))


def _token(row: Row[Any]) -> Token:
    return Token(
        row.token_id,
        row.token_account_id,
        row.token_label,
        frozenset(row.token_scopes.split()),
        aware(row.token_made_at),
        aware(row.token_expires_at),
        None if row.token_used_at is None else aware(row.token_used_at),
        None if row.token_revoked_at is None else aware(row.token_revoked_at),
    )
