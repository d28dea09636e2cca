"""Somebody is forgotten: see docs/decisions/0025-forgetting.md for what goes, what stays and why.

The account and its name in the log go in one transaction, with a note of what is still to be done. The rest follows in
short ones, and goes on after a crash: `resume`. For a moment another process may still let somebody in whom it has just
known: so all is passed over once more after that moment, before the note of the name goes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from storage import askers
from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed, any_account, check_may
from storage.accounts.actor import Actor
from storage.accounts.audit import Act, Said, noted
from storage.accounts.clock import now_utc
from storage.errors import StoreMissing
from storage.privacy import begun, unranked
from storage.privacy.account_removal import check_may_go, remove_account, rename_in_spending
from storage.privacy.nameless import some_nameless
from storage.privacy.person import Kept, kept
from storage.privacy.removal import families, in_portions, leave, remove, stay
from storage.privacy.shown import shown
from storage.privacy.sweeping import sweep
from storage.privacy.whom import Person, person
from storage.privacy_tables import LEAVING_RUN
from storage.processes import wishes
from storage.study_assignments import alone
from storage.tombstones import new_pseudonym
from storage.trajectories import State, state

if TYPE_CHECKING:
    from storage.store import Store

LATE: Final = timedelta(seconds=2)
"""So long somebody without an account may still write whom a process had let in: twice what it believes an answer."""


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
    rankings_deleted: bool = False
    """Because this wish or an earlier one that was not done yet says so; else they stay without name and words."""
    runs_deleted: int = 0
    runs_kept: int = 0
    """Others' work refers to them, or they have not ended."""
    texts_deleted: int = 0
    log_emptied: bool = True
    """Whether no old page is left in SQLite's write-ahead log; else that is tried again by whoever goes on."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was done of what had been begun."""

    runs: frozenset[str] = frozenset()
    texts: int = 0
    log_emptied: bool = True


class Forgetting:
    """Forgets people, and goes on with it."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = now_utc, late: timedelta = LATE) -> None:
        self._store = store
        self._clock = clock
        self._late = late

    def look(self, name: str) -> Kept:
        """What is kept of this person. Raises StoreMissing where that is nothing."""
        found = self._store.read(lambda connection: _known(connection, name))
        return found[1]

    def check(self, name: str, by: Actor) -> Kept:
        """What is kept of this person, whom that actor may have forgotten; else it raises what `forget` raises."""

        def read(connection: Connection) -> Kept:
            whom, found = _known(connection, name)
            _check_may(connection, whom, by)
            check_may_go(connection, whom)
            return found

        return self._store.read(read)

    async def forget(self, wish: Wish, by: Actor) -> Forgotten:
        """Forget somebody; durable when it returns. Whoever asks is the person, an admin or the command line.

        Raises StoreMissing for an unknown person, NotAllowed, and StoreConflict for the last admin.
        """
        now = self._clock()

        def begin(connection: Connection) -> tuple[Kept, tuple[str, ...], bool]:
            alone(connection)
            in_log = new_pseudonym()  # not that of the rankings, so that it does not tell whose they are
            whom, before = _known(connection, wish.name)
            _check_may(connection, whom, by)
            check_may_go(connection, whom)
            wishes.ask(connection, _running(connection, askers.going(connection, whom.name)))
            runs = askers.runs_of(connection, whom.name) if wish.runs else ()
            leave(connection, runs)
            rankings = begun.note(connection, whom.name, now, rankings=wish.rankings)
            own = whom.name == by.name
            remove_account(connection, whom, in_log)
            actor = Actor(in_log) if own else by
            noted(connection, actor, Act.DATA_FORGOTTEN, Said(in_log, _words(before, rankings, wish.runs)), now)
            return before, runs, rankings

        before, runs, rankings = await self._store.write(begin)
        if await asyncio.to_thread(self._store.read, any_account):
            await self._pass_over()
            await asyncio.sleep(self._late.total_seconds())
        found = await self.resume()
        deleted = len(found.runs & set(runs))
        return Forgotten(before, rankings, deleted, len(runs) - deleted, found.texts, found.log_emptied)

    async def resume(self) -> Resumed:
        """Go on with all that was begun, also with emptying the write-ahead log; gives what was deleted now."""
        bytes_left = begun.bytes_left(self._store)
        waiting = await self._pass_over()
        lone = not await asyncio.to_thread(self._store.read, any_account)
        over = [one for one in waiting if lone or one.at + self._late <= self._clock()]
        if any(one.rankings for one in over):
            await unranked.unmark(self._store, self._clock())
        gone = await self._remove_runs()
        texts = await sweep(self._store)
        if over:
            await self._store.write(partial(begun.done, some=over))
        if not (waiting or gone or texts or bytes_left):
            return Resumed()
        return Resumed(frozenset(gone), texts, await begun.leave_no_trace(self._store, self._clock()))

    async def _pass_over(self) -> list[begun.Begun]:
        """Take the names of all who are being forgotten from what they ranked and what they paid for."""
        found = begun.waiting(self._store.rows)
        for one in found:
            await self._store.write(partial(rename_in_spending, name=one.name, pseudonym=new_pseudonym()))
            while await self._store.write(partial(some_nameless, pseudonym=one.pseudonym)):
                pass
        return found

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
        if found.anything or begun.find(connection, whom.name) is not None:
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


def _words(before: Kept, rankings: bool, runs: bool) -> str:
    """For the log: numbers alone."""
    done = "deleted" if rankings else "made anonymous"
    runs_too = f", {before.runs:,} runs" if runs else ""
    return f"{before.rankings:,} rankings {done}{runs_too}"
