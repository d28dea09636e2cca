"""This process among those that use the same database: it comes, says that it lives, marks what the dead left, leaves.

docs/decisions/0024-several-processes.md has the reasons.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from storage.database import named, writing
from storage.errors import StoreError, told_plainly
from storage.owner import Owner
from storage.presence import Presence
from storage.processes import roll
from storage.processes.heartbeat import SILENT_S, Heartbeat
from storage.processes.process import AtWork, Ending
from storage.processes.watch import Watch
from storage.sqlite import place
from storage.trajectories import mark_interrupted

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Membership:
    """Counts this process among those that run trajectories on a database.

    On PostgreSQL it beats, and whoever is silent is dead. On SQLite all are on one machine, which knows who runs; a
    lock on a file beside the database tells a process that comes whether it is alone (`storage.presence`).
    """

    def __init__(self, engine: Engine, owner: Owner) -> None:
        self._engine = writing(engine)
        self._sqlite = engine.dialect.name == "sqlite"
        self._owner = owner
        self._presence: Presence | None = None
        self._heartbeat: Heartbeat | None = None
        self._watch = Watch(beats=self.beats)
        self._others = False
        self._address: str | None = None
        self.marked = 0
        """Trajectories of dead processes that this one marked as interrupted."""

    @property
    def id(self) -> str | None:
        """This process; `None` before it came."""
        return self._owner.id

    @property
    def beats(self) -> bool:
        """Whether processes say again and again that they live; on SQLite the machine tells it."""
        return not self._sqlite

    @property
    def company(self) -> bool:
        """Whether other processes ran trajectories here when it was last looked, seconds ago."""
        return self._others

    @property
    def lost(self) -> bool:
        """Whether this process has to take it that others count it as dead: it must stop what it drives."""
        return self._heartbeat is not None and not self._sqlite and self._heartbeat.lost

    @property
    def silent_s(self) -> float:
        """Seconds since the database last heard from this process; 0 where it is heard of without."""
        return 0.0 if self._heartbeat is None or self._sqlite else self._heartbeat.silent_s

    def enter(self, address: str | None) -> tuple[str, ...]:
        """Come; gives the trajectories that were left behind, which are interrupted now. Raises StoreError."""
        alone, self._address = False, address
        if self._sqlite:
            with told_plainly(named(self._engine)):
                self._presence = Presence(place(self._engine))
            alone = self._presence.alone
        self._owner.id, left = self._in_transaction(lambda connection: self._enter(connection, alone=alone))
        if self._presence is not None:
            self._presence.share()
        if place(self._engine) or not self._sqlite:  # Nobody else comes to a database in memory.
            self._heartbeat = Heartbeat(self._beat)
            self._heartbeat.start()
        return left

    def enter_again(self) -> None:
        """Come under a new id, because this process was lost. What it drove must have stopped. Raises StoreError."""
        before = self._owner.id
        if self._heartbeat is not None:
            self._heartbeat.stop()
        self._in_transaction(lambda connection: self._leave(connection, before))
        self._owner.id, _ = self._in_transaction(lambda connection: self._enter(connection, alone=False))
        self._watch = Watch(beats=self.beats)
        self._heartbeat = Heartbeat(self._beat)
        self._heartbeat.start()

    def leave(self) -> None:
        """Be gone. On PostgreSQL what this process still drove is handed over at once: it is interrupted.

        On SQLite the next start that is alone marks it. Safe to call twice.
        """
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.stop()
        mine, self._owner.id = self._owner.id, None
        if mine is not None:
            try:
                self._in_transaction(lambda connection: self._leave(connection, mine))
            except StoreError as error:  # The others will find out.
                logger.warning("this process could not say that it stops: %s", error)
        if self._presence is not None:
            self._presence.close()

    def known(self) -> tuple[AtWork, ...]:
        """Every process that is alive or ended in the last days, oldest first. Raises StoreError."""
        with told_plainly(named(self._engine)), self._engine.connect() as connection:
            return roll.all_known(connection)

    def _enter(self, connection: Connection, *, alone: bool) -> tuple[str, tuple[str, ...]]:
        """The new id, which counts once this is committed, and the trajectories that were left behind."""
        others = roll.alive(connection)
        self._others = bool(others)
        left: tuple[str, ...] = ()
        if self._sqlite and alone:
            roll.end(connection, [one.process.id for one in others], Ending.DEAD)
            left = mark_interrupted(connection)
        elif not self._sqlite:
            dead = [one.process.id for one in others if one.silent_s >= SILENT_S or one.process.surely_gone]
            roll.end(connection, dead, Ending.DEAD)
            left = roll.interrupt_orphans(connection, unowned=True)
        return roll.enter(connection, self._address).id, left

    def _leave(self, connection: Connection, id: str | None) -> None:
        if id is not None:
            roll.end(connection, [id], Ending.STOPPED)
            if not self._sqlite:
                roll.interrupt_orphans(connection)

    def _beat(self) -> bool:
        """Say that this process lives; mark what the dead left. False where it is dead itself for the others."""
        mine = self._owner.id
        if mine is None:
            return True
        if not self._sqlite and not self._in_transaction(lambda connection: roll.beat(connection, mine)):
            return False
        with told_plainly(named(self._engine)), self._engine.connect() as connection:
            others = [one for one in roll.alive(connection) if one.process.id != mine]
            orphans = roll.orphans(connection)
        dead = self._watch.dead(others)
        self._others = len(others) > len(dead)
        if dead or orphans:
            self._bury(dead, {one.process.id: one for one in others})
        return True

    def _bury(self, dead: list[str], others: dict[str, AtWork]) -> None:
        def mark(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
            return roll.end(connection, dead, Ending.DEAD), roll.interrupt_orphans(connection)

        ended, left = self._in_transaction(mark)
        for id in ended:
            process = others[id]
            told = {"dead": process.process.name, "silent_s": round(process.silent_s, 1), "driven": process.running}
            logger.warning("process %s is dead; what it drove is interrupted", process.process.name, extra=told)
        if left:
            logger.warning("trajectories interrupted: %s", ", ".join(left), extra={"trajectories": len(left)})
            self.marked += len(left)

    def _in_transaction(self, work: Callable[[Connection], T]) -> T:
        with told_plainly(named(self._engine)), self._engine.begin() as connection:
            return work(connection)
