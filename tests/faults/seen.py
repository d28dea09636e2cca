"""What the suite saw: a fault, what happened, and what people were told. Written as a table when it ends."""

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
    "clock jumps",
)
"""The rows of the table in docs/faults.md, in its order; each is a test of this suite."""


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


def table(rows: Sequence[Seen], before: str) -> str:
    """These rows in the order of FAULTS, and those of an earlier table about other faults: not each run tries all."""
    tried = {row.fault for row in rows}
    kept = {line.split("|")[1].strip(): line for line in before.splitlines() if line.startswith("|")}
    lines = ["| fault | what happened | what people were told |", "|---|---|---|"]
    for fault in FAULTS:
        lines += [row.line for row in rows if row.fault == fault]
        lines += [kept[fault]] if fault in kept and fault not in tried else []
    return "\n".join(lines) + "\n"


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
