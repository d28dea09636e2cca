"""An environment of its own for packages that cannot be installed beside the rest, or the reason why there is none."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Unavailable(Exception):
    """There is no such environment here; the message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Made in `folder` from pinned requirements, unless `variable` names the interpreter of another one."""

    what: str
    """Whose it is, as in `no vLLM is installed`."""
    folder: Path
    requirements: Path
    variable: str
    target: str
    """Of make, which installs it."""
    size: str
    """What installing brings, in words."""
    complete: bool = False
    """Whether the requirements name every package, so that none is installed for another's sake."""

    @property
    def python(self) -> Path:
        """Its interpreter, where it was made."""
        return self.folder / "bin/python"

    def interpreter(self) -> Path:
        """The Python to use; raises Unavailable."""
        if named := os.environ.get(self.variable):
            if not Path(named).exists():
                raise Unavailable(f"{self.variable} names {named}, which does not exist")
            return Path(named)
        ready, reason = self.folder / "ready", self.folder / "unavailable"
        if ready.exists() and ready.read_text("utf-8") == self._digest():
            return self.python
        raise Unavailable(
            reason.read_text("utf-8") if reason.exists() else f"no {self.what} is installed; run `make {self.target}`"
        )

    def make(self) -> None:
        """Install what is pinned, unless it is there already; raises Unavailable without torch's CPU build."""
        try:
            self.interpreter()
            return
        except Unavailable:
            if os.environ.get(self.variable):
                raise
        print(f"Installing {self.what} into {self.folder.name}: {self.size}.", flush=True)
        venv.create(self.folder, with_pip=True)
        (self.folder / "unavailable").unlink(missing_ok=True)
        torch = next(line for line in self.requirements.read_text("utf-8").splitlines() if line.startswith("torch=="))
        done = self._pip("--no-deps", torch)
        if done.returncode:
            raise Unavailable(_without_torch(torch, done.stderr))
        alone: Sequence[str] = ("--no-deps",) if self.complete else ()
        done = self._pip(*alone, "--requirement", str(self.requirements))
        if done.returncode:
            raise SystemExit(
                f"the packages of {self.requirements.relative_to(ROOT)} cannot be installed:\n{done.stderr}"
            )
        (self.folder / "ready").write_text(self._digest(), "utf-8")

    def main(self) -> int:
        """Make it; 0 also where the suite must skip, but not where an interpreter is named in vain."""
        try:
            self.make()
        except Unavailable as reason:
            if os.environ.get(self.variable):
                print(reason, file=sys.stderr)
                return 1
            (self.folder / "unavailable").write_text(str(reason), "utf-8")
            print(f"The tests with {self.what} will be skipped: {reason}", file=sys.stderr)
        return 0

    def _pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = ("--disable-pip-version-check", "--no-input", "--quiet")
        command = [str(self.python), "-m", "pip", "install", *options, *arguments]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)

    def _digest(self) -> str:
        return hashlib.sha256(self.requirements.read_bytes()).hexdigest()


def _without_torch(torch: str, said: str) -> str:
    last = (said.strip().splitlines() or ["no reason was given"])[-1]
    return (
        f"{torch} cannot be installed ({last}); make PyTorch's wheels for CPUs known to pip, for example through "
        "PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS"
    )
