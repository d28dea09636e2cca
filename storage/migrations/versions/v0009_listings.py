"""What trajectories are found by is called a listing; and those of one policy are found without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FIGURES = ("started_minute", "policy", "cost_bucket", "latency_bucket", "steps", "failed_steps", "unpriced_calls")
INDEXES = {
    "started_at_trajectory_id": ("started_at", "trajectory_id"),
    "cost_nano_trajectory_id": ("cost_nano", "trajectory_id"),
    "latency_s_trajectory_id": ("latency_s", "trajectory_id"),
    "steps_trajectory_id": ("steps", "trajectory_id"),
    "run_id": ("run_id",),
    "forked_from": ("forked_from",),
    "figures": (*FIGURES, "simulated"),
}


def upgrade() -> None:
    """Rename the table with its indexes, and add an index of trajectories by policy."""
    _rename("finding", "listing")
    op.create_index("ix_trajectory_policy_started_at", "trajectory", ["policy", "started_at"])


def downgrade() -> None:
    """Take both back."""
    op.drop_index("ix_trajectory_policy_started_at", "trajectory")
    _rename("listing", "finding")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    if op.get_bind().dialect.name == "postgresql":
        for name in INDEXES:
            op.execute(sa.text(f"ALTER INDEX ix_{old}_{name} RENAME TO ix_{new}_{name}"))
        op.execute(sa.text(f"ALTER INDEX pk_{old} RENAME TO pk_{new}"))
        foreign = "trajectory_id_trajectory"
        op.execute(sa.text(f"ALTER TABLE {new} RENAME CONSTRAINT fk_{old}_{foreign} TO fk_{new}_{foreign}"))
        return
    for name, columns in INDEXES.items():  # SQLite cannot rename an index
        op.drop_index(f"ix_{old}_{name}", new)
        op.create_index(f"ix_{new}_{name}", new, list(columns))
