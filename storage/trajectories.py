"""Runs, trajectories and steps in SQL: small functions over an open connection."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from orchestrator.alternatives import Run
from orchestrator.trajectory import Step, Trajectory
from storage import search_rows, texts
from storage.column_text import folded, searchable
from storage.errors import StoreConflict, StoreMissing
from storage.owner import OWN, belongs, check_counted, refuse, writer_of
from storage.process_tables import CANCEL_WISH
from storage.records import RecordError, dump_header, dump_run, dump_step, load_parts, load_run
from storage.tables import RUN, STEP, TRAJECTORY

LONGEST_ID: Final = 200
_SEEDS: Final = range(-(2**63), 2**63)


class State(StrEnum):
    """How far a trajectory has come. Only a finished or imported one never changes again."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    IMPORTED = "imported"


FINAL: Final = (State.FINISHED, State.IMPORTED)

_ADD_RUN: Final = (
    insert(RUN)
    .from_select(
        RUN.c.keys(),
        select(*(bindparam(column.name, type_=column.type) for column in RUN.c)).where(
            ~exists().where(RUN.c.id == bindparam("id", type_=RUN.c.id.type))
        ),
    )
    .execution_options(preserve_rowcount=True)
)
"""Adds a run unless there is one of that id."""
_ADD_TRAJECTORY: Final = insert(TRAJECTORY)
_STATE: Final = select(TRAJECTORY.c.state).where(TRAJECTORY.c.id == bindparam("wanted"))
_STEPS_KEPT: Final = (
    select(func.count()).select_from(STEP).where(STEP.c.trajectory_id == bindparam("wanted")).scalar_subquery()
)
_FINISH: Final = (
    update(TRAJECTORY)
    .values(
        {
            column.name: bindparam(f"new_{column.name}", type_=column.type)
            for column in TRAJECTORY.c
            if column is not TRAJECTORY.c.owner
        }
    )
    .where(
        TRAJECTORY.c.id == bindparam("wanted"),
        OWN,
        TRAJECTORY.c.state == State.RUNNING.value,
        bindparam("steps") == _STEPS_KEPT,
    )
)
"""Ends a trajectory of the writer that has not ended, and of which this many steps are kept."""


def begin(connection: Connection, run: Run, trajectories: Sequence[Trajectory]) -> None:
    """Keep a run and its trajectories, which are running from now on. Raises StoreConflict."""
    check_counted(connection)
    _keep_run(connection, run)
    for trajectory in trajectories:
        if trajectory.run != run.id:
            raise StoreConflict(f"trajectory {trajectory.id} belongs to run {trajectory.run}, not to {run.id}")
        if state(connection, check_id("a trajectory", trajectory.id)) is not None:
            raise StoreConflict(f"there is already a trajectory {trajectory.id}")
        _insert(connection, trajectory, State.RUNNING)


def finish(connection: Connection, whole: Trajectory) -> Trajectory:
    """Write the end of a trajectory, whose steps must all be kept; gives it as it is kept.

    Raises StoreConflict or StoreMissing.
    """
    if whole.stop_reason is None:
        raise StoreConflict(f"trajectory {whole.id} has no stop reason; it has not ended")
    trajectory, aside = texts.all_aside(whole)
    texts.keep(connection, aside)
    row = {f"new_{name}": value for name, value in _row(trajectory, State.FINISHED).items()}
    row |= {"wanted": trajectory.id, "steps": len(trajectory.steps), "writer": writer_of(connection)}
    if connection.execute(_FINISH, row).rowcount == 0:
        _explain_unfinished(connection, trajectory)
    else:
        connection.execute(delete(CANCEL_WISH).where(CANCEL_WISH.c.trajectory_id == trajectory.id))
        search_rows.end(connection, trajectory)
    return trajectory


def _explain_unfinished(connection: Connection, trajectory: Trajectory) -> None:
    """Why a trajectory could not be finished, unless it is finished already."""
    now = existing_state(connection, trajectory.id)
    if now not in FINAL:
        if now is State.INTERRUPTED or not belongs(connection, trajectory.id, writer_of(connection)):
            raise refuse(trajectory.id)
        kept = steps_kept(connection, trajectory.id)
        raise StoreConflict(
            f"trajectory {trajectory.id} has {len(trajectory.steps)} steps, but {kept} are kept; keep them all first"
        )
    if find(connection, trajectory.id) != trajectory:
        raise StoreConflict(f"trajectory {trajectory.id} is already {now.value}, with other content")


def reopen(connection: Connection, trajectory_id: str) -> None:
    """An interrupted trajectory is running again, driven by who writes. Raises StoreConflict for any other."""
    now = existing_state(connection, trajectory_id)
    check_counted(connection)
    interrupted = (TRAJECTORY.c.id == trajectory_id) & (TRAJECTORY.c.state == State.INTERRUPTED.value)
    anew = {"state": State.RUNNING.value, "owner": writer_of(connection)}
    connection.execute(delete(CANCEL_WISH).where(CANCEL_WISH.c.trajectory_id == trajectory_id))
    if connection.execute(update(TRAJECTORY).where(interrupted).values(anew)).rowcount == 0:
        raise StoreConflict(f"trajectory {trajectory_id} is {now.value}; only an interrupted one can be resumed")


