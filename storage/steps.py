"""Steps in SQL: kept one by one or many at once, each behind the one before it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from sqlalchemy import Connection, Text, bindparam, func, insert, literal_column, select
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from storage import texts
from storage.errors import StoreConflict
from storage.owner import OWN, belongs, refuse
from storage.tables import STEP, TRAJECTORY
from storage.texts import Texts
from storage.trajectories import State, existing_state, steps_kept


@dataclass(frozen=True, slots=True)
class StepToKeep:
    """A step on its way to the database; its record is written in JSON."""

    trajectory: str
    index: int
    record: str
    texts: Texts = field(default_factory=dict)
    """Long texts that the record names."""
    writer: str | None = None
    """The process that keeps it."""


_KEEP_STEP: Final = (
    insert(STEP)
    .from_select(
        ["trajectory_id", "index", "record"],
        select(
            TRAJECTORY.c.id,
            bindparam("next_index", type_=STEP.c.index.type),
            bindparam("step_record", type_=STEP.c.record.type),
        )
        .where(
            TRAJECTORY.c.id == bindparam("of_trajectory"),
            TRAJECTORY.c.state == literal_column(f"'{State.RUNNING.value}'", Text),
            OWN,
            bindparam("next_index", type_=STEP.c.index.type)
            == select(func.coalesce(func.max(STEP.c.index) + literal_column("1"), literal_column("0")))
            .where(STEP.c.trajectory_id == bindparam("of_trajectory"))
            .scalar_subquery(),
        )
        # PostgreSQL: who takes the trajectory away meanwhile waits for this step, or this step for them.
        .with_for_update(read=True, of=TRAJECTORY),
    )
    .execution_options(preserve_rowcount=True)
)
"""Keeps a step only behind the last one of a running trajectory that belongs to the writer."""
_KEEP_STEP_IN_SQLITE: Final = str(_KEEP_STEP.compile(dialect=SQLiteDialect(paramstyle="named")))
"""The same in SQLite's own words, with named parameters."""
_KEEP_TEXT_IN_SQLITE: Final = str(texts.KEEP["sqlite"].compile(dialect=SQLiteDialect(paramstyle="named")))


def keep_steps(connection: Connection, steps: Sequence[StepToKeep]) -> None:
    """Keep all, with their texts, or raise StoreConflict or StoreMissing.

    A step that is already there, word for word, is kept.
    """
    texts.keep(connection, {address: row for step in steps for address, row in step.texts.items()})
    rows = [_row(step) for step in steps]
    kept = connection.execute(_KEEP_STEP, rows if len(rows) > 1 else rows[0]).rowcount
    if kept == len(steps):
        return
    if len(steps) > 1:
        raise StoreConflict("a step of this batch was refused")
    _explain(connection, steps[0])


def keep_in_sqlite(below: sqlite3.Connection, step: StepToKeep) -> bool:
    """Keep a step in a transaction of its own; False where it is refused, and `keep_steps` can tell why.

    One statement outside a transaction takes the write lock first, as BEGIN IMMEDIATE does, and commits. A step with
    long texts needs a transaction around them.
    """
    if not step.texts:
        return below.execute(_KEEP_STEP_IN_SQLITE, _row(step)).rowcount == 1
    below.execute("BEGIN IMMEDIATE")
    with below:  # Commits, or rolls back where something is raised.
        below.executemany(_KEEP_TEXT_IN_SQLITE, texts.in_order(step.texts))
        kept = below.execute(_KEEP_STEP_IN_SQLITE, _row(step)).rowcount == 1
        if not kept:
            below.rollback()
    return kept


def _row(step: StepToKeep) -> dict[str, Any]:
    return {
        "of_trajectory": step.trajectory,
        "next_index": step.index,
        "step_record": step.record,
        "writer": step.writer,
    }


def _explain(connection: Connection, step: StepToKeep) -> None:
    """Why a step was refused, unless it is there already."""
    now = existing_state(connection, step.trajectory)
    there = select(STEP.c.record).where(STEP.c.trajectory_id == step.trajectory, STEP.c.index == step.index)
    record = connection.execute(there).scalar()
    if record == step.record:
        return
    name = f"step {step.index} of trajectory {step.trajectory}"
    if record is not None:
        raise StoreConflict(f"{name} is kept already, with other content")
    if not belongs(connection, step.trajectory, step.writer):
        raise refuse(step.trajectory)
    if now is not State.RUNNING:
        raise StoreConflict(f"{name} cannot be kept: the trajectory is {now.value}")
    _refuse_gap(name, steps_kept(connection, step.trajectory))


def _refuse_gap(name: str, kept: int) -> NoReturn:
    raise StoreConflict(f"{name} cannot be kept: {kept} steps are there, so the next one is step {kept}")
