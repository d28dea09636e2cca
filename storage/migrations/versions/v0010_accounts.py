"""Accounts, sessions, invitations, tokens, attempts to log in, and the log of who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create their tables, all empty: what was there before goes on without accounts."""
    op.create_table(
        "account",
        *_texts("id", "name", "folded_name", "role"),
        *_texts("password", nullable=True),
        *_times("made_at"),
        *_times("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("folded_name", name="uq_account_folded_name"),
    )
    _sessions()
    _invitations()
    _tokens()
    _identities()
    _logins()
    _audit()


def downgrade() -> None:
    """Drop them; runs and rankings stay."""
    for table in (
        "audit_entry",
        "login_place",
        "login_failure",
        "account_identity",
        "account_token",
        "account_invitation",
        "account_session",
        "account",
    ):
        op.drop_table(table)


def _sessions() -> None:
    op.create_table(
        "account_session",
        *_texts("id", "secret_sha256", "account_id"),
        *_times("began_at", "seen_at", "expires_at"),
        *_times("ended_at", nullable=True),
        *_texts("address", "agent", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_session"),
        sa.UniqueConstraint("secret_sha256", name="uq_account_session_secret_sha256"),
        _of_account("account_session", "account_id"),
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"])
    op.create_index("ix_account_session_expires_at", "account_session", ["expires_at"])


def _invitations() -> None:
    op.create_table(
        "account_invitation",
        *_texts("id", "secret_sha256", "role", "inviter"),
        *_texts("inviter_id", "name", nullable=True),
        sa.Column("adopt", sa.Boolean, nullable=False),
        *_texts("study_id", nullable=True),
        *_times("made_at", "expires_at"),
        *_times("revoked_at", "accepted_at", nullable=True),
        *_texts("account_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_invitation"),
        sa.UniqueConstraint("secret_sha256", name="uq_account_invitation_secret_sha256"),
        _of_account("account_invitation", "inviter_id"),
        _of_account("account_invitation", "account_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_account_invitation_study_id_study"),
    )


def _tokens() -> None:
    op.create_table(
        "account_token",
        *_texts("id", "secret_sha256", "account_id", "label", "scopes"),
        *_times("made_at", "expires_at"),
        *_times("used_at", "revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_token"),
        sa.UniqueConstraint("secret_sha256", name="uq_account_token_secret_sha256"),
        _of_account("account_token", "account_id"),
    )
    op.create_index("ix_account_token_account_id", "account_token", ["account_id"])


def _identities() -> None:
    op.create_table(
        "account_identity",
        *_texts("issuer", "subject", "account_id"),
        *_times("linked_at"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_account_identity"),
        _of_account("account_identity", "account_id"),
    )
    op.create_index("ix_account_identity_account_id", "account_identity", ["account_id"])


def _logins() -> None:
    op.create_table(
        "login_failure",
        sa.Column("sequence", COUNTER, nullable=False),
        *_texts("name_sha256", "place"),
        *_times("failed_at"),
        sa.PrimaryKeyConstraint("sequence", name="pk_login_failure"),
    )
    op.create_index("ix_login_failure_name_sha256_failed_at", "login_failure", ["name_sha256", "failed_at"])
    op.create_index("ix_login_failure_place_failed_at", "login_failure", ["place", "failed_at"])
    op.create_table(
        "login_place",
        *_texts("name_sha256", "place"),
        *_times("at"),
        sa.PrimaryKeyConstraint("name_sha256", "place", name="pk_login_place"),
    )


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", COUNTER, nullable=False),
        *_times("at"),
        *_texts("actor"),
        *_texts("actor_id", nullable=True),
        *_texts("act"),
        *_texts("subject", "detail", "address", nullable=True),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_entry"),
    )
    for column in ("actor", "act", "subject"):
        op.create_index(f"ix_audit_entry_{column}_sequence", "audit_entry", [column, "sequence"])


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, TIME, nullable=nullable) for name in names]


def _of_account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["account.id"], name=f"fk_{table}_{column}_account")
