"""Long texts, such as rendered prompts and raw replies, beside the records that name them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of texts. The records of the first version hold none."""
    op.create_table(
        "text",
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_text"),
    )


def downgrade() -> None:
    """Drop it, with all the texts; the addresses in the records lead nowhere then."""
    op.drop_table("text")
