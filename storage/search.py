"""Trajectories found by what is known of them: a page at a time, and how many there are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_

from orchestrator.preference import PreferenceVector
from storage.pages import Read, Row
from storage.records import load_preference
from storage.search_conditions import conditions
from storage.search_tables import LISTING, ROUTED_CALL
from storage.search_wishes import LARGEST_PAGE, Mark, Order, Sorting, Wanted
from storage.tables import RANKING, STEP, TRAJECTORY
from storage.trajectories import State

COLUMNS: Final = {
    Order.DATE: LISTING.c.started_at,
    Order.COST: LISTING.c.cost_nano,
    Order.LATENCY: LISTING.c.latency_s,
    Order.STEPS: LISTING.c.steps,
}
_HEAD: Final = (
    *(LISTING.c[n] for n in ("trajectory_id", "run_id", "started_at", "verdict", "stop_reason", "policy", "steps")),
    *(LISTING.c[n] for n in ("failed_steps", "unpriced_calls", "latency_s", "simulated", "ranked", "forked_from")),
    *(TRAJECTORY.c[n] for n in ("query", "state", "cost_usd", "header")),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A trajectory as a list shows it; totals are `None` until it has ended."""

    id: str
    run: str | None
    query: str
    answer: str | None
    started_at: datetime
    state: State
    verdict: str
    stop_reason: str | None
    policy: str
    preference: PreferenceVector
    route: tuple[str, ...]
    """The aliases called, in order."""
    cost_usd: Decimal | None
    """Known dollars."""
    unpriced_calls: int | None
    latency_s: float | None
    steps: int | None
    failed_steps: int | None
    simulated: bool | None
    ranked: bool
    forked_from: str | None
    fork_step: int | None
    """The step at which it left that."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, and the mark behind which the rest begins."""

    rows: tuple[Found, ...]
    after: Mark | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many were found."""

    trajectories: int
    unpriced: int
    """Of them with a call whose dollars are unknown."""
    going: int
    """Of them not ended."""


def page(read: Read, wanted: Wanted, sorting: Sorting, *, size: int = 50, after: str | None = None) -> Page:
    """The next `size` trajectories behind the mark; raises ValueError."""
    if not 1 <= size <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} rows, not {size}")
    mark = None if after is None else Mark.read(after, sorting)
    column = COLUMNS[sorting.order]
    found: list[Row] = []
    if mark is None or mark.key is not None:
        found = read(_known(wanted, sorting, mark).limit(size + 1))
    if len(found) <= size and column.nullable:
        behind = mark if mark is not None and mark.key is None else None
        found += read(_unknown(wanted, sorting, behind).limit(size + 1 - len(found)))
    ids = [id for id, _ in found[:size]]
    end = None
    if len(found) > size:
        id, key = found[size - 1]
        end = Mark(sorting, _aware(key), id)
    return Page(tuple(heads(read, ids)), end)


def count(read: Read, wanted: Wanted) -> Counted:
    """How many there are."""
    columns: tuple[ColumnElement[Any], ...] = (
        func.count(),
        func.count().filter(LISTING.c.unpriced_calls > 0),
        func.count().filter(LISTING.c.steps.is_(None)),
    )
    query = select(*columns).select_from(LISTING).where(*conditions(wanted))
    return Counted(*read(query)[0])


def heads(read: Read, ids: Sequence[str]) -> list[Found]:
    """These trajectories in this order, as far as they are here."""
    ids = [id for id in ids if id.isprintable()]  # not every database takes another text as a value
    query = select(*_HEAD).join_from(LISTING, TRAJECTORY, LISTING.c.trajectory_id == TRAJECTORY.c.id)
    rows = {row[0]: row for row in read(query.where(LISTING.c.trajectory_id.in_(ids)))}
    routes = _routes(read, ids, [id for id, row in rows.items() if row[6] is None])
    return [_found(rows[id], routes.get(id, ())) for id in ids if id in rows]


def forks_of(read: Read, id: str) -> list[str]:
    """The ids of the trajectories that were forked from this one, oldest first."""
    if not id.isprintable():
        return []
    query = select(LISTING.c.trajectory_id).where(LISTING.c.forked_from == id)
    return [row[0] for row in read(query.order_by(LISTING.c.started_at, LISTING.c.trajectory_id))]


def of_run(read: Read, run_id: str) -> list[str]:
    """The ids of a run's trajectories, oldest first."""
    if not run_id.isprintable():
        return []
    query = select(LISTING.c.trajectory_id).where(LISTING.c.run_id == run_id)
    return [row[0] for row in read(query.order_by(LISTING.c.started_at, LISTING.c.trajectory_id))]


