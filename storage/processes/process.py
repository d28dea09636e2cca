"""A process that runs trajectories, as the others see it."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from orchestrator.alternatives import new_id

_PROC: Final = Path("/proc")
_STATE, _BORN = 0, 19
"""Places in a line of `/proc/PID/stat` behind the name."""


class Ending(StrEnum):
    """How a process left."""

    STOPPED = "stopped"
    """By itself, in order."""
    DEAD = "dead"
    """Another process found it dead or silent for too long."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process on a database. Times of `heartbeat_at` are the database's."""

    id: str
    host: str
    pid: int
    machine: str | None
    born: int | None
    address: str | None
    started_at: datetime
    beats: int
    heartbeat_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None

    @property
    def name(self) -> str:
        """What people call it, such as `web-1:4711`."""
        return f"{self.host}:{self.pid}"

    @property
    def surely_gone(self) -> bool:
        """Whether this machine knows that it no longer runs. False where that cannot be told from here."""
        if self.machine is None or self.machine != machine():
            return False
        now = _stat(self.pid)
        if now is None:
            return not _there(self.pid)
        return now[_STATE] in "ZX" or (self.born is not None and int(now[_BORN]) != self.born)


@dataclass(frozen=True, slots=True)
class AtWork:
    """A process and how busy it is."""

    process: Process
    silent_s: float
    """Seconds since its last heartbeat, by the database's clock; `podium` on SQLite beats only once, when it comes."""
    running: int
    """Trajectories that it drives."""


def this_process(address: str | None) -> dict[str, Any]:
    """What is kept of the calling process, under a new id."""
    own = _stat(os.getpid())
    return {
        "id": new_id(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "machine": machine(),
        "born": None if own is None else int(own[_BORN]),
        "address": address,
    }


def machine() -> str | None:
    """This start of this system and this space of process numbers; `None` where the system does not tell."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _there(pid: int) -> bool:
    """Whether a process has this number, perhaps one that `/proc` hides because it is another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _stat(pid: int) -> list[str] | None:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
