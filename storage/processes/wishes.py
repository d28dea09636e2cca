"""Wishes that a trajectory be ended, left in the database for the process that drives it."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.process_tables import CANCEL_WISH
from storage.processes.roll import clock
from storage.tables import TRAJECTORY
from storage.trajectories import State

LOOK_S: Final = 0.5
"""Seconds between two looks of a process for wishes to it."""


def ask(connection: Connection, trajectory_ids: Collection[str]) -> None:
    """Have those of these that run ended by whoever drives them; asking again, or two at once, does nothing more."""
    now = literal(clock(connection), CANCEL_WISH.c.asked_at.type)
    going = TRAJECTORY.c.id.in_(trajectory_ids) & (TRAJECTORY.c.state == State.RUNNING.value)
    wished = select(TRAJECTORY.c.id, now).where(going).order_by(TRAJECTORY.c.id)
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(CANCEL_WISH).from_select(CANCEL_WISH.c.keys(), wished).on_conflict_do_nothing())


def of(connection: Connection, owner: str) -> tuple[str, ...]:
    """The trajectories that this process drives and somebody wants to be ended."""
    driven = (TRAJECTORY.c.owner == owner) & (TRAJECTORY.c.state == State.RUNNING.value)
    wished = select(TRAJECTORY.c.id).join(CANCEL_WISH, CANCEL_WISH.c.trajectory_id == TRAJECTORY.c.id).where(driven)
    return tuple(connection.execute(wished).scalars())


def withdraw(connection: Connection, trajectory_ids: Collection[str]) -> None:
    """Forget wishes, such as those that were heard: a trajectory that is resumed later must not be ended by them."""
    connection.execute(delete(CANCEL_WISH).where(CANCEL_WISH.c.trajectory_id.in_(trajectory_ids)))
