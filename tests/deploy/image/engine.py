"""buildah builds, podman starts, both with a store of their own: neither a daemon nor cgroups of systemd are needed."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.deploy.image import parts

ROOT: Final = Path(__file__).parents[3]
BASE: Final = "localhost/podium-base"
IMAGE: Final = "localhost/podium"
RUN: Final = (
    "--pull=never",
    "--network=host",
    # A container may have fewer of both than this machine, never more.
    "--ulimit=nofile=1024:2048",
    "--ulimit=nproc=1024:1024",
    # systemd would have to ask; the tests ask instead.
    "--no-healthcheck",
    "--init-path=/usr/bin/catatonit",
)
HARDENED: Final = ("--init", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
"""As docs/docker.md says that it works."""
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Engine:
    """Images, containers and volumes in `folder`."""

    folder: Path

    def build(self) -> None:
        """The real Dockerfile, on a Debian made here in the place of `python:3.11-slim`."""
        parts.debian(self.folder / "debian")
        container = self._buildah("from", "scratch").stdout.strip()
        self._buildah("add", "--quiet", container, str(self.folder / "debian"), "/")
        self._buildah("commit", "--quiet", "--rm", container, BASE)
        flags = ["--isolation=chroot", "--format=docker", "--pull-never", f"--build-arg=BASE={BASE}", f"--tag={IMAGE}"]
        self._buildah("bud", *flags, *parts.index_mounts(self.folder), str(ROOT))

    def config(self) -> dict[str, Any]:
        """What a registry would tell of the image."""
        told = json.loads(self._buildah("inspect", "--type", "image", IMAGE).stdout)
        return dict(told["Docker"]["config"])

    def run(self, *arguments: str, flags: tuple[str, ...] = (), said: str = "") -> Done:
        """A command in a new container that is gone afterwards; without arguments the image's own."""
        return self.podman("run", "--rm", "--interactive", *RUN, *flags, IMAGE, *arguments, said=said)

    @contextmanager
    def started(self, name: str, *flags: str) -> Iterator[Callable[..., Done]]:
        """The image's own command in the background; gives what runs a command beside it."""
        done = self.podman("run", "--detach", f"--name={name}", *RUN, *flags, IMAGE)
        assert done.returncode == 0, done.stderr
        try:
            yield lambda *arguments: self.podman("exec", name, *arguments)
        finally:
            self.podman("rm", "--force", "--time=0", name)

    def stop(self, name: str, grace_s: int) -> tuple[int, float]:
        """Its exit code, and the seconds that it took."""
        begun = time.monotonic()
        self.podman("stop", f"--time={grace_s}", name)
        took_s = time.monotonic() - begun
        return int(self.podman("inspect", "--format={{.State.ExitCode}}", name).stdout), took_s

    def log(self, name: str) -> str:
        """What a container wrote."""
        done = self.podman("logs", name)
        return done.stdout + done.stderr

    def podman(self, *arguments: str, said: str = "", late_s: float = 120) -> Done:
        """Any of its commands."""
        store = (*self._store(), "--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--runtime=runc")
        command = ["podman", *store, *arguments]
        return subprocess.run(command, input=said, capture_output=True, text=True, timeout=late_s, check=False)

    def clear(self) -> None:
        """Unmount everything, so that the folder can be removed."""
        self.podman("rm", "--all", "--force", "--time=0")
        self.podman("volume", "rm", "--all", "--force")
        self._buildah("rm", "--all")

    def _buildah(self, *arguments: str) -> Done:
        done = subprocess.run(["buildah", *self._store(), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"buildah {arguments[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def _store(self) -> tuple[str, ...]:
        return f"--root={self.folder / 'store'}", f"--runroot={self.folder / 'runs'}"


def until_healthy(beside: Callable[..., Done], check: list[str], late_s: float = 90.0) -> None:
    """Ask the image's own health check, as an engine would, until it says yes."""
    late = time.monotonic() + late_s
    while (done := beside(*check)).returncode:
        assert time.monotonic() < late, done.stderr
        time.sleep(0.3)
