"""Which processes run trajectories on a database: each holds a shared lock on a file beside it, until it ends.

The system takes the lock away from a killed process, so a process that gets it alone knows that nobody else is running
anything. For databases without a file (memory, a server) each process counts as alone.
"""

import fcntl
from pathlib import Path
from typing import IO


class Presence:
    """This process, as one that runs trajectories."""

    def __init__(self, database: str) -> None:
        self._file: IO[bytes] | None = None
        self.alone = True
        """Whether no other process ran anything when this one came."""
        if database and not database.startswith("file:"):
            self._file = Path(f"{database}.running").open("ab")  # noqa: SIM115 - held until close
            self.alone = self._lock_alone(self._file)

    @staticmethod
    def _lock_alone(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(file, fcntl.LOCK_SH)
            return False
        return True

    def share(self) -> None:
        """Let others come; call it when what the last process left behind is marked."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def close(self) -> None:
        """Be gone. Safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
