"""Audiences: a ballot on the phones of a room, and who is in the room."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of audiences and of the phones in them."""
    op.create_table(
        "audience",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("ballot_id", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audience"),
        sa.UniqueConstraint("code", name="uq_audience_code"),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name="fk_audience_ballot_id_ballot"),
    )
    op.create_index("ix_audience_made_at_id", "audience", ["made_at", "id"])
    op.create_index("ix_audience_run_id", "audience", ["run_id"])
    op.create_index("ix_audience_ballot_id", "audience", ["ballot_id"])
    op.create_table(
        "audience_seat",
        sa.Column("audience_id", sa.Text, nullable=False),
        sa.Column("token_sha256", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("audience_id", "token_sha256", name="pk_audience_seat"),
        sa.UniqueConstraint("annotator", name="uq_audience_seat_annotator"),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name="fk_audience_seat_audience_id_audience"),
    )


def downgrade() -> None:
    """Drop them; ballots and rankings stay."""
    op.drop_table("audience_seat")
    op.drop_table("audience")
