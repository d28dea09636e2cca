"""Runs, trajectories, steps, ballots, rankings and queries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
FIRST = sa.text("supersedes IS NULL")


def upgrade() -> None:
    """Create the tables of the first version."""
    _runs()
    _steps()
    _ballots()
    _rankings()
    _queries()


def downgrade() -> None:
    """Drop them, with all they hold."""
    for table in ("query", "ranking", "ballot", "step", "trajectory", "run"):
        op.drop_table(table)


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("folded_query", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_asked_at_id", "run", ["asked_at", "id"])
    op.create_table(
        "trajectory",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stop_reason", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("cost_usd", sa.Text),
        sa.Column("unpriced_calls", sa.Integer),
        sa.Column("latency_s", sa.Float),
        sa.Column("simulated", sa.Boolean),
        sa.Column("header", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trajectory"),
    )
    op.create_index("ix_trajectory_run_id", "trajectory", ["run_id"])
    op.create_index("ix_trajectory_state", "trajectory", ["state"])
    op.create_index("ix_trajectory_started_at_id", "trajectory", ["started_at", "id"])


def _steps() -> None:
    op.create_table(
        "step",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("trajectory_id", sa.Text, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_step"),
        sa.ForeignKeyConstraint(["trajectory_id"], ["trajectory.id"], name="fk_step_trajectory_id_trajectory"),
        sa.UniqueConstraint("trajectory_id", "index", name="uq_step_trajectory_id_index"),
    )


def _ballots() -> None:
    op.create_table(
        "ballot",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ballot"),
    )
    op.create_index("ix_ballot_run_id", "ballot", ["run_id"])
    op.create_index("ix_ballot_made_at_id", "ballot", ["made_at", "id"])


def _rankings() -> None:
    op.create_table(
        "ranking",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("ballot_id", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("supersedes", sa.Text),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ranking"),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"], name="fk_ranking_ballot_id_ballot"),
        sa.ForeignKeyConstraint(["supersedes"], ["ranking.id"], name="fk_ranking_supersedes_ranking"),
        sa.UniqueConstraint("annotator", "idempotency_key", name="uq_ranking_annotator_idempotency_key"),
        sa.UniqueConstraint("supersedes", name="uq_ranking_supersedes"),
    )
    op.create_index("ix_ranking_made_at_id", "ranking", ["made_at", "id"])
    op.create_index("ix_ranking_ballot_id_annotator", "ranking", ["ballot_id", "annotator"])
    op.create_index(
        "uq_ranking_first",
        "ranking",
        ["ballot_id", "annotator"],
        unique=True,
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )


def _queries() -> None:
    op.create_table(
        "query",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.PrimaryKeyConstraint("sequence", name="pk_query"),
        sa.UniqueConstraint("id", name="uq_query_id"),
    )
