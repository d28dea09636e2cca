"""What this process may begin: nothing while others may take it for dead, and no trajectory twice at once.

What begins while the process gives itself up would be interrupted behind its back, and its next call paid for nothing.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from storage.errors import StoreConflict, StoreError
from storage.processes.pulse import Pulse, pulses
from storage.store import Store
from storage.trajectories import State


class NotCounted(StoreError):
    """Others may take this process for dead."""


class Tenure:
    """Knows under which ids this process gave up what it drove."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._given_up: set[str | None] = set()
        self._taken: set[str] = set()

    def give_up(self) -> None:
        """Whatever is begun under the present id is not this process's any more."""
        self._given_up.add(self._store.membership.id)

    @contextmanager
    def taking(self, ids: Collection[str]) -> Iterator[None]:
        """Begin these trajectories or go on with them. Raises StoreConflict where that is being done already."""
        for id in ids:
            self.check_free(id)
        self._taken.update(ids)
        try:
            yield
        finally:
            self._taken.difference_update(ids)

    def check_free(self, id: str) -> None:
        """Raises StoreConflict where this trajectory is being begun or opened again, and has no task yet."""
        if id in self._taken:
            raise StoreConflict(f"trajectory {id} is being set going at this moment; look again")

    def present(self) -> str | None:
        """The id of this process, to begin something. Raises NotCounted."""
        membership = self._store.membership
        if membership.lost or membership.id in self._given_up:
            raise NotCounted(
                "the database did not hear from this server for too long, so that others may take it for dead; it "
                "starts nothing until it is back, within seconds of the database: try again then"
            )
        return membership.id

    async def check_own(self, begun_as: str | None, run_id: str, ids: Collection[str]) -> None:
        """Raises NotCounted where these were begun under an id that was given up meanwhile: nothing may drive them."""
        if begun_as not in self._given_up:
            return
        found = await asyncio.to_thread(self._store.read, lambda connection: pulses(connection, [run_id]))
        if not all(self._own(pulse) for pulse in found if pulse.trajectory in ids):
            raise NotCounted(
                f"run {run_id} is kept, but the database did not hear from this server for too long while it began; "
                "it is interrupted now and can be resumed"
            )

    def _own(self, pulse: Pulse) -> bool:
        mine = self._store.membership.id
        return pulse.owner == mine and mine not in self._given_up and pulse.state is State.RUNNING
