"""Imports Podium once, then forks a `podium` for each line that it reads, so that a start costs no imports.

Reads lines of JSON, `{"start": [ARGUMENTS]}` or `{"wait": PID}`; answers with the process id, or with the exit code.
"""

import json
import os
import sys
import time
import traceback

LOG = "PODIUM_TEST_LOG"


def main() -> None:
    """Fork a child for each line."""
    import webapp.front_desk  # noqa: PLC0415 - what `podium serve` would import
    import webapp.server  # noqa: PLC0415
    import webapp.ui.mount  # noqa: F401, PLC0415

    for line in sys.stdin:
        match json.loads(line):
            case {"start": arguments}:
                answer = _started(arguments)
            case {"wait": pid}:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(answer, flush=True)


def _started(arguments: list[str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, f"--- {time.strftime('%H:%M:%S')} {os.getpid()}\n".encode())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        from webapp.cli import main as podium  # noqa: PLC0415

        code = podium(arguments)
    except BaseException:  # noqa: BLE001 - what the interpreter would say at the end of a process of its own
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
