"""Past runs, newest first, as a list shows them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, RowMapping, select, tuple_

from storage.column_text import folded
from storage.records import load_run
from storage.tables import BALLOT, RANKING, RUN, TRAJECTORY
from storage.trajectories import FINAL, State, find

MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run and the totals of its trajectories so far."""

    id: str
    query: str
    asked_at: datetime
    trajectories: int
    states: tuple[State, ...]
    """One for each trajectory, oldest first."""
    cost_usd: Decimal
    """Known dollars."""
    unpriced_calls: int
    """Calls whose dollars are unknown and therefore missing from `cost_usd`."""
    latency_s: float
    """Seconds of all calls of all trajectories."""
    simulated: bool
    ranked: bool
    """Whether anybody has ranked a ballot of this run."""


def runs(connection: Connection, search: str | None, limit: int, before: str | None) -> list[RunSummary]:
    """The newest runs whose query has every word of `search`, older than the run `before`."""
    if not 1 <= limit <= MOST_AT_ONCE:
        raise ValueError(f"ask for 1 to {MOST_AT_ONCE} runs at once, not {limit}")
    wanted = select(RUN.c.record).order_by(RUN.c.asked_at.desc(), RUN.c.id.desc()).limit(limit)
    for word in folded(search or "").split():
        wanted = wanted.where(RUN.c.folded_query.contains(word, autoescape=True))
    if before is not None:
        last = select(RUN.c.asked_at, RUN.c.id).where(RUN.c.id == before)
        found = connection.execute(last).first()
        if found is None:
            raise ValueError(f"there is no run {before} to continue from")
        wanted = wanted.where(tuple_(RUN.c.asked_at, RUN.c.id) < tuple_(*found))
    some = [load_run(record) for record in connection.execute(wanted).scalars()]
    heads = _heads(connection, [run.id for run in some])
    ranked = _ranked(connection, [run.id for run in some])
    return [_summary(connection, run.id, run.query, run.asked_at, heads[run.id], run.id in ranked) for run in some]


def _heads(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[RowMapping]]:
    columns = [
        TRAJECTORY.c[n] for n in ("run_id", "id", "state", "cost_usd", "unpriced_calls", "latency_s", "simulated")
    ]
    wanted = select(*columns).where(TRAJECTORY.c.run_id.in_(run_ids))
    heads: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)).mappings():
        heads[row["run_id"]].append(row)
    return heads


def _ranked(connection: Connection, run_ids: Sequence[str]) -> set[str]:
    wanted = select(BALLOT.c.run_id).distinct().join(RANKING, RANKING.c.ballot_id == BALLOT.c.id)
    return set(connection.execute(wanted.where(BALLOT.c.run_id.in_(run_ids))).scalars())


@dataclass(frozen=True, slots=True)
class _Totals:
    cost_usd: Decimal
    unpriced_calls: int
    latency_s: float
    simulated: bool


def _totals(connection: Connection, head: RowMapping) -> _Totals:
    """From the columns where the trajectory is final, from its steps where it goes on."""
    if State(head["state"]) in FINAL:
        return _Totals(Decimal(head["cost_usd"]), head["unpriced_calls"], head["latency_s"], head["simulated"])
    trajectory = find(connection, head["id"])
    if trajectory is None:
        raise LookupError(head["id"])
    return _Totals(trajectory.cost_usd, trajectory.unpriced_calls, trajectory.latency_s, trajectory.simulated)


def _summary(
    connection: Connection, id: str, query: str, asked_at: datetime, heads: Sequence[RowMapping], ranked: bool
) -> RunSummary:
    totals = [_totals(connection, head) for head in heads]
    return RunSummary(
        id,
        query,
        asked_at,
        len(heads),
        tuple(State(head["state"]) for head in heads),
        sum((total.cost_usd for total in totals), Decimal(0)),
        sum(total.unpriced_calls for total in totals),
        sum(total.latency_s for total in totals),
        any(total.simulated for total in totals),
        ranked,
    )
