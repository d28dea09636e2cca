"""`podium serve` that also notes when each step was committed: `python -m bench.load.server NOTES serve …`.

A line of the notes is `TRAJECTORY INDEX NANOSECONDS` by the monotonic clock, which all processes of a machine share.
"""

import os
import sys
import time

from orchestrator.trajectory import Step
from storage.store import Store
from webapp.cli import main


def note_commits(path: str) -> None:
    """Have every store write a line once a step is committed."""
    notes, keep_step = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), Store.keep_step

    async def noted(self: Store, trajectory_id: str, step: Step) -> Step:
        kept = await keep_step(self, trajectory_id, step)
        os.write(notes, f"{trajectory_id} {kept.index} {time.monotonic_ns()}\n".encode())
        return kept

    Store.keep_step = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    note_commits(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
