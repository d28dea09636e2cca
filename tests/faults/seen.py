"""What the suite saw: a fault, what happened, and what people were told. Written as a table when it ends."""

import fcntl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = ROOT / "test-artifacts" / "faults.md"
FAULTS: Final = (
    "disk full",
    "file size limit or quota reached",
    "read-only file system",
    "corrupted page",
    "backup restored while the server runs",
    "database file replaced by hand while the server runs",
    "database of a newer version",
    "expert's name cannot be resolved",
    "expert's certificate has expired",
    "expert refuses connections",
    "expert hangs",
    "PostgreSQL stopped and started again",
    "PostgreSQL stays away",
    "PostgreSQL does not answer",
    "clock jumps",
)
"""The rows of the table in docs/faults.md, in its order; each is a test of this suite."""
NOT_TRIED: Final = "not tried here"


@dataclass(frozen=True, slots=True)
class Seen:
    """A row."""

    fault: str
    happened: str
    told: str

    @property
    def line(self) -> str:
        """As Markdown."""
        cells = (" ".join(text.split()).replace("|", "/") for text in (self.fault, self.happened, self.told))
        return f"| {' | '.join(cells)} |"


def write(rows: Sequence[Seen], run: str, file: Path = TABLE) -> None:
    """Add these rows to the table of this run, to which other processes add theirs. Those of another run go."""
    file.parent.mkdir(exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = f"<!-- run {run} -->"
        before = file.read_text("utf-8").splitlines() if file.exists() else []
        kept = [line for line in before if NOT_TRIED not in line] if mark in before else []
        file.write_text(table([*kept, *(row.line for row in rows)]) + f"\n{mark}\n", "utf-8")


def table(lines: Sequence[str]) -> str:
    """These rows in the order of FAULTS, each of which has one at least."""
    told = ["| fault | what happened | what people were told |", "|---|---|---|"]
    for fault in FAULTS:
        told += [line for line in lines if line.startswith(f"| {fault} |")] or [Seen(fault, NOT_TRIED, "").line]
    return "\n".join(told) + "\n"


def rows_of(markdown: str) -> Iterator[str]:
    """The first cells of the table of faults in a page."""
    inside = False
    for line in markdown.splitlines():
        if line.startswith("| fault |"):
            inside = True
        elif inside and line.startswith("|--"):
            continue
        elif inside and line.startswith("|"):
            yield line.split("|")[1].strip()
        elif inside:
            return
