"""Somebody is forgotten: see docs/decisions/0025-forgetting.md for what goes, what stays and why.

The account and its name in the log go in one transaction, with a note of what is still to be done. The rest follows in
short ones, and goes on after a crash: `resume`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from storage import askers, sqlite
from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed, any_account, check_may
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.errors import StoreMissing
from storage.privacy import unranked
from storage.privacy.account_removal import check_may_go, remove_account, rename_in_spending
from storage.privacy.nameless import some_nameless
from storage.privacy.person import Kept, Person, kept, person
from storage.privacy.removal import families, in_portions, leave, remove, stay
from storage.privacy.shown import shown
from storage.privacy.sweeping import sweep
from storage.privacy_tables import FORGETTING, LEAVING_RUN
from storage.processes import wishes
from storage.study_assignments import alone
from storage.tombstones import new_pseudonym
from storage.trajectories import State, state

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be forgotten, and how far."""

    name: str
    rankings: bool = False
    """Delete the rankings too; else they stay without name and words."""
    runs: bool = False
    """Delete the runs that only this person asked for and that nobody else's work refers to."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done."""

    before: Kept
    runs_deleted: int = 0
    runs_kept: int = 0
    """Others' work refers to them, or they have not ended."""
    texts_deleted: int = 0


class Forgetting:
    """Forgets people, and goes on with it."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc) -> None:
        self._store = store
        self._clock = clock

    def look(self, name: str) -> Kept:
        """What is kept of this person. Raises StoreMissing where that is nothing."""
        found = self._store.read(lambda connection: _known(connection, name))
        return found[1]

    async def forget(self, wish: Wish, by: Actor) -> Forgotten:
        """Forget somebody; durable when it returns. Whoever asks is the person, an admin or the command line.

        Raises StoreMissing for an unknown person, NotAllowed, and StoreConflict for the last admin.
        """
        now = self._clock()

        def begin(connection: Connection) -> tuple[Kept, tuple[str, ...]]:
            alone(connection)
            # The log and the rankings get different ones, so that the one does not tell whose the others are.
            in_log, in_rankings = new_pseudonym(), new_pseudonym()
            whom, before = _known(connection, wish.name)
            _check_may(connection, whom, by)
            check_may_go(connection, whom)
            wishes.ask(connection, _running(connection, askers.going(connection, whom.name)))
            runs = askers.runs_of(connection, whom.name) if wish.runs else ()
            leave(connection, runs)
            row = {"pseudonym": in_rankings, "name": whom.name, "rankings": wish.rankings, "begun_at": now}
            connection.execute(insert(FORGETTING), row)
            own = whom.name == by.name
            remove_account(connection, whom, in_log)
            actor = Actor(in_log) if own else by
            noted(connection, actor, Act.DATA_FORGOTTEN, Said(in_log, _words(before, wish)), now)
            return before, runs

        before, runs = await self._store.write(begin)
        gone, texts = await self.resume()
        deleted = len(gone & set(runs))
        return Forgotten(before, deleted, len(runs) - deleted, texts)

    async def resume(self) -> tuple[set[str], int]:
        """Go on with all that was begun; gives the runs and how many texts were deleted now."""
        waiting = self._store.rows(select(FORGETTING.c.pseudonym, FORGETTING.c.name, FORGETTING.c.rankings))
        for pseudonym, name, _ in waiting:
            payer = new_pseudonym()
            await self._store.write(partial(rename_in_spending, name=name, pseudonym=payer))
            while await self._store.write(partial(some_nameless, pseudonym=pseudonym)):
                pass
        if any(row[2] for row in waiting):
            await unranked.unmark(self._store, self._clock())
        gone = await self._remove_runs()
        texts = await sweep(self._store)
        if waiting or gone or texts:
            await asyncio.to_thread(self._store.read, sqlite.leave_no_trace)
        return gone, texts

    async def _remove_runs(self) -> set[str]:
        """Delete what waits for it and does not run; what somebody needs stays for good."""
        runs = [row[0] for row in self._store.rows(select(LEAVING_RUN.c.run_id))]
        if not runs:
            return set()
        found = self._store.read(lambda connection: families(connection, runs))
        ids = {id for one in found for id in one.trajectories}
        seen = await asyncio.to_thread(shown, self._store.rows, ids, self._clock())
        gone: set[str] = set()
        for some in in_portions(found):
            removed = await self._store.write(partial(remove, some=some, shown=seen))
            gone.update(one.run for one in removed if one.run is not None)
        kept_runs = [one.run for one in found if one.run is not None and one.run not in gone]
        await self._store.write(lambda connection: stay(connection, _not_running(connection, kept_runs)))
        return gone


def _running(connection: Connection, runs: tuple[str, ...]) -> list[str]:
    found = families(connection, runs)
    return [id for one in found for id in one.trajectories if state(connection, id) is State.RUNNING]


def _not_running(connection: Connection, runs: list[str]) -> list[str]:
    return [
        one.run
        for one in families(connection, runs)
        if one.run is not None and all(state(connection, id) is not State.RUNNING for id in one.trajectories)
    ]


def _known(connection: Connection, name: str) -> tuple[Person, Kept]:
    if name and name.isprintable():  # not every database takes another text as a value
        whom = person(connection, name)
        found = kept(connection, whom)
        if found.anything:
            return whom, found
    raise StoreMissing("nothing is kept of anybody of that name")


def _check_may(connection: Connection, whom: Person, by: Actor) -> None:
    """Raises NotAllowed unless it is the person, an admin, the command line, or there are no accounts."""
    own = whom.account is not None and whom.account.id == by.account
    if own or (by.account is None and not any_account(connection)):
        return
    try:
        check_may(connection, by, Role.ADMIN)
    except NotAllowed as error:
        raise NotAllowed("only an admin may have somebody else forgotten") from error


def _words(before: Kept, wish: Wish) -> str:
    """For the log: numbers alone."""
    done = "deleted" if wish.rankings else "made anonymous"
    runs = f", {before.runs:,} runs" if wish.runs else ""
    return f"{before.rankings:,} rankings {done}{runs}"
