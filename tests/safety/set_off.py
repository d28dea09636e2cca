"""Sets off each of the `bombs` in a process of its own: `python -m tests.safety.set_off`.

The process loads everything first. For each bomb it forks a child, whose highest memory is counted from there
on (`/proc/self/clear_refs`), against what it had then; the child prints what it was told and by how much it grew.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any


def told(bomb: Callable[[Path], Any], folder: Path) -> str:
    """What is said of it, in a few words."""
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            result = bomb(folder)
        except Exception as error:  # noqa: BLE001 - told as any other end
            result = f"{type(error).__name__}: {error}"
    return f"{result} {said.getvalue()}"[:300]


def status(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measured(name: str, bomb: Callable[[Path], Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        before, began = status("VmRSS"), time.process_time()
        said = told(bomb, Path(folder))
        grew, cpu_s = status("VmHWM") - before, time.process_time() - began
        return {"name": name, "grew": grew, "cpu_s": cpu_s, "told": said, "wait_status": 0}


def forked(name: str, bomb: Callable[[Path], Any]) -> None:
    """Set one off in a child, and print what came of it; of a child that dies, how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.write(1, (json.dumps(measured(name, bomb)) + "\n").encode())
        except BaseException:  # noqa: BLE001 - a child never goes on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, ended = os.waitpid(child, 0)
    if ended:
        print(json.dumps({"name": name, "grew": None, "cpu_s": None, "told": None, "wait_status": ended}))


def main(asked: list[str]) -> None:
    """Set off those that are asked for, or all."""
    from tests.safety.bombs import BOMBS, prepare  # noqa: PLC0415 - loads the whole application

    for name, bomb in BOMBS.items():
        if not asked or name in asked:
            prepare(name)
            forked(name, bomb)


if __name__ == "__main__":
    main(sys.argv[1:])
