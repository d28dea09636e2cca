"""Notices that the pool file has changed, and hands over the pool that it now describes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from orchestrator.pool import Pool
from orchestrator.pool_file import BadPoolFile, read_pool

EVERY_S: Final = 1.0
"""Seconds between two looks at the file."""
SETTLE_S: Final = 0.2
"""For so long a file must stay as it is before it is read, so that nobody reads half of what an editor writes."""

_State = tuple[int, ...] | str
"""What tells one state of the file from another, or why it cannot be seen."""


class PoolWatch:
    """Watches one pool file: also one that editors replace, and one behind links that are turned to another file.

    `on_pool` gets each pool that differs from the one in use, and may refuse it with a ValueError. `on_problem` is told
    why the file as it is now cannot be used, and `None` once it can again; until then the pool in use stays.
    """

    def __init__(
        self,
        path: Path,
        on_pool: Callable[[Pool], None],
        on_problem: Callable[[str | None], None],
        *,
        in_use: Pool | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self._path = path
        self._on_pool = on_pool
        self._on_problem = on_problem
        self._in_use = in_use
        self._every_s = every_s
        self._problem: str | None = None

    async def run(self) -> None:
        """Look until cancelled. The first look reads the file, so that no change before it is missed."""
        known: _State | None = None
        while True:
            seen = await asyncio.to_thread(_state, self._path)
            if seen != known:
                known = await self._settled(seen)
                await self._take()
            await asyncio.sleep(self._every_s)

    async def _settled(self, seen: _State) -> _State:
        """The file's state once it has stayed the same for a moment."""
        while True:
            await asyncio.sleep(min(SETTLE_S, self._every_s))
            again = await asyncio.to_thread(_state, self._path)
            if again == seen:
                return seen
            seen = again

    async def _take(self) -> None:
        """Read the file; use it, or say why not."""
        problem: str | None = None
        try:
            pool = await asyncio.to_thread(_read, self._path)
            if pool != self._in_use:
                self._on_pool(pool)
                self._in_use = pool
        except ValueError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - a watch that ended here would leave every later change unnoticed
            problem = f"{self._path} cannot be used: {type(error).__name__}: {error}"
        if problem != self._problem:
            self._problem = problem
            self._on_problem(problem)


def _read(path: Path) -> Pool:
    if not path.exists():
        raise BadPoolFile(f"{path}: the pool file is gone; put it back, or start again with another --pool")
    return read_pool(path)


def _state(path: Path) -> _State:
    try:
        found = path.stat()
    except OSError as error:
        return error.strerror or type(error).__name__
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
