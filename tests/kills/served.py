"""A real `podium serve`, started again and again at the same address."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.kills.forker import LOG

ROOT = Path(__file__).parents[2]
NICE = 5


@dataclass(slots=True)
class Served:
    """One address and the process that answers there, if one does."""

    forker: subprocess.Popen[str]
    database: str
    pool: Path
    port: int
    log: Path
    pid: int | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it answers."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; `ready` waits until it answers."""
        assert self.pid is None
        place = ["--port", str(self.port), "--db", self.database]
        self.pid = self._asked({"start": ["serve", *place, "--pool", str(self.pool), "--policy", "random"]})

    async def ready(self, late_s: float = 90.0) -> None:
        """Wait until it answers."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as http, asyncio.timeout(late_s):
            while not await _answers(http, f"{self.url}/readyz"):
                assert self.pid is not None
                assert not self._ended(), f"the server ended by itself: {self.log.read_text()[-3000:]}"
                await asyncio.sleep(0.02)
        self.up.set()

    def kill(self) -> None:
        """`kill -9`, whatever it is doing."""
        assert self.pid is not None
        self.up.clear()
        os.kill(self.pid, signal.SIGKILL)
        assert self._asked({"wait": self.pid}) == -signal.SIGKILL, self.log.read_text()[-3000:]
        self.pid = None

    def stop(self) -> int:
        """Ask it to stop, and give its exit code."""
        assert self.pid is not None
        self.up.clear()
        os.kill(self.pid, signal.SIGTERM)
        code, self.pid = self._asked({"wait": self.pid}), None
        return code

    def _ended(self) -> bool:
        """Whether it is a zombie: its parent waits for it only when asked."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    def _asked(self, what: dict[str, Any]) -> int:
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        self.forker.stdin.write(json.dumps(what) + "\n")
        self.forker.stdin.flush()
        return int(self.forker.stdout.readline())


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError, TimeoutError):
        async with http.get(url) as answer:
            return answer.status == 200
    return False


@contextmanager
def serving(database: str, pool: Path, folder: Path) -> Iterator[Served]:
    """A server to start, kill and start again on that database; whatever runs at the end is killed."""
    log = folder / "served.log"
    environment = {
        **os.environ,
        LOG: str(log),
        "PODIUM_DATA_DIR": str(folder / "data"),
        "PODIUM_DISCOVER": "0",
        "PYTHONPATH": str(ROOT),
    }
    command = ["nice", "-n", str(NICE), sys.executable, "-m", "tests.kills.forker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forker:
        served = Served(forker, database, pool, _free_port(), log)
        try:
            yield served
        finally:
            if served.pid is not None:
                served.kill()
            assert forker.stdin is not None
            forker.stdin.close()
            forker.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
