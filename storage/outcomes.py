"""What every finished trajectory came to, read in pages and without its texts: what P is tuned on.

Totals stand in columns; which aliases were called, and with what usage, only in the steps' records.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select

from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Verdict
from prefs.features import OUTCOMES, Features
from prefs.tuning.stored import ORCHESTRATOR, Routed, Stored
from storage.pages import PAGE, Read, Row, batches, pages
from storage.reader import Reader
from storage.records import RecordError
from storage.tables import STEP, TRAJECTORY
from storage.trajectories import FINAL

_CALLS: Final = TypeAdapter(list[ModelCall])
_TEXTS: Final = ("prompt", "reply", "error")
_COLUMNS: Final = ("id", "query", "verdict", "cost_usd", "unpriced_calls", "latency_s", "simulated")
_FINISHED: Final = TRAJECTORY.c.state.in_([state.value for state in FINAL])
Told = Callable[[int], None]
"""Told how many trajectories have been read."""
Outcome = tuple[Stored, tuple[ModelCall, ...]]


def count(read: Read) -> int:
    """How many finished trajectories there are."""
    return int(read(select(func.count()).select_from(TRAJECTORY).where(_FINISHED))[0][0])


def outcomes(read: Read, *, calls: bool = False, told: Told | None = None) -> Iterator[Outcome]:
    """Every finished trajectory, the oldest first; with its calls, without their texts, where `calls`.

    A page in memory at a time. Raises RecordError where a step is damaged.
    """
    wanted = select(*(TRAJECTORY.c[name] for name in _COLUMNS)).where(_FINISHED)
    done = 0
    for page in pages(read, wanted, (TRAJECTORY.c.started_at, TRAJECTORY.c.id)):
        steps = _steps(read, [row[0] for row in page])
        for row in page:
            of_row = steps.get(row[0], [])
            yield _stored(row, _route(row[0], of_row)), tuple(_calls(row[0], of_row)) if calls else ()
        done += len(page)
        if told is not None:
            told(done)


def of_store(store: Reader, *, calls: bool = False, told: Told | None = None) -> Iterator[Outcome]:
    """The same of a store."""
    return outcomes(store.rows, calls=calls, told=told)


def count_of_store(store: Reader) -> int:
    """How many finished trajectories a store has."""
    return count(store.rows)


def others(store: Reader, known: Collection[str]) -> list[str]:
    """The ids of the finished trajectories that are not among the known, the oldest first."""
    wanted = select(TRAJECTORY.c.id).where(_FINISHED).order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)
    return [row[0] for row in store.rows(wanted) if row[0] not in known]


def routed(store: Reader, ids: Iterable[str], *, told: Told | None = None) -> Iterator[Routed]:
    """These finished trajectories with their ways, a page in memory at a time, each the oldest first.

    Raises RecordError where a step is damaged.
    """
    done = 0
    for some in batches(iter(ids), PAGE):
        columns = (*(TRAJECTORY.c[name] for name in _COLUMNS), TRAJECTORY.c.run_id)
        steps = _steps(store.rows, some)
        wanted = select(*columns).where(TRAJECTORY.c.id.in_(some))
        for row in store.rows(wanted.order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)):
            of_row = steps.get(row[0], [])
            route = _route(row[0], of_row)
            yield Routed(_stored(row, route), row[7], route, _spent(row[0], of_row))
        done += len(some)
        if told is not None:
            told(done)


def _route(id: str, steps: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The aliases called, in order."""
    try:
        return tuple(step["call"]["model"] for step in steps if step.get("call") is not None)
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"a step of trajectory {id} is damaged: {error}") from error


def _spent(id: str, steps: Iterable[dict[str, Any]]) -> dict[str, Decimal]:
    """Known dollars of the calls, by alias."""
    found: dict[str, Decimal] = {}
    try:
        for call in (call for step in steps for call in step["calls"]):
            if (usd := call["charge"]["usd"]) is not None:
                alias = call.get("alias") or ORCHESTRATOR
                found[alias] = found.get(alias, Decimal(0)) + Decimal(usd)
    except (KeyError, TypeError, ArithmeticError) as error:
        raise RecordError(f"a call of trajectory {id} is damaged: {error}") from error
    return found


def _steps(read: Read, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Trajectory to the records of its steps, in order."""
    wanted = select(STEP.c.trajectory_id, STEP.c.record).where(STEP.c.trajectory_id.in_(ids))
    found: dict[str, list[dict[str, Any]]] = {}
    for id, record in read(wanted.order_by(STEP.c.trajectory_id, STEP.c.index)):
        try:
            found.setdefault(id, []).append(json.loads(record))
        except ValueError as error:
            raise RecordError(f"a step of trajectory {id} is damaged: {error}") from error
    return found


def _stored(row: Row, route: Sequence[str]) -> Stored:
    id, query, verdict, cost_usd, unpriced_calls, latency_s, simulated = row[:7]
    usd = Decimal(cost_usd)
    outcome = OUTCOMES[Verdict(verdict)]
    measured = Features(outcome, None if unpriced_calls else usd, latency_s, dict(sorted(Counter(route).items())))
    return Stored(id, query, measured, usd, unpriced_calls, simulated)


def _calls(id: str, steps: Iterable[dict[str, Any]]) -> Iterator[ModelCall]:
    for step in steps:
        try:
            bare = [{key: value for key, value in call.items() if key not in _TEXTS} for call in step["calls"]]
            yield from _CALLS.validate_python(bare)
        except (KeyError, TypeError, AttributeError, ValidationError) as error:
            raise RecordError(f"a call of trajectory {id} is damaged: {error}") from error
