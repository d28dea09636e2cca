"""Looks every second whether the kill switch was turned on in any process, and ends what runs in this one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from storage.errors import StoreError
from storage.spending import switch
from storage.spending.switch import KillSwitch
from storage.store import Store

logger = logging.getLogger(__name__)

EVERY_S: Final = 1.0


class KillWatch:
    """`stop` is told why as long as the switch is on, so that it must not mind being told again."""

    def __init__(self, store: Store, stop: Callable[[str], Awaitable[object]]) -> None:
        self._store = store
        self._stop = stop
        self.on: KillSwitch | None = None
        """How it was when it was last looked at."""

    @property
    def notices(self) -> tuple[str, ...]:
        """A line for the people at the pages while it is on."""
        return () if self.on is None else (self.on.words,)

    async def look(self) -> None:
        """Look once, and end what runs if it is on. A database that does not answer changes nothing."""
        try:
            found = await asyncio.to_thread(self._store.read, switch.now)
        except StoreError as error:
            logger.warning("the kill switch cannot be looked at: %s", error)
            return
        if found is not None and self.on is None:
            logger.warning("no runs any more: %s", found.detail)
        self.on = found
        if found is not None:
            await self._stop(found.detail)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("what the kill switch should end could not be ended; it is tried again")
            await asyncio.sleep(EVERY_S)
