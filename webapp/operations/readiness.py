"""Whether this process can do its work now, part by part: what `/readyz` answers."""

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from storage import condition
from storage.store import Store

FRESH_S: Final = 5.0
"""Seconds that a look is good for: the probe is a real write, and anybody may ask."""
WITHIN_S: Final = 3.0
"""Seconds that a read or a write may take."""
WRONG: Final = "not in order; an admin sees why"
LOST: Final = "other processes count this one as dead until the database hears from it again; it runs nothing meanwhile"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that must be in order."""

    name: str
    problem: str | None = None
    """What is wrong, in words for the operator."""


@dataclass(slots=True)
class Readiness:
    """Looks at the database, its writer, the disk, policy and pool; not more often than every FRESH_S seconds."""

    store: Store
    folders: Sequence[Path]
    """That need free space."""
    least_free_bytes: int
    in_place: Callable[[], tuple[str, str]]
    """The policy and the pool that are in use; raises where there are none."""
    stopping: bool = False
    """Whether the process is about to end."""
    _parts: tuple[Part, ...] = ()
    _looked_at: float = field(default=float("-inf"))
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reading: asyncio.Task[str | None] | None = None
    """A read that a server has not answered yet: it is not asked once more meanwhile."""

    async def parts(self) -> tuple[Part, ...]:
        """Every part as it was at most FRESH_S seconds ago; takes WITHIN_S seconds and a little at most."""
        async with self._looking:
            if time.monotonic() - self._looked_at > FRESH_S:
                self._parts = await self._look()
                self._looked_at = time.monotonic()
            return self._parts

    async def answer(self, *, detail: bool, admin: bool) -> tuple[int, dict[str, Any]]:
        """Status and body of a reply; with `detail` which part is wrong, and which policy and pool are in use.

        What is wrong with it may name places of this machine, and is for an `admin`.
        """
        if self.stopping:
            return 503, {"status": "stopping"}
        parts = await self.parts()
        well = all(part.problem is None for part in parts)
        body: dict[str, Any] = {"status": "ready" if well else "not ready"}
        if not detail:
            return (200 if well else 503), body
        wrong = {part.name: part.problem if admin else WRONG for part in parts if part.problem is not None}
        body |= {"parts": {part.name: wrong.get(part.name, "ok") for part in parts}}
        if wrong:
            return 503, body | {"detail": "; ".join(f"{name}: {said}" for name, said in wrong.items())}
        policy, pool = self.in_place()
        return 200, body | {"policy": policy, "pool": pool}

    async def _look(self) -> tuple[Part, ...]:
        reads, writes = await asyncio.gather(self._reads(), condition.writes(self.store, WITHIN_S))
        alive = None if self.store.writer_alive else "the thread that writes has ended: start Podium again"
        return (
            Part("database", reads),
            Part("writing", writes),
            Part("writer", alive),
            Part("membership", LOST if self.store.membership.lost else None),
            Part("disk", self._too_full()),
            Part("policy and pool", self._missing()),
        )

    async def _reads(self) -> str | None:
        if self._reading is None:
            self._reading = asyncio.create_task(asyncio.to_thread(condition.reads, self.store))
        done, _ = await asyncio.wait((self._reading,), timeout=WITHIN_S)
        if not done:
            return f"the database did not answer within {WITHIN_S:g} s"
        reading, self._reading = self._reading, None
        return reading.result()

    def _too_full(self) -> str | None:
        for folder in self.folders:
            try:
                free = shutil.disk_usage(folder).free
            except OSError as error:
                return f"{folder} cannot be looked at: {error.strerror}"
            if free < self.least_free_bytes:
                return (
                    f"{folder} has {free >> 20:,} MB left, fewer than {self.least_free_bytes >> 20:,}: free some space"
                )
        return None

    def _missing(self) -> str | None:
        try:
            policy, pool = self.in_place()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing can run
            return str(error) or type(error).__name__
        return None if policy and pool else "there is none"
