"""What a process owns while nothing in it drives it, such as after a full disk: it is as good as interrupted."""

from datetime import datetime

from sqlalchemy import Connection, update

from orchestrator.trajectory import Trajectory
from storage.owner import writer_of
from storage.spending import ledger
from storage.tables import TRAJECTORY
from storage.trajectories import State, existing_state


def lay_down(connection: Connection, trajectory_id: str) -> None:
    """Mark a running trajectory of the writer as interrupted; nothing happens to any other."""
    own = (TRAJECTORY.c.id == trajectory_id) & (TRAJECTORY.c.owner == writer_of(connection))
    running = TRAJECTORY.c.state == State.RUNNING.value
    connection.execute(update(TRAJECTORY).where(own, running).values(state=State.INTERRUPTED.value))


def end(connection: Connection, ended: Trajectory, now: datetime) -> Trajectory:
    """Keep the end of an interrupted trajectory, which is opened again for it, or of a running one of the writer."""
    if existing_state(connection, ended.id) is State.INTERRUPTED:
        ledger.reopen(connection, ended.id, None, now)
    return ledger.finish(connection, ended, now)
