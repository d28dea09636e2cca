"""What is stored, packed for *Tune*: read once, beside the requests, and after that only what has come since."""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from orchestrator.alternatives import new_id
from prefs.tuning.packed import Rule
from prefs.tuning.stored import Routed, Stored
from prefs.tuning.winners import Tuning
from storage.errors import told_to_anybody
from storage.outcomes import count_of_store, others, routed
from storage.store import Store
from webapp.exports.pseudonyms import pseudonyms
from webapp.tuning_prices import Prices, Variant
from webapp.tuning_revealed import RevealedGroups

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How often it is looked for new trajectories at most, and never more than a fifth of the time."""
WAITED_S: Final = 0.4
"""A request waits so long for the first reading, so that a small database never shows that it is being read."""
REMEMBERED: Final = 6
"""Packings kept: of other prices and rules."""
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that was finished at one moment."""

    stamp: str
    """Another one whenever anything has come."""
    routed: tuple[Routed, ...]
    by_id: Mapping[str, Routed] = field(repr=False)
    queries: int
    single: int
    """Queries with one alternative: there is nothing to choose."""
    aliases: tuple[str, ...]
    """That were called by any of it."""
    simulated: int
    """Alternatives with a simulated call, and so with simulated dollars and seconds."""

    @classmethod
    def of(cls, stamp: str, routed: tuple[Routed, ...]) -> "Snapshot":
        """Everything that is given."""
        queries = Counter(one.stored.query for one in routed)
        aliases = sorted({alias for one in routed for alias in one.stored.features.uses})
        single = sum(count == 1 for count in queries.values())
        by_id = {one.stored.id: one for one in routed}
        simulated = sum(one.stored.simulated for one in routed)
        return cls(stamp, routed, by_id, len(queries), single, tuple(aliases), simulated)

    @property
    def stored(self) -> tuple[Stored, ...]:
        """What is chosen among."""
        return tuple(one.stored for one in self.routed)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading has come."""

    done: int
    total: int
    """0 while nobody has counted yet."""
    problem: str | None = None
    """Why it failed; it is tried again."""


class NotReadYet(Exception):
    """The stored trajectories are still being read."""


class TuningIndex:
    """Follows the store. All methods but `tuning` return at once; work is done in threads, one reading at a time."""

    def __init__(self, store: Store, prices: Prices, groups: RevealedGroups) -> None:
        self.prices = prices
        self.groups = groups
        self._store = store
        self._snapshot: Snapshot | None = None
        self._reading = Reading(0, 0)
        self._task: asyncio.Task[None] | None = None
        self._next_look = 0.0
        self._name, self._number = new_id(), 0
        self._packed: OrderedDict[tuple[str, str, Rule], Tuning] = OrderedDict()
        self._variants: OrderedDict[tuple[str, str], Variant] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    @classmethod
    def over(cls, store: Store, data_dir: Path) -> "TuningIndex":
        """With prices and groups of the same store."""
        return cls(store, Prices(store), RevealedGroups(store, lambda: pseudonyms(data_dir)))

    @property
    def reading(self) -> Reading:
        """How far the reading has come."""
        return self._reading

    async def look(self) -> Snapshot | None:
        """What is known now; `None` while the first reading goes on. Looks for what is new, beside the caller."""
        if self._task is None and time.monotonic() >= self._next_look:
            self._task = asyncio.create_task(self._follow())
        if self._snapshot is None and self._task is not None:
            await asyncio.wait({self._task}, timeout=WAITED_S)
        return self._snapshot

    async def now(self) -> Snapshot:
        """What is known now, without looking for more. Raises NotReadYet, or ValueError where nothing is stored."""
        found = self._snapshot or await self.look()
        if found is None:
            raise NotReadYet(
                self._reading.problem
                or f"the stored trajectories are still being read ({self._reading.done:,} of "
                f"{self._reading.total:,}); try again in a moment"
            )
        if not found.routed:
            raise ValueError("nothing is stored yet that could be chosen among; run something with alternatives first")
        return found

    async def tuning(self, snapshot: Snapshot, rule: Rule, prices: str = "") -> Tuning:
        """Packed under these prices; at once where it was asked before."""
        key = (snapshot.stamp, prices, rule)
        found = self._packed.get(key)
        if found is None:
            async with self._lock("pack"):
                found = self._packed.get(key)
                if found is None:
                    alternatives = (await self.variant(snapshot, prices)).alternatives
                    found = await asyncio.to_thread(Tuning.of, alternatives, rule)
                    _remember(self._packed, key, found)
        self._packed.move_to_end(key)
        return found

    async def variant(self, snapshot: Snapshot, prices: str) -> Variant:
        """What is stored under these prices; raises ValueError or UnknownPrices."""
        key = (snapshot.stamp, prices)
        async with self._lock("price"):
            if key not in self._variants:
                made = await asyncio.to_thread(self.prices.variant, prices, snapshot.routed)
                _remember(self._variants, key, made)
            return self._variants[key]

    async def aclose(self) -> None:
        """Let what is being read end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def _follow(self) -> None:
        began = time.monotonic()
        try:
            found = await asyncio.to_thread(self._read)
            if found is not None:
                self._snapshot = found
        except Exception as error:
            logger.exception("what is stored cannot be read for Tune")
            self._reading = Reading(0, 0, f"what is stored cannot be read: {told_to_anybody(error)}")
        finally:
            took = time.monotonic() - began
            self._next_look = time.monotonic() + max(LOOK_EVERY_S, 4 * took)
            self._task = None

    def _read(self) -> Snapshot | None:
        """All that is finished; `None` where nothing has come since the last time."""
        before = self._snapshot
        known = {} if before is None else before.by_id
        total = count_of_store(self._store)
        if before is not None and total == len(known):
            return None
        new = others(self._store, known.keys())
        self._reading = Reading(len(known), len(known) + len(new))
        came = tuple(routed(self._store, new, told=self._told(len(known))))
        self._number += 1
        everything = came if before is None else (*before.routed, *came)
        return Snapshot.of(f"{self._name}-{self._number}", everything)

    def _told(self, known: int) -> Callable[[int], None]:
        def tell(done: int) -> None:
            self._reading = Reading(known + done, self._reading.total)

        return tell


def _remember(kept: "OrderedDict[K, V]", key: K, made: V) -> None:
    kept[key] = made
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
