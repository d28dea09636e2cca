"""A served Podium in a process of its own, with a study to rank, and what it costs the machine."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.stored import A_QUERY, BEGAN, fill
from prefs.ballot import ballot
from prefs.study import Study
from storage.store import Store
from storage.studies import Studies

STUDY: Final = "load"
QUERIES: Final = 250
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Served:
    """A process that answers at `url`."""

    process: subprocess.Popen[bytes]
    url: str
    notes: Path
    log: Path

    @property
    def cpu_s(self) -> float:
        """Processor time so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def rss_bytes(self) -> int:
        """Resident memory."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    def commits(self) -> dict[tuple[str, int], int]:
        """Trajectory and index of each step to the nanosecond of its commit."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return {(id, int(index)): int(at) for id, index, at in (line.split() for line in lines)}


async def prepare(database: str, ballots: int, overlap: int) -> None:
    """A study of ballots of four finished trajectories each."""
    with Store.open(database) as store:
        await fill(store, min(QUERIES, ballots))
        shown = []
        for number in range(ballots):
            query = number % QUERIES
            first = store.trajectory(f"{query}-0")
            assert first is not None
            ids = [f"{query}-{place}" for place in range(A_QUERY)]
            shown.append(ballot(f"b{number}", ids, query=first.query, run=None, seed=number, made_at=BEGAN))
        study = Study(STUDY, "Load", BEGAN, overlap=overlap, next_by="random")
        await Studies(store).create(study, shown)


@contextmanager
def serving(database: str, folder: Path, *, pace: float) -> Iterator[Served]:
    """Serve that database until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    notes, log = folder / "commits", folder / "served.log"
    environment = {**os.environ, "PODIUM_DATA_DIR": str(folder), "PODIUM_DISCOVER": "0", "PODIUM_PACE": str(pace)}
    arguments = ["serve", "--port", str(port), "--db", database, "--policy", "random"]
    command = [sys.executable, "-m", "bench.load.server", str(notes), *arguments]
    with log.open("wb") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process:
        try:
            served = Served(process, f"http://127.0.0.1:{port}", notes, log)
            _wait_for(served)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def _wait_for(served: Served) -> None:
    late = time.monotonic() + 120
    while time.monotonic() < late and served.process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{served.url}/readyz", timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {served.log.read_text()[-2000:]}")
