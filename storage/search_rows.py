"""What is kept of a trajectory to search by: its listing, and its routed calls once it has ended."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, update

from orchestrator.model_call import CallRole, ModelCall, known_dollars
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Step, Trajectory
from storage.column_text import folded, searchable
from storage.search_tables import LISTING, NANO, ROUTED_CALL

LONGEST_ANSWER: Final = 1_000
"""Characters of an answer that can be searched."""
GROWTH: Final = 1.002
"""How much longer each stretch of the scale of buckets is than the one before: a bucket tells its amount to 0.1 %."""
_MOST_NANO: Final = 2**63 - 1
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ADD: Final = insert(LISTING)
_ADD_CALLS: Final = insert(ROUTED_CALL)
_CHANGE: Final = (
    update(LISTING)
    .values({c.name: bindparam(f"new_{c.name}", type_=c.type) for c in LISTING.c if c.name not in ("ranked",)})
    .where(LISTING.c.trajectory_id == bindparam("wanted"))
)
_MARK: Final = (
    update(LISTING)
    .where(LISTING.c.trajectory_id.in_(bindparam("shown", expanding=True)), ~LISTING.c.ranked)
    .values(ranked=True)
)
Row = dict[str, Any]


def add(connection: Connection, trajectory: Trajectory, *, ended: bool) -> None:
    """A trajectory is new, just begun or whole."""
    connection.execute(_ADD, {**listing(trajectory, ended=ended), "ranked": False})
    if ended:
        _add_calls(connection, trajectory)


def end(connection: Connection, trajectory: Trajectory) -> None:
    """A trajectory that was begun here has come to its end."""
    row = {f"new_{name}": value for name, value in listing(trajectory, ended=True).items()}
    connection.execute(_CHANGE, {**row, "wanted": trajectory.id})
    connection.execute(delete(ROUTED_CALL).where(ROUTED_CALL.c.trajectory_id == trajectory.id))
    _add_calls(connection, trajectory)


def mark_ranked(connection: Connection, trajectories: Iterable[str]) -> None:
    """Somebody has ranked a ballot that shows these trajectories."""
    connection.execute(_MARK, {"shown": sorted(set(trajectories))})


def favoured(preference: PreferenceVector) -> str:
    """The aliases that P favours: `answer-4=1 search-3=0.5`."""
    return favoured_in(preference.tools)


def favoured_in(tools: Mapping[str, float]) -> str:
    """The same of weights by alias; a weight of 0 favours nobody."""
    return folded(" ".join(f"{alias}={tools[alias]:g}" for alias in sorted(tools) if tools[alias] > 0))


def nano(usd: Decimal) -> int:
    """Dollars in billionths."""
    return min(int((usd * NANO).to_integral_value(ROUND_HALF_EVEN)), _MOST_NANO)


def bucket(amount: float) -> int:
    """Place of an amount, in the smallest unit that matters, on the scale; 0 is for nothing at all."""
    return 0 if amount <= 0 else 1 + max(round(math.log(amount) / math.log(GROWTH)), 0)


def amount_of(place: int) -> float:
    """The amount in the middle of a bucket."""
    return 0.0 if place == 0 else GROWTH ** (place - 1)


def listing(trajectory: Trajectory, *, ended: bool) -> Row:
    """All columns but `ranked`."""
    return {
        "trajectory_id": trajectory.id,
        "run_id": trajectory.run,
        "started_at": trajectory.started_at,
        "started_minute": int((trajectory.started_at - _1970).total_seconds() // 60),
        "verdict": trajectory.outcome.verdict.value,
        "stop_reason": None if trajectory.stop_reason is None else trajectory.stop_reason.value,
        "policy": searchable(trajectory.policy),
        "accuracy": trajectory.preference.accuracy,
        "cost": trajectory.preference.cost,
        "latency": trajectory.preference.latency,
        "favoured": favoured(trajectory.preference),
        "forked_from": None if trajectory.fork is None else trajectory.fork.trajectory,
        "words": f"{folded(trajectory.query)}\n{folded((trajectory.answer or '')[:LONGEST_ANSWER])}",
        **(_totals(trajectory) if ended else dict.fromkeys(_TOTALS)),
    }


_TOTALS: Final = (
    "cost_nano",
    "latency_s",
    "steps",
    "failed_steps",
    "unpriced_calls",
    "simulated",
    "cost_bucket",
    "latency_bucket",
)


def _totals(trajectory: Trajectory) -> Row:
    cost = _cost(trajectory.calls)
    latency_s = float(trajectory.latency_s)
    return {
        "cost_nano": cost,
        "latency_s": latency_s,
        "steps": len(trajectory.steps),
        "failed_steps": sum(step.error is not None for step in trajectory.steps),
        "unpriced_calls": trajectory.unpriced_calls,
        "simulated": trajectory.simulated,
        "cost_bucket": None if cost is None else bucket(cost),
        "latency_bucket": bucket(latency_s * 1_000_000),
    }


def _cost(calls: Sequence[ModelCall]) -> int | None:
    """Billionths of a dollar; `None` where a call is unpriced."""
    return None if any(call.charge.usd is None for call in calls) else nano(known_dollars(calls))


def _add_calls(connection: Connection, trajectory: Trajectory) -> None:
    rows = routed_calls(trajectory)
    if rows:
        connection.execute(_ADD_CALLS, rows)


def routed_calls(trajectory: Trajectory) -> list[Row]:
    """A row for each step that called an alias, from the last to the first."""
    own_from = 0 if trajectory.fork is None else trajectory.fork.step
    answered = trajectory.answer is not None
    rest_usd, rest_s, known = Decimal(0), 0.0, True
    rows = []
    for step in reversed(trajectory.steps):
        if step.call is not None:
            rows.append(
                {
                    "trajectory_id": trajectory.id,
                    **_routed_call(step),
                    "rest_cost_nano": nano(rest_usd) if known else None,
                    "rest_latency_s": rest_s,
                    "shared": step.index < own_from,
                    "answered": answered,
                }
            )
        rest_usd, rest_s = rest_usd + step.cost_usd, rest_s + float(step.latency_s)
        known = known and not step.unpriced_calls
    return rows


def _routed_call(step: Step) -> Row:
    """What the call itself cost and took; neither has a bucket where nothing was called after all."""
    calls = [call for call in step.calls if call.role is not CallRole.ORCHESTRATOR]
    cost = _cost(calls) if calls else None
    latency_s = float(sum(call.latency_s for call in calls))
    return {
        "index": step.index,
        "alias": folded(step.call.model) if step.call is not None else "",
        "cost_nano": cost,
        "latency_s": latency_s,
        "failed": step.error is not None,
        "simulated": any(call.simulated for call in calls),
        "cost_bucket": None if cost is None else bucket(cost),
        "latency_bucket": bucket(latency_s * 1_000_000) if calls else None,
    }
