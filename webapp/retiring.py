"""The daily look for what is older than it may get, beside what people do."""

import asyncio
import logging
from typing import Final

from storage.accounts.actor import Actor
from storage.errors import StoreError
from storage.privacy.forgetting import Forgetting
from storage.privacy.periods import Retention
from storage.privacy.retention import Retired, Retirement
from storage.store import Store

logger = logging.getLogger(__name__)

FIRST_S: Final = 300.0
"""From the start of the process to the first look: a server that starts has other things to do."""
EVERY_S: Final = 24 * 3600.0
SERVER: Final = Actor("the server", console=True)


class Retiring:
    """Deletes, once a day, what is older than the settings say, and goes on with what a stop interrupted."""

    def __init__(self, store: Store, wanted: Retention, *, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        self._store = store
        self._wanted = wanted
        self._first_s = first_s
        self._every_s = every_s

    async def run(self) -> None:
        """Look until cancelled. What goes wrong is logged, and tried again the next day."""
        await asyncio.sleep(self._first_s)
        while True:
            try:
                found = await self._once()
            except StoreError as error:
                logger.error("what is too old could not be deleted: %s", error)
            else:
                if found.anything:
                    logger.info("deleted what was too old: %s", found.words)
                if not found.log_emptied:
                    logger.warning("the write-ahead log still holds old pages, for somebody reads: tried again later")
            await asyncio.sleep(self._every_s)

    async def _once(self) -> Retired:
        if self._store.read_only:
            return Retired()
        await Forgetting(self._store).resume()  # first: it matters more than what is old
        return await Retirement(self._store).retire(self._wanted, SERVER)
