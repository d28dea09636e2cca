"""What hostile code tries in the sandbox, and the secret that it would like to have."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CANARY: Final = "canary-8d1f03b7"
"""Stands in the file and in the environment variable below, and nowhere else."""
VARIABLE: Final = "PODIUM_SANDBOX_CANARY"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One program, and what it tries in words."""

    name: str
    code: str
    worst: bool = False
    does: str | None = None
    """What it does to the host in plain Python: starts, dials, writes, tells."""
    broken: bool = False

    def at(self, file: Path, port: int = 9) -> str:
        """The program, aimed at this file, a mark beside it, and that port."""
        aimed = self.code.replace("FILE", str(file)).replace("MARK", str(mark_beside(file)))
        return aimed.replace("PORT", str(port))


def attempts() -> list[Attempt]:
    """All of `attempts.toml`, in order."""
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return [Attempt(**one) for one in read["attempt"]]


def canary_file(folder: Path) -> Path:
    """A file of the host that holds the secret."""
    file = folder / "secret.txt"
    file.write_text(CANARY, "utf-8")
    return file


def mark_beside(file: Path) -> Path:
    """What a process would leave that an attempt started."""
    return file.with_name("mark.txt")