def mark_interrupted(connection: Connection) -> tuple[str, ...]:
    """Every running trajectory becomes interrupted; their ids."""
    running = in_state(connection, State.RUNNING)
    connection.execute(
        update(TRAJECTORY).where(TRAJECTORY.c.state == State.RUNNING.value).values(state=State.INTERRUPTED.value)
    )
    return running


def add(connection: Connection, whole: Trajectory) -> bool:
    """Keep a trajectory made elsewhere, and its run if that is unknown here. False where it is here already.

    Long texts that it brings are kept either way.
    """
    trajectory, aside = texts.all_aside(whole)
    texts.keep(connection, aside)
    if state(connection, check_id("a trajectory", trajectory.id)) is not None:
        if find(connection, trajectory.id) != trajectory:
            raise StoreConflict(f"there is already a trajectory {trajectory.id} with other content; give this a new id")
        return False
    if trajectory.run is not None and find_run(connection, trajectory.run) is None:
        _keep_run(connection, Run(trajectory.run, trajectory.query, trajectory.started_at, trajectory.reference))
    _insert(connection, trajectory, State.IMPORTED)
    return True


def find(connection: Connection, trajectory_id: str) -> Trajectory | None:
    """The trajectory with the steps kept so far."""
    header = connection.execute(select(TRAJECTORY.c.header).where(TRAJECTORY.c.id == trajectory_id)).scalar()
    if header is None:
        return None
    steps = select(STEP.c.record).where(STEP.c.trajectory_id == trajectory_id).order_by(STEP.c.index)
    return load_parts(header, list(connection.execute(steps).scalars()))


def find_run(connection: Connection, run_id: str) -> Run | None:
    """The run of that id."""
    record = connection.execute(select(RUN.c.record).where(RUN.c.id == run_id)).scalar()
    return None if record is None else load_run(record)


def state(connection: Connection, trajectory_id: str) -> State | None:
    """The state of a trajectory; `None` where there is none of that id."""
    found = connection.execute(_STATE, {"wanted": trajectory_id}).scalar()
    return None if found is None else State(found)


def in_state(connection: Connection, wanted: State) -> tuple[str, ...]:
    """The ids of the trajectories in that state, oldest first."""
    there = select(TRAJECTORY.c.id).where(TRAJECTORY.c.state == wanted.value)
    return tuple(connection.execute(there.order_by(TRAJECTORY.c.started_at, TRAJECTORY.c.id)).scalars())


def check_id(noun: str, id: str) -> str:
    """The id itself; raises RecordError where it could not be typed, shown or put into a link."""
    if not id or len(id) > LONGEST_ID or not id.isprintable():
        raise RecordError(f"the id of {noun} must have 1 to {LONGEST_ID} printable characters, not {id[:80]!r}")
    return id


def _keep_run(connection: Connection, run: Run) -> None:
    row = {
        "id": check_id("a run", run.id),
        "asked_at": run.asked_at,
        "folded_query": folded(run.query),
        "record": dump_run(run),
    }
    if connection.execute(_ADD_RUN, row).rowcount == 0 and find_run(connection, run.id) != run:
        raise StoreConflict(f"there is already a run {run.id} with other content")


def _insert(connection: Connection, whole: Trajectory, state: State) -> None:
    trajectory, aside = texts.all_aside(whole)
    texts.keep(connection, aside)
    owner = writer_of(connection) if state is State.RUNNING else None
    connection.execute(_ADD_TRAJECTORY, _row(trajectory, state) | {"owner": owner})
    if trajectory.steps:
        connection.execute(insert(STEP), [_step_row(trajectory.id, step) for step in trajectory.steps])
    search_rows.add(connection, trajectory, ended=state in FINAL)


def _row(trajectory: Trajectory, state: State) -> dict[str, Any]:
    if trajectory.seed not in _SEEDS:
        raise RecordError(f"seed must fit into 64 bits, not {trajectory.seed}")
    final = state in FINAL
    reason = trajectory.stop_reason
    return {
        "id": trajectory.id,
        "run_id": None if trajectory.run is None else check_id("a run", trajectory.run),
        "query": searchable(trajectory.query),
        "policy": searchable(trajectory.policy),
        "pool": searchable(trajectory.pool),
        "seed": trajectory.seed,
        "started_at": trajectory.started_at,
        "state": state.value,
        "stop_reason": None if reason is None else reason.value,
        "verdict": trajectory.outcome.verdict.value,
        "cost_usd": f"{trajectory.cost_usd:f}" if final else None,
        "unpriced_calls": trajectory.unpriced_calls if final else None,
        "latency_s": float(trajectory.latency_s) if final else None,
        "simulated": trajectory.simulated if final else None,
        "header": dump_header(trajectory),
    }


def _step_row(trajectory_id: str, step: Step) -> dict[str, Any]:
    return {"trajectory_id": trajectory_id, "index": step.index, "record": dump_step(step)}


def existing_state(connection: Connection, trajectory_id: str) -> State:
    """The state of a trajectory; raises StoreMissing where there is none of that id."""
    now = state(connection, trajectory_id)
    if now is None:
        raise StoreMissing(f"there is no trajectory {trajectory_id}")
    return now


def steps_kept(connection: Connection, trajectory_id: str) -> int:
    """How many steps of a trajectory are kept."""
    kept: int = connection.execute(select(_STEPS_KEPT), {"wanted": trajectory_id}).scalar_one()
    return kept
