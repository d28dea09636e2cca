"""Several processes on one database: who they are, which of them drives a trajectory, what they ask of each other."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. No trajectory has an owner: those that run are marked as interrupted by the next start."""
    op.create_table(
        "process",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("machine", sa.Text, nullable=True),
        sa.Column("born", sa.BigInteger, nullable=True),
        sa.Column("address", sa.Text, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beats", sa.BigInteger, nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_process"),
    )
    op.create_index("ix_process_ended_at", "process", ["ended_at"])
    op.create_table(
        "cancel_wish",
        sa.Column("trajectory_id", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("trajectory_id", name="pk_cancel_wish"),
    )
    op.add_column("trajectory", sa.Column("owner", sa.Text, nullable=True))


def downgrade() -> None:
    """Drop them; trajectories stay."""
    op.drop_column("trajectory", "owner")
    op.drop_table("cancel_wish")
    op.drop_table("process")
