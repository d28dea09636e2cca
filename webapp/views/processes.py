"""The processes of a database, as JSON and as lines for people."""

from collections.abc import Sequence
from datetime import datetime

from storage.processes.process import AtWork, Process
from webapp.views.amounts import counted
from webapp.views.calls import JsonObject


def process_view(one: AtWork, here: str | None) -> JsonObject:
    """One process; `here` is the id of the one that tells."""
    process = one.process
    return {
        "id": process.id,
        "name": process.name,
        "host": process.host,
        "pid": process.pid,
        "address": process.address,
        "here": process.id == here,
        "state": state(process),
        "started_at": process.started_at.isoformat(),
        "heartbeat_at": process.heartbeat_at.isoformat(),
        "ended_at": None if process.ended_at is None else process.ended_at.isoformat(),
        "running": one.running,
    }


def state(process: Process) -> str:
    """`alive`, or how it ended: `stopped` or `dead`."""
    if process.ending is not None:
        return process.ending.value
    return "dead" if process.surely_gone else "alive"


def lines(known: Sequence[AtWork], beats: bool) -> list[str]:
    """One line for each, oldest first; `beats` where heartbeats are told at all."""
    return [_line(one, beats) for one in known]


def _line(one: AtWork, beats: bool) -> str:
    process, now = one.process, state(one.process)
    said = [f"{process.name:<24} {now:<8}", f"since {_minute(process.started_at)}"]
    if process.ended_at is not None:
        said.append(f"until {_minute(process.ended_at)}")
    elif beats:
        said.append(f"last heard {one.silent_s:.0f} s ago")
    if process.address is not None:
        said.append(process.address)
    if one.running:
        said.append(f"drives {counted(one.running, 'trajectory', 'trajectories')}")
    return "  ".join(said)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
