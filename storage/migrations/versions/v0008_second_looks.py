"""Rankings in two phases: which of them were made blind and which after cost and latency were revealed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the phase of a ranking: none, unless a newer version was here before, whose records tell it."""
    op.add_column("ranking", sa.Column("phase", sa.Text, nullable=True))
    of_record = sa.text("UPDATE ranking SET phase = :phase WHERE record LIKE :told")
    for phase in ("blind", "revealed"):
        told = f'%"phase": "{phase}"%'  # within a text the quotation marks are escaped
        op.execute(of_record.bindparams(phase=phase, told=told))


def downgrade() -> None:
    """Drop it; the records of the rankings still tell."""
    op.drop_column("ranking", "phase")
