"""Searching and summing up for the doors: in threads, and remembered until something else has run or been ranked."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TypeVar

from storage import figures, search
from storage.figures import Figures, Period
from storage.search import Counted, Page
from storage.search_wishes import Sorting, Wanted
from storage.store import Store

T = TypeVar("T")
REMEMBERED: Final = 32
"""Results that are kept."""


class Searching:
    """Finds trajectories, counts them and sums them up. Safe from any number of tasks of one loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[Any, Any] = OrderedDict()
        self._version: tuple[Any, ...] = ()
        self._under_way: dict[Any, asyncio.Task[Any]] = {}

    async def page(self, wanted: Wanted, sorting: Sorting, size: int, after: str | None) -> Page:
        """A page; raises ValueError."""
        return await asyncio.to_thread(search.page, self._store.rows, wanted, sorting, size=size, after=after)

    async def count(self, wanted: Wanted) -> Counted:
        """How many there are."""
        return await self._once(("count", repr(wanted)), lambda: search.count(self._store.rows, wanted))

    async def figures(self, wanted: Wanted, period: Period, offset_min: int) -> Figures:
        """How dollars, seconds, turns and errors are spread."""
        key = ("figures", repr(wanted), period, offset_min)
        return await self._once(key, lambda: figures.figures(self._store.rows, wanted, period, offset_min))

    async def policies(self) -> list[str]:
        """Every policy that has run."""
        return await self._once("policies", lambda: search.policies(self._store.rows))

    async def _once(self, key: Any, work: Callable[[], T]) -> T:
        """What `work` gives, made once for all who ask while nothing changes."""
        version = await asyncio.to_thread(search.version, self._store.rows)
        if version != self._version:
            self._known.clear()
            self._version = version
        if key in self._known:
            self._known.move_to_end(key)
            known: T = self._known[key]
            return known
        task = self._under_way.get((version, key))
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(work))
            self._under_way[version, key] = task
            task.add_done_callback(lambda _: self._under_way.pop((version, key), None))
        made: T = await asyncio.shield(task)
        if version == self._version:
            self._known[key] = made
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return made
