"""What a process that drives runs must not miss: that one is to be ended, and that the others take it for dead."""

import asyncio
import logging
from typing import Protocol

from storage.errors import StoreError
from storage.processes import wishes
from storage.store import Store

logger = logging.getLogger(__name__)


class Driving(Protocol):
    """The runs that this process drives."""

    @property
    def going(self) -> int:
        """How many trajectories."""

    def stop(self, trajectory_id: str) -> None:
        """Have a trajectory end as stopped by hand, if it is driven here."""

    async def disown(self) -> None:
        """Let go of all, at once."""


class OwnerWatch:
    """Looks every half second, while something runs."""

    def __init__(self, store: Store, driving: Driving) -> None:
        self._store = store
        self._driving = driving

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(wishes.LOOK_S)
            try:
                await self._look()
            except StoreError as error:
                logger.warning("wishes of other processes cannot be read at the moment: %s", error)

    async def _look(self) -> None:
        membership = self._store.membership
        if membership.lost:
            await self._give_in()
        elif self._driving.going and (mine := membership.id) is not None:
            wished = await asyncio.to_thread(self._store.read, lambda connection: wishes.of(connection, mine))
            if wished:
                for id in wished:
                    self._driving.stop(id)
                await self._store.write(lambda connection: wishes.withdraw(connection, wished))

    async def _give_in(self) -> None:
        """What runs here may be others' by now: let go of it first, then come back under a new id."""
        logger.error("the database did not hear from this process for too long; it lets go of what it runs")
        await self._driving.disown()
        while True:
            try:
                await asyncio.to_thread(self._store.membership.enter_again)
            except StoreError as error:
                logger.warning("this process cannot come back yet: %s", error)
                await asyncio.sleep(1)
            else:
                logger.warning("this process is back; what it ran is interrupted and can be resumed")
                return