def policies(read: Read) -> list[str]:
    """Every policy that has run, in order of name."""
    return [row[0] for row in read(select(LISTING.c.policy).distinct().order_by(LISTING.c.policy))]


def version(read: Read) -> tuple[Any, ...]:
    """Differs once a trajectory has begun or ended, or something has been ranked."""
    by_state = select(TRAJECTORY.c.state, func.count()).group_by(TRAJECTORY.c.state).order_by(TRAJECTORY.c.state)
    return (*read(by_state), read(select(func.count()).select_from(RANKING))[0][0])


def _known(wanted: Wanted, sorting: Sorting, mark: Mark | None) -> Select[Any]:
    """Ids and keys of those whose key is known, in order behind the mark."""
    column = COLUMNS[sorting.order]
    query = select(LISTING.c.trajectory_id, column.label("key")).where(*conditions(wanted, column))
    if column.nullable:
        query = query.where(column.is_not(None))
    return _in_order(query, (column, LISTING.c.trajectory_id), sorting, () if mark is None else (mark.key, mark.id))


def _unknown(wanted: Wanted, sorting: Sorting, mark: Mark | None) -> Select[Any]:
    """The same of those whose key is unknown."""
    column = COLUMNS[sorting.order]
    query = select(LISTING.c.trajectory_id, column.label("key")).where(column.is_(None), *conditions(wanted))
    return _in_order(query, (LISTING.c.trajectory_id,), sorting, () if mark is None else (mark.id,))


def _in_order(
    query: Select[Any], keys: Sequence[ColumnElement[Any]], sorting: Sorting, behind: Sequence[Any]
) -> Select[Any]:
    if behind:
        here = tuple_(*keys)
        last = tuple_(*(literal(value, key.type) for key, value in zip(keys, behind, strict=True)))
        query = query.where(here < last if sorting.descending else here > last)
    return query.order_by(*(key.desc() if sorting.descending else key.asc() for key in keys))


def _routes(read: Read, ids: Sequence[str], going: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The aliases called, of those that still go on from their steps."""
    routes: dict[str, list[str]] = {}
    calls = select(ROUTED_CALL.c.trajectory_id, ROUTED_CALL.c.alias).where(ROUTED_CALL.c.trajectory_id.in_(ids))
    for id, alias in read(calls.order_by(ROUTED_CALL.c.trajectory_id, ROUTED_CALL.c.index)):
        routes.setdefault(id, []).append(alias)
    steps = select(STEP.c.trajectory_id, STEP.c.record).where(STEP.c.trajectory_id.in_(going))
    for id, record in read(steps.order_by(STEP.c.trajectory_id, STEP.c.index)) if going else ():
        if (call := json.loads(record).get("call")) is not None:
            routes.setdefault(id, []).append(call["model"])
    return {id: tuple(route) for id, route in routes.items()}


def _found(row: Row, route: tuple[str, ...]) -> Found:
    id, run, started_at, verdict, stop_reason, policy, steps, failed, unpriced, latency_s, simulated = row[:11]
    ranked, forked_from, query, state, cost_usd, header = row[11:]
    head = json.loads(header)
    preference = load_preference(json.dumps(head["preference"]))
    return Found(
        id,
        run,
        query,
        head.get("answer"),
        _aware(started_at),
        State(state),
        verdict,
        stop_reason,
        policy,
        preference,
        route,
        None if cost_usd is None else Decimal(cost_usd),
        unpriced,
        latency_s,
        steps,
        failed,
        simulated,
        ranked,
        forked_from,
        (head.get("fork") or {}).get("step"),
    )


def _aware(key: Any) -> Any:
    """SQLite gives times without their zone, which is UTC."""
    return key.replace(tzinfo=UTC) if isinstance(key, datetime) and key.tzinfo is None else key
