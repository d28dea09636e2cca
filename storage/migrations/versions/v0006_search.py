"""What trajectories are found by and summed up from, filled from the records that are kept already."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
PAGE = 500
OLD = sa.table(
    "trajectory",
    *(sa.column(name) for name in ("id", "run_id", "query", "policy", "state", "stop_reason", "verdict", "header")),
    *(sa.column(name) for name in ("cost_usd", "unpriced_calls", "latency_s", "simulated")),
    sa.column("started_at", TIME),
)
STEP = sa.table("step", sa.column("trajectory_id"), sa.column("index", sa.Integer), sa.column("record"))
BALLOT = sa.table("ballot", sa.column("id"), sa.column("record"))
RANKING = sa.table("ranking", sa.column("ballot_id"))


def upgrade() -> None:
    """Create the tables and fill them; the indexes come last, which is quicker."""
    finding = op.create_table("finding", *_finding_columns())
    routed_call = op.create_table("routed_call", *_call_columns())
    connection = op.get_bind()
    ranked = set(_ranked(connection))
    for page in _pages(connection):
        steps = _steps(connection, [row.id for row in page])
        read = [(row, json.loads(row.header), steps.get(row.id, [])) for row in page]
        connection.execute(sa.insert(finding), [_finding(*one, ranked=one[0].id in ranked) for one in read])
        calls = [call for one in read if _final(one[0]) for call in _calls(*one)]
        if calls:
            connection.execute(sa.insert(routed_call), calls)
    for column in ("started_at", "cost_nano", "latency_s", "steps"):
        op.create_index(f"ix_finding_{column}_trajectory_id", "finding", [column, "trajectory_id"])
    op.create_index("ix_finding_run_id", "finding", ["run_id"])
    op.create_index("ix_finding_forked_from", "finding", ["forked_from"])
    amounts = ["cost_bucket", "latency_bucket", "steps", "failed_steps", "unpriced_calls", "simulated"]
    op.create_index("ix_finding_figures", "finding", ["started_minute", "policy", *amounts])
    op.create_index("ix_routed_call_alias_trajectory_id", "routed_call", ["alias", "trajectory_id"])
    op.create_index("ix_routed_call_cost", "routed_call", ["alias", "shared", "cost_bucket"])
    latency = ["alias", "shared", "latency_bucket", "failed", "simulated"]
    op.create_index("ix_routed_call_latency", "routed_call", latency)


def downgrade() -> None:
    """Drop them; all that they held stands in the records."""
    op.drop_table("routed_call")
    op.drop_table("finding")


def _finding_columns() -> list[Any]:
    return [
        sa.Column("trajectory_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("started_minute", sa.BigInteger, nullable=False),
        sa.Column("cost_nano", sa.BigInteger),
        sa.Column("latency_s", sa.Float),
        *(sa.Column(name, sa.Integer) for name in ("steps", "failed_steps", "unpriced_calls")),
        sa.Column("simulated", sa.Boolean),
        sa.Column("ranked", sa.Boolean, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("stop_reason", sa.Text),
        sa.Column("policy", sa.Text, nullable=False),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("accuracy", "cost", "latency")),
        sa.Column("favoured", sa.Text, nullable=False),
        sa.Column("cost_bucket", sa.Integer),
        sa.Column("latency_bucket", sa.Integer),
        sa.Column("forked_from", sa.Text),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("trajectory_id", name="pk_finding"),
        sa.ForeignKeyConstraint(["trajectory_id"], ["trajectory.id"], name="fk_finding_trajectory_id_trajectory"),
    ]


def _call_columns() -> list[Any]:
    return [
        sa.Column("trajectory_id", sa.Text, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("cost_nano", sa.BigInteger),
        sa.Column("latency_s", sa.Float, nullable=False),
        sa.Column("rest_cost_nano", sa.BigInteger),
        sa.Column("rest_latency_s", sa.Float, nullable=False),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("shared", "failed", "simulated", "answered")),
        sa.Column("cost_bucket", sa.Integer),
        sa.Column("latency_bucket", sa.Integer),
        sa.PrimaryKeyConstraint("trajectory_id", "index", name="pk_routed_call"),
        sa.ForeignKeyConstraint(["trajectory_id"], ["trajectory.id"], name="fk_routed_call_trajectory_id_trajectory"),
    ]


def _pages(connection: sa.Connection) -> Iterator[list[Any]]:
    query = sa.select(OLD).order_by(OLD.c.id).limit(PAGE)
    page = connection.execute(query).all()
    while page:
        yield list(page)
        page = connection.execute(query.where(OLD.c.id > page[-1].id)).all()


def _steps(connection: sa.Connection, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    wanted = sa.select(STEP.c.trajectory_id, STEP.c.record).where(STEP.c.trajectory_id.in_(ids))
    found: dict[str, list[dict[str, Any]]] = {}
    for id, record in connection.execute(wanted.order_by(STEP.c.trajectory_id, STEP.c.index)):
        found.setdefault(id, []).append(json.loads(record))
    return found


def _ranked(connection: sa.Connection) -> Iterator[str]:
    """The trajectories on ballots that somebody has ranked."""
    query = sa.select(BALLOT.c.record).where(BALLOT.c.id.in_(sa.select(RANKING.c.ballot_id)))
    for record in connection.execute(query).scalars():
        yield from (shown["trajectory"] for shown in json.loads(record)["alternatives"])


def _finding(row: Any, header: dict[str, Any], steps: list[dict[str, Any]], *, ranked: bool) -> dict[str, Any]:
    preference, fork, final = header["preference"], header.get("fork"), _final(row)
    tools = preference.get("tools") or {}
    cost = _nano(Decimal(row.cost_usd)) if final and not row.unpriced_calls else None
    return {
        "trajectory_id": row.id,
        "run_id": row.run_id,
        "started_at": row.started_at,
        "started_minute": _minute(row.started_at),
        "cost_nano": cost,
        "latency_s": row.latency_s if final else None,
        "steps": len(steps) if final else None,
        "failed_steps": sum(step.get("error") is not None for step in steps) if final else None,
        "unpriced_calls": row.unpriced_calls,
        "simulated": row.simulated,
        "ranked": ranked,
        "verdict": row.verdict,
        "stop_reason": row.stop_reason,
        "policy": row.policy,
        "accuracy": preference["accuracy"],
        "cost": preference["cost"],
        "latency": preference["latency"],
        "favoured": _folded(" ".join(f"{alias}={tools[alias]:g}" for alias in sorted(tools) if tools[alias] > 0)),
        "cost_bucket": None if cost is None else _bucket(cost),
        "latency_bucket": _bucket(row.latency_s * 1_000_000) if final else None,
        "forked_from": None if fork is None else fork["trajectory"],
        "words": f"{_folded(row.query)}\n{_folded((header.get('answer') or '')[:1_000])}",
    }


def _calls(row: Any, header: dict[str, Any], steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    own_from = header["fork"]["step"] if header.get("fork") else 0
    rest_usd, rest_s, known = Decimal(0), 0.0, True
    for step in reversed(steps):
        if step.get("call") is not None:
            yield {
                "trajectory_id": row.id,
                **_call(step),
                "rest_cost_nano": _nano(rest_usd) if known else None,
                "rest_latency_s": rest_s,
                "shared": step["index"] < own_from,
                "answered": header.get("answer") is not None,
            }
        usd = _usd(step["calls"])
        known = known and usd is not None
        rest_usd, rest_s = rest_usd + (usd or 0), rest_s + sum(call["latency_s"] for call in step["calls"])


def _call(step: dict[str, Any]) -> dict[str, Any]:
    calls = [call for call in step["calls"] if call["role"] != "orchestrator"]
    usd = _usd(calls) if calls else None
    cost = None if usd is None else _nano(usd)
    latency_s = float(sum(call["latency_s"] for call in calls))
    return {
        "index": step["index"],
        "alias": _folded(step["call"]["model"]),
        "cost_nano": cost,
        "latency_s": latency_s,
        "failed": step.get("error") is not None,
        "simulated": any(call.get("simulated") for call in calls),
        "cost_bucket": None if cost is None else _bucket(cost),
        "latency_bucket": _bucket(latency_s * 1_000_000) if calls else None,
    }


def _usd(calls: list[dict[str, Any]]) -> Decimal | None:
    known = [call["charge"]["usd"] for call in calls]
    return None if None in known else sum((Decimal(usd) for usd in known), Decimal(0))


def _final(row: Any) -> bool:
    return row.state in ("finished", "imported")


def _minute(moment: datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 60)


def _nano(usd: Decimal) -> int:
    return min(int((usd * 1_000_000_000).to_integral_value(ROUND_HALF_EVEN)), 2**63 - 1)


def _bucket(amount: float) -> int:
    return 0 if amount <= 0 else 1 + max(round(math.log(amount) / math.log(1.002)), 0)


def _folded(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode().casefold()
