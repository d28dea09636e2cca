"""Whose a run is, what is about to be deleted, and what has been."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "forgetting",
        sa.Column("pseudonym", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rankings", sa.Boolean, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_forgetting"),
    )
    op.create_table(
        "leaving_run",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_leaving_run"),
    )
    op.create_table(
        "forgotten_ranking",
        sa.Column("id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forgotten_ranking"),
    )
    op.create_table(
        "asker",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_asker"),
    )
    op.create_index("ix_asker_name", "asker", ["name"])
    op.create_table(
        "fading_text",
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("packed", sa.LargeBinary),
        sa.Column("characters", sa.Integer),
        sa.PrimaryKeyConstraint("address", name="pk_fading_text"),
    )


def downgrade() -> None:
    """Take them back."""
    for name in ("fading_text", "asker", "forgotten_ranking", "leaving_run", "forgetting"):
        op.drop_table(name)
