"""Studies: which ballots several people are asked to rank, and who holds which of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of studies, of their ballots and of assignments."""
    op.create_table(
        "study",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
    )
    op.create_index("ix_study_made_at_id", "study", ["made_at", "id"])
    op.create_table(
        "study_ballot",
        sa.Column("study_id", sa.Text, nullable=False),
        sa.Column("ballot_id", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("gold", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("study_id", "ballot_id", name="pk_study_ballot"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_study_ballot_study_id_study"),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name="fk_study_ballot_ballot_id_ballot"),
    )
    op.create_index("ix_study_ballot_ballot_id", "study_ballot", ["ballot_id"])
    op.create_table(
        "assignment",
        sa.Column("study_id", sa.Text, nullable=False),
        sa.Column("ballot_id", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_leased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.Boolean, nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("study_id", "ballot_id", "annotator", name="pk_assignment"),
        sa.ForeignKeyConstraint(
            ["study_id", "ballot_id"],
            ["study_ballot.study_id", "study_ballot.ballot_id"],
            name="fk_assignment_study_id_ballot_id_study_ballot",
        ),
    )
    op.create_index("ix_assignment_study_id_annotator", "assignment", ["study_id", "annotator"])


def downgrade() -> None:
    """Drop them; the ballots and all rankings stay, but nobody knows then who was asked for them."""
    op.drop_table("assignment")
    op.drop_table("study_ballot")
    op.drop_table("study")
