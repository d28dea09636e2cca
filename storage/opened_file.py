"""The file that was opened, and whether it still lies where it lay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from storage import sqlite
from storage.errors import StoreReplaced


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The file of an SQLite database, as it was when it was opened."""

    path: Path
    identity: tuple[int, int] | None
    """Device and number of the file; `None` where there was none."""

    @classmethod
    def of(cls, engine: Engine) -> Self | None:
        """That of an engine; `None` in memory, behind an address of SQLite's own, or on a server."""
        place = sqlite.place(engine) if engine.dialect.name == "sqlite" else ""
        if not place or place.startswith("file:"):
            return None
        path = Path(place).expanduser().absolute()
        return cls(path, _identity(path))

    def check(self) -> None:
        """Raises StoreReplaced where another file, or none, has that name now: what is written would be lost."""
        if self.identity is not None and _identity(self.path) != self.identity:
            raise StoreReplaced(
                f"{self.path} was replaced or taken away while Podium used it: nothing is written any more, so that "
                "nothing is lost; stop Podium, put the right file in its place, and start it again"
            )


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
