"""Tables of accounts, of what lets somebody in, and of what was done. No secret is kept, only what tells it again."""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import Table, Text
from sqlmodel import Field, ForeignKey, Index, UniqueConstraint

from storage.tables import COUNTER, TIME, Row


class AccountRow(Row, table=True):
    """A person, or a program. Deleted only where somebody is forgotten: rankings and the log name it."""

    __tablename__ = "account"
    __table_args__: ClassVar = (UniqueConstraint("folded_name"),)

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    folded_name: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    password: str | None = Field(default=None, sa_type=Text)
    """As argon2 encodes it; null where the account has none."""
    made_at: datetime = Field(sa_type=TIME)
    disabled_at: datetime | None = Field(default=None, sa_type=TIME)


class SessionRow(Row, table=True):
    """Somebody who logged in with one browser."""

    __tablename__ = "account_session"
    __table_args__: ClassVar = (UniqueConstraint("secret_sha256"), Index(None, "expires_at"))

    id: str = Field(primary_key=True, sa_type=Text)
    secret_sha256: str = Field(sa_type=Text)
    account_id: str = Field(index=True, sa_type=Text, sa_column_args=(ForeignKey("account.id"),))
    began_at: datetime = Field(sa_type=TIME)
    seen_at: datetime = Field(sa_type=TIME)
    """To within five minutes."""
    expires_at: datetime = Field(sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)
    address: str | None = Field(default=None, sa_type=Text)
    agent: str | None = Field(default=None, sa_type=Text)
    """What the browser says it is."""


class InvitationRow(Row, table=True):
    """A link by which one person can make an account."""

    __tablename__ = "account_invitation"
    __table_args__: ClassVar = (UniqueConstraint("secret_sha256"),)

    id: str = Field(primary_key=True, sa_type=Text)
    secret_sha256: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    inviter: str = Field(sa_type=Text)
    inviter_id: str | None = Field(default=None, sa_type=Text, sa_column_args=(ForeignKey("account.id"),))
    """Null where it was made at the server's command line."""
    name: str | None = Field(default=None, sa_type=Text)
    """Of the account; null leaves it to who accepts."""
    adopt: bool = False
    """Whether that name takes on the rankings that exist under it."""
    study_id: str | None = Field(default=None, sa_type=Text, sa_column_args=(ForeignKey("study.id"),))
    made_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME)
    revoked_at: datetime | None = Field(default=None, sa_type=TIME)
    accepted_at: datetime | None = Field(default=None, sa_type=TIME)
    account_id: str | None = Field(default=None, sa_type=Text, sa_column_args=(ForeignKey("account.id"),))
    """The account that was made."""


class TokenRow(Row, table=True):
    """What lets a program in."""

    __tablename__ = "account_token"
    __table_args__: ClassVar = (UniqueConstraint("secret_sha256"),)

    id: str = Field(primary_key=True, sa_type=Text)
    secret_sha256: str = Field(sa_type=Text)
    account_id: str = Field(index=True, sa_type=Text, sa_column_args=(ForeignKey("account.id"),))
    label: str = Field(sa_type=Text)
    scopes: str = Field(sa_type=Text)
    """Words with spaces between them."""
    made_at: datetime = Field(sa_type=TIME)
    expires_at: datetime = Field(sa_type=TIME)
    used_at: datetime | None = Field(default=None, sa_type=TIME)
    """To within five minutes."""
    revoked_at: datetime | None = Field(default=None, sa_type=TIME)


class IdentityRow(Row, table=True):
    """Whom a provider of OpenID Connect knows an account as."""

    __tablename__ = "account_identity"

    issuer: str = Field(primary_key=True, sa_type=Text)
    subject: str = Field(primary_key=True, sa_type=Text)
    account_id: str = Field(index=True, sa_type=Text, sa_column_args=(ForeignKey("account.id"),))
    linked_at: datetime = Field(sa_type=TIME)


class LoginFailureRow(Row, table=True):
    """An attempt to log in that has not succeeded. Rows go when their quarter of an hour is over."""

    __tablename__ = "login_failure"
    __table_args__: ClassVar = (Index(None, "name_sha256", "failed_at"), Index(None, "place", "failed_at"))

    sequence: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    name_sha256: str = Field(sa_type=Text)
    """Of the folded name: people type passwords into the wrong field."""
    place: str = Field(sa_type=Text)
    """The address, or the network of an IPv6 address."""
    failed_at: datetime = Field(sa_type=TIME)


class LoginPlaceRow(Row, table=True):
    """Where from somebody logged in lately."""

    __tablename__ = "login_place"

    name_sha256: str = Field(primary_key=True, sa_type=Text)
    place: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(sa_type=TIME)


class AuditRow(Row, table=True):
    """What somebody did. Rows are added; they go with their time, and forgetting strikes names out of them."""

    __tablename__ = "audit_entry"
    __table_args__: ClassVar = (
        Index(None, "actor", "sequence"),
        Index(None, "act", "sequence"),
        Index(None, "subject", "sequence"),
    )

    sequence: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    at: datetime = Field(sa_type=TIME)
    actor: str = Field(sa_type=Text)
    actor_id: str | None = Field(default=None, sa_type=Text)
    """Of the account; null at the command line and in single-user mode."""
    act: str = Field(sa_type=Text)
    subject: str | None = Field(default=None, sa_type=Text)
    detail: str | None = Field(default=None, sa_type=Text)
    address: str | None = Field(default=None, sa_type=Text)


_TABLES = Row.metadata.tables
ACCOUNT: Final[Table] = _TABLES["account"]
SESSION: Final[Table] = _TABLES["account_session"]
INVITATION: Final[Table] = _TABLES["account_invitation"]
TOKEN: Final[Table] = _TABLES["account_token"]
IDENTITY: Final[Table] = _TABLES["account_identity"]
LOGIN_FAILURE: Final[Table] = _TABLES["login_failure"]
LOGIN_PLACE: Final[Table] = _TABLES["login_place"]
AUDIT: Final[Table] = _TABLES["audit_entry"]
