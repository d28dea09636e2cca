"""Trained reward models: which folder, made from which data by which code, and how well they do."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of reward models."""
    op.create_table(
        "reward_model",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("data_sha256", sa.Text, nullable=False),
        sa.Column("weights_sha256", sa.Text, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reward_model"),
    )
    op.create_index("ix_reward_model_made_at_id", "reward_model", ["made_at", "id"])
    op.create_index("ix_reward_model_data_sha256", "reward_model", ["data_sha256"])


def downgrade() -> None:
    """Drop it; the checkpoints stay in their folders, but nobody knows of them then."""
    op.drop_table("reward_model")
