"""What may be spent, what is reserved and spent, and the kill switch."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COUNTED = ("settled", "counted_micro", "counted_rest", "unpriced_calls")
INDEXES = {
    "day": ("day", "payer", *COUNTED),
    "payer": ("payer", *COUNTED),
    "study": ("study_id", "day", *COUNTED),
    "settled": ("settled", "reserved_at"),
}


def upgrade() -> None:
    """Create the tables of limits, of reservations and of the kill switch."""
    op.create_table(
        "spend_limit",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("usd", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", "period", name="pk_spend_limit"),
    )
    op.create_table(
        "reservation",
        sa.Column("trajectory_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("payer", sa.Text, nullable=False),
        sa.Column("study_id", sa.Text, nullable=True),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved_usd", sa.Text, nullable=False),
        sa.Column("stop_usd", sa.Text, nullable=True),
        sa.Column("before_usd", sa.Text, nullable=False),
        sa.Column("before_unpriced", sa.Integer, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spent_usd", sa.Text, nullable=True),
        sa.Column("unpriced_calls", sa.Integer, nullable=False),
        sa.Column("counted_micro", sa.BigInteger, nullable=False),
        sa.Column("counted_rest", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("trajectory_id", "number", name="pk_reservation"),
    )
    for name, columns in INDEXES.items():
        op.create_index(f"ix_reservation_{name}", "reservation", list(columns))
    op.create_table(
        "kill_switch",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("turned_on_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turned_on_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kill_switch"),
    )


def downgrade() -> None:
    """Drop them: nothing is limited any more, and what was spent is known from the trajectories alone."""
    for name in ("kill_switch", "reservation", "spend_limit"):
        op.drop_table(name)
